"""Endpoints, and how the latest sendings to each went."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make both tables."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Endpoint(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        name = pw.CharField(max_length=60)
        community = pw.ForeignKeyField(Community)
        address = pw.CharField(max_length=500)
        types = pw.TextField()
        form = pw.CharField(max_length=10, default="structured")
        secret = pw.CharField(max_length=40, null=True)
        salt = pw.CharField(max_length=32, null=True)
        former_salt = pw.CharField(max_length=32, null=True)
        rotated_at = lf.InstantField(null=True)
        state = pw.CharField(max_length=40, default="active")
        reason = pw.CharField(max_length=200, null=True)
        last_success = lf.InstantField(null=True)
        last_failure = lf.InstantField(null=True)
        problem = pw.CharField(max_length=200, null=True)
        failing_since = lf.InstantField(null=True)

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

    db.create_tables([Endpoint, Attempt])

    # one name in one community: removed ones do not count
    db.execute_sql(
        'CREATE UNIQUE INDEX "webhooks_endpoint_one_community_name" '
        'ON "webhooks_endpoint" ("community_id", "name") WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take both tables away."""
    migrator.migrate(
        migrator.drop_table("webhooks_attempt"), migrator.drop_table("webhooks_endpoint")
    )
