"""Places that are claimed, and the line of those who wait."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""

    class Slots(pw.Model):
        id = IdField()
        kind = pw.CharField(max_length=100)
        record = pw.CharField(max_length=120)
        slots = pw.IntegerField(default=0)
        taken = pw.IntegerField(default=0)
        waiting = pw.IntegerField(default=0)

        class Meta:
            database = db
            table_name = "core_slots"
            indexes = ((("kind", "record"), True),)

    class Claim(pw.Model):
        id = IdField()
        slots = pw.ForeignKeyField(Slots)
        who = pw.BigIntegerField()
        held = pw.BooleanField()
        at = InstantField()

        class Meta:
            database = db
            table_name = "core_claim"
            indexes = ((("slots", "who"), True),)

    db.create_tables([Slots, Claim])


def down(migrator: Any, db: Any) -> None:
    """Forget them."""
    for name in ("claim", "slots"):
        migrator.migrate(migrator.drop_table(f"core_{name}"))
