"""Notices to people, what each wants of them, and an account's e-mail address."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the tables and the columns."""

    class Community(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Notice(pw.Model):
        id = IdField()
        kind = pw.CharField(max_length=100)
        record = pw.CharField(max_length=120)
        who = pw.CharField(max_length=40)
        key = pw.CharField(max_length=120)
        data = pw.TextField()
        community = pw.ForeignKeyField(Community, null=True)
        at = InstantField(index=True)
        read_at = InstantField(null=True)
        shown = pw.BooleanField(default=True)

        class Meta:
            database = db
            table_name = "core_notice"
            indexes = ((("who", "kind", "record", "key"), True), (("who", "read_at"), False))

    class Choice(pw.Model):
        id = IdField()
        who = pw.CharField(max_length=40)
        kind = pw.CharField(max_length=100)
        shown = pw.BooleanField(default=True)
        sent = pw.BooleanField(default=True)

        class Meta:
            database = db
            table_name = "core_notice_choice"
            indexes = ((("who", "kind"), True),)

    db.create_tables([Notice, Choice])
    added: dict[str, pw.Field] = {
        "email": pw.BlobField(null=True),
        "email_mask": pw.CharField(max_length=120, null=True),
        "language": pw.CharField(max_length=2, null=True),
    }
    migrator.migrate(*(migrator.add_column("core_account", *one) for one in added.items()))


def down(migrator: Any, db: Any) -> None:
    """Forget them."""
    for name in ("email", "email_mask", "language"):
        migrator.migrate(migrator.drop_column("core_account", name))
    for table in ("core_notice_choice", "core_notice"):
        migrator.migrate(migrator.drop_table(table))
