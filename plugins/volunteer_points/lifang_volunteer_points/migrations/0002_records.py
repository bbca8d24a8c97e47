"""Service records and stars."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    _service_record(db)
    _star(db)


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in ("volunteer_points_star", "volunteer_points_service_record"):
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


def _service_record(db: Any) -> None:
    base = _base(db)

    class ServiceRecord(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        community = pw.ForeignKeyField(_other(db, "core_community"))
        activity = pw.ForeignKeyField(_other(db, "volunteer_points_activity"), null=True)
        organization = pw.ForeignKeyField(_other(db, "core_organization"), null=True)
        in_charge = pw.ForeignKeyField(_other(db, "core_person"), null=True)
        title = pw.CharField(max_length=120)
        content = pw.CharField(max_length=200)
        venue = pw.CharField(max_length=120)
        start = lf.InstantField()
        end = lf.InstantField()
        day = lf.DayField(null=True)
        real_minutes = pw.IntegerField(default=0)
        minutes = pw.IntegerField(default=0)
        points = pw.IntegerField(default=0)
        late_reason = pw.CharField(max_length=200, null=True)
        late_approved = pw.BooleanField(default=False)
        recorder = pw.CharField(max_length=120, null=True)
        approved_hours = pw.IntegerField(default=0)
        rating = pw.IntegerField(null=True)
        evaluation = pw.CharField(max_length=200, null=True)
        evaluated_on = lf.DayField(null=True)
        sync_status = pw.CharField(max_length=10, default="pending")
        decision = pw.CharField(max_length=200, null=True)
        decided_minutes = pw.IntegerField(null=True)
        decided_by = pw.CharField(max_length=120, null=True)
        source = pw.CharField(max_length=120, null=True)
        points_entry = pw.BigIntegerField(null=True)
        frozen_entry = pw.BigIntegerField(null=True)
        coins_entry = pw.BigIntegerField(null=True)
        state = pw.CharField(max_length=40, default="pending")

        class Meta:
            table_name = "volunteer_points_service_record"
            indexes = (
                (("person", "day"), False),
                (("volunteer", "state"), False),
            )

    db.create_tables([ServiceRecord])
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_service_record_one_source" '
        'ON "volunteer_points_service_record" ("source") '
        """WHERE ("removed_at" IS NULL)"""
    )


def _star(db: Any) -> None:
    base = _base(db)

    class Star(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        community = pw.ForeignKeyField(_other(db, "core_community"))
        level = pw.IntegerField(default=0)
        minutes = pw.IntegerField(default=0)
        state = pw.CharField(max_length=40, default="applied")

        class Meta:
            table_name = "volunteer_points_star"

    db.create_tables([Star])
    db.execute_sql(  # removed ones do not count
        'CREATE UNIQUE INDEX "volunteer_points_star_one_volunteer_level" '
        'ON "volunteer_points_star" ("volunteer_id", "level") '
        """WHERE (("removed_at" IS NULL) AND ("state" IN ('applied', 'public_notice', 'granted')))"""
    )
