"""Units that report, what they do at their community and what they are asked."""

from typing import Any

import peewee as pw

import lifang as lf


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


Community, Organization = _named("core_community"), _named("core_organization")


class _Record(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)


class _UnitReport(_Record):
    organization = pw.ForeignKeyField(Organization)
    community = pw.ForeignKeyField(Community)
    secretary = pw.CharField(max_length=40)
    liaison = pw.CharField(max_length=40)
    phone = pw.BlobField(null=True)
    phone_mask = pw.CharField(max_length=120, null=True)
    phone_index = pw.CharField(max_length=64, null=True, index=True)
    members_total = pw.IntegerField()
    slip_no = pw.CharField(max_length=40, null=True)
    reported_on = lf.DayField(null=True)
    accepted_on = lf.DayField(null=True)
    receipt_no = pw.CharField(max_length=40, null=True)
    ended_on = lf.DayField(null=True)
    end_reason = pw.CharField(max_length=200, null=True)
    state = pw.CharField(max_length=40, default="submitted")

    class Meta:
        table_name = "dual_reporting_unit_report"


class _UnitActivity(_Record):
    organization = pw.ForeignKeyField(Organization)
    community = pw.ForeignKeyField(Community)
    day = lf.DayField()
    kind = pw.CharField(max_length=12)
    content = pw.CharField(max_length=200)
    people = pw.IntegerField()
    source = pw.CharField(max_length=120, null=True)
    state = pw.CharField(max_length=40, default="submitted")

    class Meta:
        table_name = "dual_reporting_unit_activity"
        indexes = ((("organization", "day"), False),)


class _UnitTask(_Record):
    organization = pw.ForeignKeyField(Organization)
    community = pw.ForeignKeyField(Community)
    month = pw.CharField(max_length=7)
    content = pw.CharField(max_length=200)
    due_on = lf.DayField(null=True)
    result = pw.CharField(max_length=200, null=True)
    reviewed_on = lf.DayField(null=True)
    remark = pw.CharField(max_length=200, null=True)
    state = pw.CharField(max_length=40, default="drafted")

    class Meta:
        table_name = "dual_reporting_unit_task"
        indexes = ((("organization", "month"), False),)


TABLES = [_UnitReport, _UnitActivity, _UnitTask]
UNIQUE = (
    (
        "dual_reporting_unit_report",
        "organization",
        "organization_id",
        """(("removed_at" IS NULL) AND ("state" IN ('submitted', 'accepted')))""",
    ),
    ("dual_reporting_unit_report", "receipt_no", "receipt_no", '("removed_at" IS NULL)'),
    ("dual_reporting_unit_activity", "source", "source", '("removed_at" IS NULL)'),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables of units."""
    db.bind([_Record, *TABLES])
    db.create_tables(TABLES)
    for table, name, column, where in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ("{column}") WHERE {where}'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table._meta.table_name))
