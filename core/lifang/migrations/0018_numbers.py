"""How far each sequence of numbers has come, by place and year."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Base(pw.Model):
        class Meta:
            database = db
            legacy_table_names = False

    class NumberRow(Base):
        id = IdField()
        name = pw.CharField(max_length=100)
        series = pw.CharField(max_length=60)
        year = pw.IntegerField()
        last = pw.BigIntegerField(default=0)

        class Meta:
            table_name = "core_number"
            indexes = ((("name", "series", "year"), True),)

    db.create_tables([NumberRow])


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_table("core_number"))
