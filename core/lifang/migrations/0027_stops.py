"""What of plugins is not called any more, and why."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Community(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Stop(pw.Model):
        id = IdField()
        plugin = pw.CharField(max_length=40)
        community = pw.ForeignKeyField(Community, null=True)
        part = pw.CharField(max_length=60, default="")
        rule = pw.CharField(max_length=20)
        why = pw.TextField()
        version = pw.CharField(max_length=40)
        stopped_by = pw.CharField(max_length=120)
        stopped_at = InstantField()

        class Meta:
            database = db
            table_name = "core_plugin_stop"
            indexes = ((("plugin",), False),)

    db.create_tables([Stop])


def down(migrator: Any, db: Any) -> None:
    """Forget it: everything is called again."""
    migrator.migrate(migrator.drop_table("core_plugin_stop"))
