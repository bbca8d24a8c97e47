"""Staff, promises, services and monthly reports."""

from typing import Any

import peewee as pw

import lifang as lf


class _Community(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "core_community"


class _Contract(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "agency_contracts_contract"


class _Organization(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "core_organization"


class _Person(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "core_person"


class _Record(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)


class _StaffMember(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    person = pw.ForeignKeyField(_Person)
    education = pw.CharField(max_length=40, null=True)
    certificate = pw.CharField(max_length=60, null=True)
    valid_to = lf.DayField(null=True)
    lapsed_from = lf.DayField(null=True)
    renewed_on = lf.DayField(null=True)
    since = lf.DayField()
    until = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="working")

    class Meta:
        table_name = "agency_contracts_staff_member"


class _Indicator(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    kind = pw.CharField(max_length=20)
    name = pw.CharField(max_length=60)
    measure = pw.CharField(max_length=20)
    target = pw.IntegerField()
    method = pw.CharField(max_length=200, null=True)
    evidence = pw.CharField(max_length=200, null=True)

    class Meta:
        table_name = "agency_contracts_indicator"


class _ServiceLog(_Record):
    contract = pw.ForeignKeyField(_Contract)
    indicator = pw.ForeignKeyField(_Indicator)
    provider = pw.ForeignKeyField(_Organization, null=True)
    community = pw.ForeignKeyField(_Community)
    staff_member = pw.ForeignKeyField(_StaffMember, null=True)
    start = lf.InstantField()
    minutes = pw.IntegerField()
    quantity = pw.IntegerField(default=1)
    users = pw.IntegerField(default=0)
    place = pw.CharField(max_length=120, null=True)
    content = pw.CharField(max_length=200)
    evidence = pw.CharField(max_length=200, null=True)
    lapsed = pw.BooleanField(default=False)
    source = pw.CharField(max_length=120, null=True)
    state = pw.CharField(max_length=40, default="recorded")

    class Meta:
        table_name = "agency_contracts_service_log"
        indexes = ((("contract", "start"), False),)


class _MonthlyReport(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    month = pw.CharField(max_length=7)
    users = pw.TextField()
    services = pw.TextField()
    effect = pw.TextField()
    workers = pw.TextField()
    due = lf.DayField(null=True)
    submitted_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="draft")

    class Meta:
        table_name = "agency_contracts_monthly_report"


class _Progress(_Record):
    report = pw.ForeignKeyField(_MonthlyReport)
    indicator = pw.ForeignKeyField(_Indicator)
    provider = pw.ForeignKeyField(_Organization, null=True)
    target = pw.IntegerField(default=0)
    of_month = pw.IntegerField(default=0)
    so_far = pw.IntegerField(default=0)
    completion = pw.IntegerField(default=0)
    behind = pw.IntegerField(default=0)
    light = pw.CharField(max_length=10, default="green")

    class Meta:
        table_name = "agency_contracts_progress"


TABLES = [_StaffMember, _Indicator, _ServiceLog, _MonthlyReport, _Progress]
UNIQUE = (
    (
        "agency_contracts_staff_member",
        "contract_person",
        '"contract_id", "person_id"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_indicator",
        "contract_name",
        '"contract_id", "name"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_service_log",
        "staff_member_start",
        '"staff_member_id", "start"',
        """(("removed_at" IS NULL) AND ("state" IN ('recorded', 'supervised', 'accepted')))""",
    ),
    (
        "agency_contracts_service_log",
        "source_indicator",
        '"source", "indicator_id"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_monthly_report",
        "contract_month",
        '"contract_id", "month"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_progress",
        "report_indicator",
        '"report_id", "indicator_id"',
        '("removed_at" IS NULL)',
    ),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables of services."""
    db.bind([_Record, *TABLES])
    db.create_tables(TABLES)
    for table, name, columns, where in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ({columns}) WHERE {where}'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table._meta.table_name))
