"""What plugins are told to do differently at a node from a day on."""

from typing import Any

import peewee as pw

from lifang.entities.community import Community
from lifang.store.fields import DayField, IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class SettingRow(pw.Model):
        id = IdField()
        plugin = pw.CharField(max_length=40)
        key = pw.CharField(max_length=60)
        community = pw.ForeignKeyField(Community)
        from_date = DayField()
        value = pw.TextField(null=True)
        locked = pw.BooleanField(default=False)
        basis = pw.TextField()
        preset = pw.CharField(max_length=60, null=True)
        set_by = pw.CharField(max_length=120)
        set_at = InstantField()

        class Meta:
            database = db
            table_name = "core_setting"
            legacy_table_names = False
            indexes = ((("plugin", "key", "community"), False),)

    db.create_tables([SettingRow])


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_table("core_setting"))
