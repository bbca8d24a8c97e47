"""The messages that came in, and the stream that was met."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables of messages and streams."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Message(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        community = pw.ForeignKeyField(Community)
        source = pw.CharField(max_length=120)
        number = pw.CharField(max_length=120)
        type = pw.CharField(max_length=120, null=True)
        subject = pw.CharField(max_length=200, null=True)
        channel = pw.CharField(max_length=200)
        state = pw.CharField(max_length=40, default="arrived")
        reason = pw.CharField(max_length=400, null=True)
        content = pw.TextField()

        class Meta:
            database = db
            table_name = "nats_bridge_message"

    class Stream(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        name = pw.CharField(max_length=60, unique=True)
        made = pw.CharField(max_length=80)

        class Meta:
            database = db
            table_name = "nats_bridge_stream"

    db.create_tables([Message, Stream])


def down(migrator: Any, db: Any) -> None:
    """Take the tables away."""
    migrator.migrate(migrator.drop_table("nats_bridge_message"))
    migrator.migrate(migrator.drop_table("nats_bridge_stream"))
