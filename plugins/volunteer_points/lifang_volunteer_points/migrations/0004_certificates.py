"""Certificates and the time bank."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    _certificate(db)
    _time_draw(db)


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in ("volunteer_points_time_draw", "volunteer_points_certificate"):
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


def _certificate(db: Any) -> None:
    base = _base(db)

    class Certificate(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        community = pw.ForeignKeyField(_other(db, "core_community"))
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
            table_name = "volunteer_points_certificate"

    db.create_tables([Certificate])


def _time_draw(db: Any) -> None:
    base = _base(db)

    class TimeDraw(base):  # type: ignore[misc,valid-type]  # made for this database
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        community = pw.ForeignKeyField(_other(db, "core_community"))
        service = pw.CharField(max_length=12)
        coins = pw.IntegerField()
        coins_entry = pw.BigIntegerField(default=0)
        state = pw.CharField(max_length=40, default="requested")

        class Meta:
            table_name = "volunteer_points_time_draw"

    db.create_tables([TimeDraw])
