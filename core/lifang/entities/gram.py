"""Names taken apart into one to three characters, so that any part of a name finds it."""

from __future__ import annotations

import peewee as pw

from lifang.store.record import Table


class NameGram(Table):
    """A piece of a record's name or of its pinyin initials (`decisions.md` 9)."""

    noun = pw.CharField(max_length=60)
    gram = pw.CharField(max_length=3)
    record = pw.BigIntegerField()

    class Meta:
        """One tree, read by piece; the pieces of a changed name are known from what it was."""

        table_name = "name_gram"
        primary_key = pw.CompositeKey("noun", "gram", "record")
        without_rowid = True
