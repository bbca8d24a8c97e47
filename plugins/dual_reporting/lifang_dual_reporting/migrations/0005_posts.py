"""Posts and who has taken one; what a service entry was for, and what residents say of it."""

from typing import Any

import peewee as pw

import lifang as lf

ENTRY = "dual_reporting_service_entry"


def _named(table: str) -> Any:
    """A table that is there already, as far as it is pointed at."""
    meta = type("Meta", (), {"table_name": table})
    return type(table, (pw.Model,), {"id": lf.IdField(), "Meta": meta})


Community, Organization = _named("core_community"), _named("core_organization")
Person, Report, Entry = _named("core_person"), _named("dual_reporting_report"), _named(ENTRY)


class _Record(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)


class _Post(_Record):
    name = pw.CharField(max_length=60)
    community = pw.ForeignKeyField(Community)
    category = pw.CharField(max_length=12)
    slots = pw.IntegerField()
    description = pw.CharField(max_length=200, null=True)
    skill = pw.CharField(max_length=40, null=True)
    taken = pw.IntegerField(default=0)
    who = pw.TextField(null=True)
    state = pw.CharField(max_length=40, default="open")

    class Meta:
        table_name = "dual_reporting_post"


class _PostClaim(_Record):
    post = pw.ForeignKeyField(_Post)
    person = pw.ForeignKeyField(Person)
    report = pw.ForeignKeyField(Report, null=True)
    organization = pw.ForeignKeyField(Organization, null=True)
    claimed_on = lf.DayField(null=True)
    given_up_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="held")

    class Meta:
        table_name = "dual_reporting_post_claim"


class _ServiceRating(_Record):
    entry = pw.ForeignKeyField(Entry, null=True)
    community = pw.ForeignKeyField(Community, null=True)
    person = pw.ForeignKeyField(Person)
    code = pw.CharField(max_length=16)
    stars = pw.IntegerField()
    remark = pw.CharField(max_length=200, null=True)

    class Meta:
        table_name = "dual_reporting_service_rating"


TABLES = [_Post, _PostClaim, _ServiceRating]
COLUMNS = {
    "post_id": pw.ForeignKeyField(_Post, field=_Post.id, null=True, backref="+"),
    "activity": pw.CharField(max_length=120, null=True),
    "code": pw.CharField(max_length=16, null=True),
    "confirmed_on": lf.DayField(null=True),
    "source": pw.CharField(max_length=120, null=True),
    "stars": pw.DoubleField(null=True),
    "raters": pw.IntegerField(default=0),
}
HERE = '("removed_at" IS NULL)'
UNIQUE = (
    (
        "dual_reporting_post",
        "community_name",
        '"community_id", "name"',
        """(("removed_at" IS NULL) AND ("state" IN ('open')))""",
    ),
    (
        "dual_reporting_post_claim",
        "post_person",
        '"post_id", "person_id"',
        """(("removed_at" IS NULL) AND ("state" IN ('held', 'waiting')))""",
    ),
    ("dual_reporting_service_rating", "entry_person", '"entry_id", "person_id"', HERE),
    (ENTRY, "source", '"source"', HERE),
    (ENTRY, "code", '"code"', HERE),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and add what an entry says."""
    db.bind([_Record, *TABLES])
    db.create_tables(TABLES)
    migrator.migrate(*(migrator.add_column(ENTRY, *column) for column in COLUMNS.items()))
    migrator.migrate(migrator.add_index(ENTRY, ("organization_id", "start")))
    for table, name, columns, where in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ({columns}) WHERE {where}'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for name in ("source", "code"):
        db.execute_sql(f'DROP INDEX "{ENTRY}_one_{name}"')
    for name in ("organization_id_start", "post_id"):
        migrator.migrate(migrator.drop_index(ENTRY, f"{ENTRY}_{name}"))
    migrator.migrate(*(migrator.drop_column(ENTRY, name) for name in reversed(COLUMNS)))
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table._meta.table_name))
