"""Who was present at what: one row, however often it is said."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table


class Presence(Table):
    """Somebody came to, or left, an occasion; `distance` in metres is forgotten in time."""

    id = IdField()
    kind = pw.CharField(max_length=100)
    occasion = pw.CharField(max_length=120)
    who = pw.CharField(max_length=120)
    at = InstantField()
    method = pw.CharField(max_length=10)
    actor = pw.CharField(max_length=120)
    reason = pw.CharField(max_length=200)
    distance = pw.IntegerField(null=True)

    class Meta:
        """Once per kind, occasion and person."""

        table_name = "core_presence"
        indexes = ((("kind", "occasion", "who"), True),)
