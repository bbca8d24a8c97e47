"""Files that belong to a record; each lies sealed beside the database, and a row tells of it."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table


class Attachment(Table):
    """One file of a record: `about` is the record's table and number, `desk_case/7`.

    Only `name` can be personal and is sealed, bound to all that makes it this file. A removed one
    keeps its row and its file.
    """

    id = IdField()
    about = pw.CharField(max_length=120)
    kind = pw.CharField(max_length=40)
    place = pw.CharField(max_length=60, unique=True)
    name = pw.BlobField()
    type = pw.CharField(max_length=10)
    size = pw.BigIntegerField()
    digest = pw.CharField(max_length=64)
    added_at = InstantField()
    added_by = pw.CharField(max_length=120)
    removed_at: pw.Field[Any] = InstantField(null=True)
    removed_by = pw.CharField(max_length=120, null=True)

    class Meta:
        """Read by record."""

        table_name = "core_attachment"
        indexes = ((("about", "kind"), False),)
