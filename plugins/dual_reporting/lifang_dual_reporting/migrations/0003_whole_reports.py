"""Reports as districts keep them: papers, sealed particulars, transfers; and suspensions."""

from typing import Any

import peewee as pw

import lifang as lf

REPORT = "dual_reporting_report"
UNIQUE = f"{REPORT}_one_person"
STANDING = "'pending', 'submitted', 'accepted', 'active', 'suspended'"


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


Community, Person = _named("core_community"), _named("core_person")
Report = _named(REPORT)


def _reference(model: Any) -> Any:
    return pw.ForeignKeyField(model, field=model.id, null=True, backref="+")


COLUMNS = {
    "post_title": pw.CharField(max_length=60, null=True),
    "public_servant": pw.BooleanField(default=False),
    "political_status": pw.BlobField(null=True),
    "political_status_mask": pw.CharField(max_length=120, null=True),
    "household_address": pw.BlobField(null=True),
    "household_address_mask": pw.CharField(max_length=120, null=True),
    "skills": pw.CharField(max_length=120, null=True),
    "service_intent": pw.CharField(max_length=120, null=True),
    "available_time": pw.CharField(max_length=120, null=True),
    "agreed": pw.BooleanField(default=False),
    "channel": pw.CharField(max_length=8, null=True),
    "slip_no": pw.CharField(max_length=40, null=True),
    "listed": pw.BooleanField(default=False),
    "reported_on": lf.DayField(null=True),
    "accepted_on": lf.DayField(null=True),
    "receipt_no": pw.CharField(max_length=40, null=True),
    "grid_id": _reference(Community),
    "team": pw.CharField(max_length=40, null=True),
    "suggested_id": _reference(Community),
    "transfer_to_id": _reference(Community),
    "transfer_asked_on": lf.DayField(null=True),
    "transfer_due": lf.DayField(null=True),
    "previous_id": _reference(Report),
    "ended_on": lf.DayField(null=True),
    "end_reason": pw.CharField(max_length=200, null=True),
}


class _Suspension(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)
    report = pw.ForeignKeyField(Report)
    person = pw.ForeignKeyField(Person, null=True)
    reason = pw.CharField(max_length=12)
    note = pw.CharField(max_length=200, null=True)
    since = lf.DayField()
    until = lf.DayField(null=True)

    class Meta:
        table_name = "dual_reporting_suspension"


def up(migrator: Any, db: Any) -> None:
    """Add what a report says, and the table of suspensions."""
    migrator.migrate(*(migrator.add_column(REPORT, *column) for column in COLUMNS.items()))
    db.execute_sql(f'DROP INDEX "{UNIQUE}"')
    _only(db, UNIQUE, "person_id", f"""(("removed_at" IS NULL) AND ("state" IN ({STANDING})))""")
    _only(db, f"{REPORT}_one_receipt_no", "receipt_no", '("removed_at" IS NULL)')
    migrator.migrate(migrator.add_index(REPORT, ("organization_id", "state")))
    db.bind([_Suspension])
    db.create_tables([_Suspension])


def down(migrator: Any, db: Any) -> None:
    """Take them away; who is in a state of today's only has no place in what was before."""
    migrator.migrate(migrator.drop_table("dual_reporting_suspension"))
    pointers = [name for name, column in COLUMNS.items() if isinstance(column, pw.ForeignKeyField)]
    for name in ("organization_id_state", *pointers):
        migrator.migrate(migrator.drop_index(REPORT, f"{REPORT}_{name}"))
    db.execute_sql(f'DROP INDEX "{REPORT}_one_receipt_no"')
    db.execute_sql(f'DROP INDEX "{UNIQUE}"')
    migrator.migrate(*(migrator.drop_column(REPORT, name) for name in reversed(COLUMNS)))
    _only(
        db, UNIQUE, "person_id",
        """(("removed_at" IS NULL) AND ("state" IN ('submitted', 'accepted')))""",
    )  # fmt: skip


def _only(db: Any, name: str, column: str, where: str) -> None:
    db.execute_sql(f'CREATE UNIQUE INDEX "{name}" ON "{REPORT}" ("{column}") WHERE {where}')
