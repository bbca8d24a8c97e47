"""Who was present at what."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Presence(pw.Model):
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
            database = db
            table_name = "core_presence"
            indexes = ((("kind", "occasion", "who"), True),)

    db.create_tables([Presence])


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_table("core_presence"))
