"""Where events are sent."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of endpoints."""

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

    db.create_tables([Endpoint])

    # one name in one community: removed ones do not count
    db.execute_sql(
        'CREATE UNIQUE INDEX "webhooks_endpoint_one_community_name" '
        'ON "webhooks_endpoint" ("community_id", "name") WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take the table of endpoints away."""
    migrator.migrate(migrator.drop_table("webhooks_endpoint"))
