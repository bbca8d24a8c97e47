"""Certificates and the time bank."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class Person(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_person"

    class Volunteer(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "volunteer_points_volunteer"

    class Certificate(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        volunteer = pw.ForeignKeyField(Volunteer)
        person = pw.ForeignKeyField(Person, null=True)
        community = pw.ForeignKeyField(Community, null=True)
        since = lf.DayField()
        until = lf.DayField()
        use = pw.CharField(max_length=120, null=True)
        old_style = pw.BooleanField(default=False)
        minutes = pw.IntegerField(default=0)
        records = pw.IntegerField(default=0)
        number = pw.CharField(max_length=60, null=True)
        code = pw.CharField(max_length=24, null=True)
        checked_by = pw.CharField(max_length=120, null=True)
        sealed_by = pw.CharField(max_length=120, null=True)
        issued_at = lf.InstantField(null=True)
        state = pw.CharField(max_length=40, default="requested")

        class Meta:
            database = db
            table_name = "volunteer_points_certificate"

    class TimeDraw(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        volunteer = pw.ForeignKeyField(Volunteer)
        person = pw.ForeignKeyField(Person, null=True)
        community = pw.ForeignKeyField(Community, null=True)
        service = pw.CharField(max_length=12)
        coins = pw.IntegerField()
        coins_entry = pw.BigIntegerField(default=0)
        state = pw.CharField(max_length=40, default="requested")

        class Meta:
            database = db
            table_name = "volunteer_points_time_draw"

    db.create_tables([Certificate, TimeDraw])


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in ("volunteer_points_time_draw", "volunteer_points_certificate"):
        migrator.migrate(migrator.drop_table(name))
