"""What people who report did for their community."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of service entries."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Organization(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_organization"

    class Person(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_person"

    class ServiceEntry(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        person = pw.ForeignKeyField(Person)
        organization = pw.ForeignKeyField(Organization, null=True)
        community = pw.ForeignKeyField(Community)
        start = lf.InstantField()
        end = lf.InstantField()
        minutes = pw.IntegerField(default=0)
        content = pw.CharField(max_length=200)
        nature = pw.CharField(max_length=10)
        state = pw.CharField(max_length=40, default="submitted")

        class Meta:
            database = db
            table_name = "dual_reporting_service_entry"
            indexes = ((("person", "start"), False),)

    db.create_tables([ServiceEntry])


def down(migrator: Any, db: Any) -> None:
    """Take the table of service entries away."""
    migrator.migrate(migrator.drop_table("dual_reporting_service_entry"))
