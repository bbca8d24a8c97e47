"""How the latest sendings to each endpoint went."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of attempts."""

    class Endpoint(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "webhooks_endpoint"

    class Attempt(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        endpoint = pw.ForeignKeyField(Endpoint)
        at = lf.InstantField()
        type = pw.CharField(max_length=120)
        event = pw.BigIntegerField()
        delivery = pw.BigIntegerField()
        status = pw.IntegerField(null=True)
        ms = pw.IntegerField()
        error = pw.CharField(max_length=200, null=True)

        class Meta:
            database = db
            table_name = "webhooks_attempt"

    db.create_tables([Attempt])


def down(migrator: Any, db: Any) -> None:
    """Take the table of attempts away."""
    migrator.migrate(migrator.drop_table("webhooks_attempt"))
