"""Places of a record that are claimed: how many there are, and who has one or waits."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import IdField, InstantField
from lifang.store.record import Table


class Slots(Table):
    """How many places a record has, are taken, and are waited for; whoever claims writes it."""

    id = IdField()
    kind = pw.CharField(max_length=100)
    record = pw.CharField(max_length=120)
    slots = pw.IntegerField(default=0)
    taken = pw.IntegerField(default=0)
    waiting = pw.IntegerField(default=0)

    class Meta:
        """One row per kind of places and record."""

        table_name = "core_slots"
        indexes = ((("kind", "record"), True),)


class Claim(Table):
    """One place, or one's turn in the line; the line moves in the order of the ids."""

    id = IdField()
    slots = pw.ForeignKeyField(Slots)
    who = pw.BigIntegerField()
    held = pw.BooleanField()
    at = InstantField()

    class Meta:
        """Nobody has two."""

        table_name = "core_claim"
        indexes = ((("slots", "who"), True),)
