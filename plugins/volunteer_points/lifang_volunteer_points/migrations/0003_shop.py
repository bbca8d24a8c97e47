"""The points shop."""

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

    class Item(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        name = pw.CharField(max_length=120)
        community = pw.ForeignKeyField(Community)
        points = pw.IntegerField()
        supplier = pw.CharField(max_length=120, null=True)
        limit_per_person = pw.IntegerField(null=True)
        stock = pw.IntegerField(default=0)
        state = pw.CharField(max_length=40, default="on_shelf")

        class Meta:
            database = db
            table_name = "volunteer_points_item"

    class Redemption(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)
        item = pw.ForeignKeyField(Item)
        volunteer = pw.ForeignKeyField(Volunteer)
        person = pw.ForeignKeyField(Person, null=True)
        quantity = pw.IntegerField(default=1)
        points = pw.IntegerField(default=0)
        code = pw.CharField(max_length=20, null=True)
        handed_out_by = pw.CharField(max_length=120, null=True)
        points_entry = pw.BigIntegerField(default=0)
        stock_entry = pw.BigIntegerField(default=0)
        state = pw.CharField(max_length=40, default="reserved")

        class Meta:
            database = db
            table_name = "volunteer_points_redemption"
            indexes = ((("volunteer", "created_at"), False),)

    db.create_tables([Item, Redemption])


def down(migrator: Any, db: Any) -> None:
    """Take them away."""
    for name in ("volunteer_points_redemption", "volunteer_points_item"):
        migrator.migrate(migrator.drop_table(name))
