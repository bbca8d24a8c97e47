"""Evaluations, what each thing got, and appeals."""

from typing import Any

import peewee as pw

import lifang as lf


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


class _Evaluation(_Record):
    contract = pw.ForeignKeyField(_Contract)
    stage = pw.CharField(max_length=10)
    evaluator = pw.ForeignKeyField(_Organization)
    expert = pw.ForeignKeyField(_Person, null=True)
    summary = pw.TextField(null=True)
    total = pw.IntegerField(null=True)
    grade = pw.CharField(max_length=10, null=True)
    kept = pw.TextField(null=True)
    round = pw.IntegerField(default=0)
    state = pw.CharField(max_length=40, default="commissioned")

    class Meta:
        table_name = "agency_contracts_evaluation"


class _ScoreItem(_Record):
    evaluation = pw.ForeignKeyField(_Evaluation)
    evaluator = pw.ForeignKeyField(_Organization, null=True)
    dimension = pw.CharField(max_length=20)
    name = pw.CharField(max_length=120)
    full = pw.IntegerField()
    points = pw.IntegerField(null=True)
    degree = pw.CharField(max_length=10, null=True)
    proof = pw.CharField(max_length=200)
    reason = pw.CharField(max_length=200)

    class Meta:
        table_name = "agency_contracts_score_item"


class _Appeal(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    grounds = pw.TextField()
    decision = pw.TextField(null=True)
    state = pw.CharField(max_length=40, default="filed")

    class Meta:
        table_name = "agency_contracts_appeal"


TABLES = [_Evaluation, _ScoreItem, _Appeal]
UNIQUE = (
    (
        "agency_contracts_evaluation",
        "contract_stage",
        '"contract_id", "stage"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_score_item",
        "evaluation_dimension_name",
        '"evaluation_id", "dimension", "name"',
        '("removed_at" IS NULL)',
    ),
    (
        "agency_contracts_appeal",
        "contract",
        '"contract_id"',
        """(("removed_at" IS NULL) AND ("state" IN ('filed')))""",
    ),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables of judgements."""
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
