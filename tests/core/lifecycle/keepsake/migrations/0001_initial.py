"""The memories."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Base(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db

    class Community(Base):
        class Meta:
            table_name = "core_community"

    class Person(Base):
        class Meta:
            table_name = "core_person"

    class Memory(Base):
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        title = pw.CharField(max_length=60)
        person = pw.ForeignKeyField(Person)
        phone = lf.Sensitive(null=True)
        phone_mask = pw.CharField(max_length=120, null=True)
        phone_index = pw.CharField(max_length=64, null=True, index=True)
        community = pw.ForeignKeyField(Community)
        state = pw.CharField(max_length=40, default="open")

        class Meta:
            table_name = "keepsake_memory"

    db.create_tables([Memory])


def down(migrator: Any, db: Any) -> None:
    """Take it away."""
    migrator.migrate(migrator.drop_table("keepsake_memory"))
