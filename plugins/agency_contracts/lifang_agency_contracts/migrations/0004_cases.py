"""Case files and what happened in them."""

from typing import Any

import peewee as pw

import lifang as lf


class _Contract(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "agency_contracts_contract"


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


class _CaseFile(_Record):
    contract = pw.ForeignKeyField(_Contract)
    called = pw.CharField(max_length=20)
    client = pw.CharField(max_length=60)
    sex = pw.CharField(max_length=12, default="unknown")
    born = pw.IntegerField(null=True)
    situation = pw.TextField()
    plan = pw.TextField(null=True)
    outcome = pw.TextField(null=True)
    worker = pw.ForeignKeyField(_Person, null=True)
    supervisor = pw.ForeignKeyField(_Person, null=True)
    expert = pw.ForeignKeyField(_Person, null=True)
    state = pw.CharField(max_length=40, default="open")

    class Meta:
        table_name = "agency_contracts_case_file"


class _CaseNote(_Record):
    case = pw.ForeignKeyField(_CaseFile)
    day = lf.DayField()
    text = pw.TextField()

    class Meta:
        table_name = "agency_contracts_case_note"


TABLES = [_CaseFile, _CaseNote]
UNIQUE = (
    (
        "agency_contracts_case_file",
        "contract_called",
        '"contract_id", "called"',
        '("removed_at" IS NULL)',
    ),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables of cases."""
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
