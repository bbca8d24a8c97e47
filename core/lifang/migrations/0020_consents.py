"""What people agreed to."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.sensitive import Sensitive


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Person(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_person"

    class Consent(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        person = pw.ForeignKeyField(Person)
        purpose_name = pw.CharField(max_length=100)
        title = pw.CharField(max_length=120, default="")
        edition = pw.IntegerField(default=1)
        wording = pw.TextField(default="")
        given_on = DayField()
        how = pw.CharField(max_length=10)
        guardian_name = Sensitive(null=True)
        guardian_name_mask = pw.CharField(null=True, max_length=120)
        guardian = pw.ForeignKeyField(Person, null=True, backref="wards")
        basis = pw.CharField(max_length=200, null=True)
        withdrawn_at = InstantField(null=True)
        state = pw.CharField(max_length=40, default="given")

        class Meta:
            database = db
            table_name = "core_consent"
            indexes = ((("person", "purpose_name"), False),)

    db.create_tables([Consent])


def down(migrator: Any, db: Any) -> None:
    """Take it away."""
    migrator.migrate(migrator.drop_table("core_consent"))
