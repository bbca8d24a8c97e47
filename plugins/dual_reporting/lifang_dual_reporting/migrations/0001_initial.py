"""The reports of people to communities."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the table of reports."""

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

    class Report(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        person = pw.ForeignKeyField(Person)
        organization = pw.ForeignKeyField(Organization, null=True)
        community = pw.ForeignKeyField(Community)
        state = pw.CharField(max_length=40, default="submitted")

        class Meta:
            database = db
            table_name = "dual_reporting_report"

    db.create_tables([Report])

    # one standing record each: removed ones do not count
    db.execute_sql(
        'CREATE UNIQUE INDEX "dual_reporting_report_one_person" '
        'ON "dual_reporting_report" ("person_id") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('submitted', 'accepted')))"""
    )


def down(migrator: Any, db: Any) -> None:
    """Take the table of reports away."""
    migrator.migrate(migrator.drop_table("dual_reporting_report"))
