"""Volunteers, activities and shifts."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    _team(db)
    _volunteer(db)
    _training(db)
    _award(db)
    _activity(db)
    _shift(db)
    _sign_up(db)


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


def _other(db: Any, table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"database": db, "table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


def _base(db: Any) -> Any:
    """What every record has."""

    class Base(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    return Base


def _team(db: Any) -> None:
    base = _base(db)

    class Team(base):  # type: ignore[misc,valid-type]  # made for this database
        name = pw.CharField(max_length=120)
        kind = pw.CharField(max_length=12)
        community = pw.ForeignKeyField(_other(db, "core_community"))
        organization = pw.ForeignKeyField(_other(db, "core_organization"), null=True)
        leader = pw.ForeignKeyField(_other(db, "core_person"), null=True)
        consented_on = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="active")

        class Meta:
            table_name = "volunteer_points_team"

    db.create_tables([Team])
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_team_one_community_name" '
        'ON "volunteer_points_team" ("community_id", "name") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('active')))"""
    )


def _volunteer(db: Any) -> None:
    base = _base(db)

    class Volunteer(base):  # type: ignore[misc,valid-type]  # made for this database
        person = pw.ForeignKeyField(_other(db, "core_person"))
        community = pw.ForeignKeyField(_other(db, "core_community"))
        number = pw.CharField(max_length=40, null=True)
        category = pw.CharField(max_length=12)
        skills = pw.CharField(max_length=200, null=True)
        available = pw.CharField(max_length=120, null=True)
        team = pw.ForeignKeyField(_other(db, "volunteer_points_team"), null=True)
        referrer = pw.CharField(max_length=40, null=True)
        minutes = pw.IntegerField(default=0)
        points = pw.IntegerField(default=0)
        reached = pw.IntegerField(default=0)
        stars = pw.IntegerField(default=0)
        left_on = lf.DayField(null=True)
        banned_until = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="registered")

        class Meta:
            table_name = "volunteer_points_volunteer"

    db.create_tables([Volunteer])
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_volunteer_one_person" '
        'ON "volunteer_points_volunteer" ("person_id") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('registered')))"""
    )
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_volunteer_one_number" '
        'ON "volunteer_points_volunteer" ("number") '
        """WHERE ("removed_at" IS NULL)"""
    )


def _training(db: Any) -> None:
    base = _base(db)

    class Training(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        name = pw.CharField(max_length=120)
        content = pw.CharField(max_length=200)
        minutes = pw.IntegerField()
        organization = pw.ForeignKeyField(_other(db, "core_organization"))
        day = lf.DayField()

        class Meta:
            table_name = "volunteer_points_training"

    db.create_tables([Training])


def _award(db: Any) -> None:
    base = _base(db)

    class Award(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        name = pw.CharField(max_length=120)
        day = lf.DayField()
        grantor = pw.CharField(max_length=120)

        class Meta:
            table_name = "volunteer_points_award"

    db.create_tables([Award])


def _activity(db: Any) -> None:
    base = _base(db)

    class Activity(base):  # type: ignore[misc,valid-type]  # made for this database
        title = pw.CharField(max_length=120)
        category = pw.CharField(max_length=12)
        community = pw.ForeignKeyField(_other(db, "core_community"))
        organization = pw.ForeignKeyField(_other(db, "core_organization"), null=True)
        team = pw.ForeignKeyField(_other(db, "volunteer_points_team"), null=True)
        in_charge = pw.ForeignKeyField(_other(db, "core_person"), null=True)
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
            table_name = "volunteer_points_activity"
            indexes = ((("start",), False),)

    db.create_tables([Activity])


def _shift(db: Any) -> None:
    base = _base(db)

    class Shift(base):  # type: ignore[misc,valid-type]  # made for this database
        activity = pw.ForeignKeyField(_other(db, "volunteer_points_activity"))
        start = lf.InstantField()
        end = lf.InstantField()
        slots = pw.IntegerField()
        code = pw.CharField(max_length=20, null=True)
        link = pw.CharField(max_length=200, null=True)

        class Meta:
            table_name = "volunteer_points_shift"

    db.create_tables([Shift])


def _sign_up(db: Any) -> None:
    base = _base(db)

    class SignUp(base):  # type: ignore[misc,valid-type]  # made for this database
        shift = pw.ForeignKeyField(_other(db, "volunteer_points_shift"))
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        signed_in = lf.InstantField(null=True)
        signed_out = lf.InstantField(null=True)
        method = pw.CharField(max_length=8, null=True)
        state = pw.CharField(max_length=40, default="signed_up")

        class Meta:
            table_name = "volunteer_points_sign_up"
            indexes = ((("person", "signed_in"), False),)

    db.create_tables([SignUp])
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_sign_up_one_shift_volunteer" '
        'ON "volunteer_points_sign_up" ("shift_id", "volunteer_id") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('signed_up', 'waiting', 'present', 'served', 'absent')))"""
    )
