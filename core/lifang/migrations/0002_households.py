"""Households and their members."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.sensitive import Sensitive


def up(migrator: Any, db: Any) -> None:
    """Make both tables."""

    class Community(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Person(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_person"

    class Household(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        number = pw.CharField(max_length=40)
        community = pw.ForeignKeyField(Community)
        address = Sensitive(null=True)
        address_mask = pw.CharField(null=True, max_length=120)

        class Meta:
            database = db
            table_name = "core_household"

    class HouseholdMember(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        household = pw.ForeignKeyField(Household)
        person = pw.ForeignKeyField(Person)
        relation = pw.CharField(max_length=20, default="other")
        from_date = DayField(null=True)
        to_date = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_household_member"
            indexes = ((("household", "person"), False),)

    db.create_tables([Household, HouseholdMember])
    db.execute_sql(
        'CREATE UNIQUE INDEX "core_household_one_community_number" '
        'ON "core_household" ("community_id", "number") WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take both tables away."""
    migrator.migrate(migrator.drop_table("core_household_member"))
    migrator.migrate(migrator.drop_table("core_household"))
