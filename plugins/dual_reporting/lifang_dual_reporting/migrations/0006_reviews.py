"""Yearly reviews of people and units, what was fed back to employers, who was reminded of what."""

from typing import Any

import peewee as pw

import lifang as lf

PARTS = ("own", "leader", "masses", "community", "organization")


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


Community, Organization = _named("core_community"), _named("core_organization")
Person, Report = _named("core_person"), _named("dual_reporting_report")


class _Record(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)


class _Reviewed(_Record):
    own_grade = pw.CharField(max_length=12, null=True)
    own_text = pw.CharField(max_length=400, null=True)
    leader_grade = pw.CharField(max_length=12, null=True)
    leader_text = pw.CharField(max_length=400, null=True)
    masses_grade = pw.CharField(max_length=12, null=True)
    masses_text = pw.CharField(max_length=400, null=True)
    community_grade = pw.CharField(max_length=12, null=True)
    community_text = pw.CharField(max_length=400, null=True)
    organization_grade = pw.CharField(max_length=12, null=True)
    organization_text = pw.CharField(max_length=400, null=True)
    grade = pw.CharField(max_length=12, null=True)
    reviewed_on = lf.DayField(null=True)
    fed_back_on = lf.DayField(null=True)
    receipt_due = lf.DayField(null=True)
    receipted_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="serving")


class _AnnualReview(_Reviewed):
    person = pw.ForeignKeyField(Person)
    report = pw.ForeignKeyField(Report)
    organization = pw.ForeignKeyField(Organization, null=True)
    community = pw.ForeignKeyField(Community)
    year = pw.IntegerField()
    since = lf.DayField()
    until = lf.DayField()
    minutes = pw.IntegerField(default=0)
    voluntary_minutes = pw.IntegerField(default=0)
    asked_hours = pw.IntegerField(default=0)
    target_minutes = pw.IntegerField(default=0)
    reached = pw.BooleanField(default=False)
    reached_on = lf.DayField(null=True)
    points = pw.IntegerField(null=True)

    class Meta:
        table_name = "dual_reporting_annual_review"
        indexes = ((("organization", "year"), False),)


class _UnitReview(_Reviewed):
    organization = pw.ForeignKeyField(Organization)
    community = pw.ForeignKeyField(Community)
    year = pw.IntegerField()
    members_total = pw.IntegerField(default=0)
    accepted = pw.IntegerField(default=0)
    reached = pw.IntegerField(default=0)
    reporting_rate = pw.DoubleField(null=True)
    completion_rate = pw.DoubleField(null=True)
    denominator = pw.CharField(max_length=16, null=True)
    activities = pw.IntegerField(default=0)
    eligible = pw.BooleanField(null=True)

    class Meta:
        table_name = "dual_reporting_unit_review"


class _Feedback(_Record):
    organization = pw.ForeignKeyField(Organization)
    community = pw.ForeignKeyField(Community)
    period = pw.CharField(max_length=30)
    report = pw.ForeignKeyField(Report, null=True)
    people = pw.IntegerField(default=0)
    minutes = pw.IntegerField(default=0)
    sent_on = lf.DayField()
    receipt_due = lf.DayField(null=True)
    receipted_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="sent")

    class Meta:
        table_name = "dual_reporting_feedback"


class _Reminder(_Record):
    key = pw.CharField(max_length=120)
    kind = pw.CharField(max_length=12)
    community = pw.ForeignKeyField(Community)
    report = pw.ForeignKeyField(Report, null=True)
    person = pw.ForeignKeyField(Person, null=True)
    organization = pw.ForeignKeyField(Organization, null=True)
    period = pw.CharField(max_length=12)
    days_before = pw.IntegerField(null=True)
    days_left = pw.IntegerField(null=True)
    people = pw.IntegerField(default=0)
    told_on = lf.DayField()

    class Meta:
        table_name = "dual_reporting_reminder"


TABLES = [_AnnualReview, _UnitReview, _Feedback, _Reminder]
UNIQUE = (
    ("dual_reporting_annual_review", "report_year", '"report_id", "year"'),
    (
        "dual_reporting_unit_review",
        "organization_community_year",
        '"organization_id", "community_id", "year"',
    ),
    (
        "dual_reporting_feedback",
        "organization_community_period",
        '"organization_id", "community_id", "period"',
    ),
    ("dual_reporting_reminder", "key", '"key"'),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    db.bind([_Record, _Reviewed, *TABLES])
    db.create_tables(TABLES)
    for table, name, columns in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ({columns}) '
            'WHERE ("removed_at" IS NULL)'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table._meta.table_name))
