"""Service cards that were issued."""

from typing import Any

import peewee as pw

import lifang as lf

TABLE = "dual_reporting_service_card"


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


class _ServiceCard(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)
    report = pw.ForeignKeyField(_named("dual_reporting_report"))
    person = pw.ForeignKeyField(_named("core_person"))
    year = pw.IntegerField()
    number = pw.CharField(max_length=40, null=True)
    issued_on = lf.DayField(null=True)

    class Meta:
        table_name = TABLE
        indexes = ((("person", "year"), False),)


def up(migrator: Any, db: Any) -> None:
    """Make the table; a number stands once, and removed records do not count."""
    db.bind([_ServiceCard])
    db.create_tables([_ServiceCard])
    db.execute_sql(
        f'CREATE UNIQUE INDEX "{TABLE}_one_number" ON "{TABLE}" ("number") '
        'WHERE ("removed_at" IS NULL)'
    )


def down(migrator: Any, db: Any) -> None:
    """Take it away."""
    migrator.migrate(migrator.drop_table(TABLE))
