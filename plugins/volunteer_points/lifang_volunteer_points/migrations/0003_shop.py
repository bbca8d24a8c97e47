"""The points shop."""

from typing import Any

import peewee as pw

import lifang as lf


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    _item(db)
    _redemption(db)


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in ("volunteer_points_redemption", "volunteer_points_item"):
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


def _item(db: Any) -> None:
    base = _base(db)

    class Item(base):  # type: ignore[misc,valid-type]  # made for this database
        name = pw.CharField(max_length=120)
        community = pw.ForeignKeyField(_other(db, "core_community"))
        points = pw.IntegerField()
        supplier = pw.CharField(max_length=120, null=True)
        limit_per_person = pw.IntegerField(null=True)
        stock = pw.IntegerField(default=0)
        state = pw.CharField(max_length=40, default="on_shelf")

        class Meta:
            table_name = "volunteer_points_item"

    db.create_tables([Item])


def _redemption(db: Any) -> None:
    base = _base(db)

    class Redemption(base):  # type: ignore[misc,valid-type]  # made for this database
        item = pw.ForeignKeyField(_other(db, "volunteer_points_item"))
        volunteer = pw.ForeignKeyField(_other(db, "volunteer_points_volunteer"))
        person = pw.ForeignKeyField(_other(db, "core_person"))
        quantity = pw.IntegerField(default=1)
        points = pw.IntegerField(default=0)
        code = pw.CharField(max_length=20, null=True)
        handed_out_by = pw.CharField(max_length=120, null=True)
        points_entry = pw.BigIntegerField(default=0)
        stock_entry = pw.BigIntegerField(default=0)
        state = pw.CharField(max_length=40, default="reserved")

        class Meta:
            table_name = "volunteer_points_redemption"
            indexes = ((("volunteer", "created_at"), False),)

    db.create_tables([Redemption])
