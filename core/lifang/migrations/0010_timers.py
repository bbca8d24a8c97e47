"""Timers know their plugin and the rule behind them; days that a notice moves have a table."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField


def up(migrator: Any, db: Any) -> None:
    """Add the columns and the table; the one timer there was is the clock's."""
    columns = {
        "plugin": pw.CharField(max_length=40, default="core"),
        "rule": pw.TextField(null=True),
        "corr": pw.CharField(max_length=40, null=True),
    }
    migrator.migrate(*(migrator.add_column("timer", *column) for column in columns.items()))
    db.execute_sql('UPDATE "timer" SET "name" = \'day\' WHERE "name" = \'core.clock.day\'')

    class CalendarDay(pw.Model):
        day = DayField(primary_key=True)
        kind = pw.CharField(max_length=10)
        name = pw.CharField(max_length=60)

        class Meta:
            database = db
            table_name = "core_calendar_day"
            legacy_table_names = False

    db.create_tables([CalendarDay])


def down(migrator: Any, db: Any) -> None:
    """Forget the table and the columns."""
    migrator.migrate(migrator.drop_table("core_calendar_day"))
    db.execute_sql('DELETE FROM "timer" WHERE "agg" <> \'core.clock/0\'')
    db.execute_sql('UPDATE "timer" SET "name" = \'core.clock.day\' WHERE "name" = \'day\'')
    migrator.migrate(*(migrator.drop_column("timer", name) for name in ("plugin", "rule", "corr")))
