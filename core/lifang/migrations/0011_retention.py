"""What is removed from the log leaves its number and its archive; changed data has a version."""

from typing import Any

import peewee as pw

from lifang.store.fields import InstantField


def up(migrator: Any, db: Any) -> None:
    """Add the column and the two tables."""
    db.execute_sql('ALTER TABLE "retry" ADD COLUMN "ver" INTEGER')

    class EventNumber(pw.Model):
        agg = pw.CharField(max_length=120, primary_key=True)
        seq = pw.IntegerField()

        class Meta:
            database = db
            table_name = "event_number"

    class EventArchive(pw.Model):
        name = pw.CharField(max_length=120, primary_key=True)
        state = pw.CharField(max_length=10)
        turn = pw.IntegerField(null=True, unique=True)
        owner = pw.CharField(max_length=80)
        at = InstantField()
        first = pw.BigIntegerField(default=0)
        last = pw.BigIntegerField(default=0)
        done = pw.BigIntegerField(default=0)
        events = pw.IntegerField(default=0)
        sha256 = pw.CharField(max_length=64, default="")
        types = pw.TextField(default="{}")
        kept = pw.TextField(default="[]")

        class Meta:
            database = db
            table_name = "event_archive"

    db.create_tables([EventNumber, EventArchive])


def down(migrator: Any, db: Any) -> None:
    """Forget them: records whose newest event was removed would count anew."""
    migrator.migrate(migrator.drop_table("event_archive"), migrator.drop_table("event_number"))
    db.execute_sql('ALTER TABLE "retry" DROP COLUMN "ver"')
