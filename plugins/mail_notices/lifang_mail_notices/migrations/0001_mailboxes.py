"""Addresses, and whether they were confirmed by a code."""

from typing import Any

import peewee as pw

import lifang as lf

TABLE = "mail_notices_mailbox"


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


class _Mailbox(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)
    account = pw.ForeignKeyField(_named("core_account"))
    community = pw.ForeignKeyField(_named("core_community"))
    address = pw.CharField(max_length=120)
    code = pw.CharField(max_length=16)
    sent_at = lf.InstantField()
    state = pw.CharField(max_length=20)

    class Meta:
        table_name = TABLE


def up(migrator: Any, db: Any) -> None:
    """Make the table; an account has one, and removed records do not count."""
    db.bind([_Mailbox])
    db.create_tables([_Mailbox])
    db.execute_sql(
        f'CREATE UNIQUE INDEX "{TABLE}_one_account" ON "{TABLE}" ("account_id") '
        'WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take it away."""
    migrator.migrate(migrator.drop_table(TABLE))
