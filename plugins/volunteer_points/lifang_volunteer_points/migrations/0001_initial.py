"""Volunteers, activities and shifts."""

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

    class Team(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        name = pw.CharField(max_length=120)
        kind = pw.CharField(max_length=12)
        community = pw.ForeignKeyField(Community)
        organization = pw.ForeignKeyField(Organization, null=True)
        leader = pw.ForeignKeyField(Person, null=True)
        consented_on = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="active")

        class Meta:
            database = db
            table_name = "volunteer_points_team"

    class Volunteer(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        person = pw.ForeignKeyField(Person)
        community = pw.ForeignKeyField(Community)
        number = pw.CharField(max_length=40, null=True)
        category = pw.CharField(max_length=12)
        skills = pw.CharField(max_length=200, null=True)
        available = pw.CharField(max_length=120, null=True)
        team = pw.ForeignKeyField(Team, null=True)
        referrer = pw.CharField(max_length=40, null=True)
        minutes = pw.IntegerField(default=0)
        points = pw.IntegerField(default=0)
        reached = pw.IntegerField(default=0)
        stars = pw.IntegerField(default=0)
        banned_until = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="registered")

        class Meta:
            database = db
            table_name = "volunteer_points_volunteer"

    class Training(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        volunteer = pw.ForeignKeyField(Volunteer)
        name = pw.CharField(max_length=120)
        content = pw.CharField(max_length=200)
        minutes = pw.IntegerField()
        organization = pw.ForeignKeyField(Organization)
        day = lf.DayField()

        class Meta:
            database = db
            table_name = "volunteer_points_training"

    class Award(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        volunteer = pw.ForeignKeyField(Volunteer)
        name = pw.CharField(max_length=120)
        day = lf.DayField()
        grantor = pw.CharField(max_length=120)

        class Meta:
            database = db
            table_name = "volunteer_points_award"

    class Activity(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        title = pw.CharField(max_length=120)
        category = pw.CharField(max_length=12)
        community = pw.ForeignKeyField(Community)
        organization = pw.ForeignKeyField(Organization, null=True)
        team = pw.ForeignKeyField(Team, null=True)
        in_charge = pw.ForeignKeyField(Person, null=True)
        venue = pw.CharField(max_length=120)
        position = pw.CharField(max_length=40, null=True)
        content = pw.CharField(max_length=200)
        start = lf.InstantField()
        end = lf.InstantField()
        people = pw.IntegerField()
        min_age = pw.IntegerField(null=True)
        skill = pw.CharField(max_length=40, null=True)
        risky = pw.BooleanField(default=False)
        risk_note = pw.CharField(max_length=200, null=True)
        insurance = pw.CharField(max_length=120, null=True)
        reviewed = pw.BooleanField(default=False)
        state = pw.CharField(max_length=40, default="draft")

        class Meta:
            database = db
            table_name = "volunteer_points_activity"
            indexes = ((("start",), False),)

    class Shift(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        activity = pw.ForeignKeyField(Activity)
        start = lf.InstantField()
        end = lf.InstantField()
        slots = pw.IntegerField()
        code = pw.CharField(max_length=20, null=True)
        link = pw.CharField(max_length=200, null=True)

        class Meta:
            database = db
            table_name = "volunteer_points_shift"

    class SignUp(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        shift = pw.ForeignKeyField(Shift)
        volunteer = pw.ForeignKeyField(Volunteer)
        person = pw.ForeignKeyField(Person, null=True)
        signed_in = lf.InstantField(null=True)
        signed_out = lf.InstantField(null=True)
        method = pw.CharField(max_length=8, null=True)
        state = pw.CharField(max_length=40, default="signed_up")

        class Meta:
            database = db
            table_name = "volunteer_points_sign_up"
            indexes = ((("person", "signed_in"), False),)

    db.create_tables([Team, Volunteer, Training, Award, Activity, Shift, SignUp])

    # one standing record each: removed ones do not count
    db.execute_sql(
        'CREATE UNIQUE INDEX "volunteer_points_team_one_community_name" '
        'ON "volunteer_points_team" ("community_id", "name") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('active')))"""
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "volunteer_points_volunteer_one_person" '
        'ON "volunteer_points_volunteer" ("person_id") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('registered')))"""
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "volunteer_points_volunteer_one_number" '
        'ON "volunteer_points_volunteer" ("number") '
        """WHERE ("removed_at" IS NULL)"""
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX "volunteer_points_sign_up_one_shift_volunteer" '
        'ON "volunteer_points_sign_up" ("shift_id", "volunteer_id") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('signed_up', 'waiting', 'present', 'served', 'absent')))"""
    )


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in (
        "volunteer_points_sign_up",
        "volunteer_points_shift",
        "volunteer_points_activity",
        "volunteer_points_award",
        "volunteer_points_training",
        "volunteer_points_volunteer",
        "volunteer_points_team",
    ):
        migrator.migrate(migrator.drop_table(name))
