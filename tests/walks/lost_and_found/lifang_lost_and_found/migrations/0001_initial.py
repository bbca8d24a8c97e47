"""The first table."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of found items."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Item(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        name = pw.CharField(max_length=100)
        found_at = pw.CharField(max_length=100)
        due = lf.DayField(null=True)
        community = pw.ForeignKeyField(Community)
        state = pw.CharField(max_length=40, default="found")

        class Meta:
            database = db
            table_name = "lost_and_found_item"

    db.create_tables([Item])


def down(migrator: Any, db: Any) -> None:
    """Take the table away."""
    migrator.migrate(migrator.drop_table("lost_and_found_item"))
