"""Evaluations, what each thing got, and appeals."""

from typing import Any

import peewee as pw

import lifang as lf

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


def up(migrator: Any, db: Any) -> None:
    """Make the tables of judgements."""

    class Contract(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "agency_contracts_contract"

    class Organization(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_organization"

    class Record(pw.Model):
        id = lf.IdField()
        version = pw.IntegerField(default=1)
        created_at = lf.InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = lf.InstantField()
        removed_at = lf.InstantField(null=True)

        class Meta:
            database = db

    class Evaluation(Record):
        contract = pw.ForeignKeyField(Contract)
        stage = pw.CharField(max_length=10)
        evaluator = pw.ForeignKeyField(Organization)
        summary = pw.TextField(null=True)
        total = pw.IntegerField(null=True)
        grade = pw.CharField(max_length=10, null=True)
        kept = pw.TextField(null=True)
        round = pw.IntegerField(default=0)
        demands = pw.TextField(null=True)
        state = pw.CharField(max_length=40, default="commissioned")

        class Meta:
            table_name = "agency_contracts_evaluation"

    class ScoreItem(Record):
        evaluation = pw.ForeignKeyField(Evaluation)
        evaluator = pw.ForeignKeyField(Organization, null=True)
        dimension = pw.CharField(max_length=20)
        name = pw.CharField(max_length=120)
        full = pw.IntegerField()
        points = pw.IntegerField(null=True)
        degree = pw.CharField(max_length=10, null=True)
        proof = pw.CharField(max_length=200)
        reason = pw.CharField(max_length=200)

        class Meta:
            table_name = "agency_contracts_score_item"

    class Appeal(Record):
        contract = pw.ForeignKeyField(Contract)
        provider = pw.ForeignKeyField(Organization, null=True)
        grounds = pw.TextField()
        decision = pw.TextField(null=True)
        state = pw.CharField(max_length=40, default="filed")

        class Meta:
            table_name = "agency_contracts_appeal"

    db.create_tables([Evaluation, ScoreItem, Appeal])

    # what stands once: removed records do not count
    for table, name, columns, where in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ({columns}) WHERE {where}'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for table in (
        "agency_contracts_appeal",
        "agency_contracts_score_item",
        "agency_contracts_evaluation",
    ):
        migrator.migrate(migrator.drop_table(table))
