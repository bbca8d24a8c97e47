"""Programmes, procurements, contracts, and what is paid on them."""

from typing import Any

import peewee as pw

import lifang as lf


class _Community(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "core_community"


class _Organization(pw.Model):
    id = lf.IdField()

    class Meta:
        table_name = "core_organization"


class _Record(pw.Model):
    id = lf.IdField()
    version = pw.IntegerField(default=1)
    created_at = lf.InstantField()
    created_by = pw.BigIntegerField(null=True)
    updated_at = lf.InstantField()
    removed_at = lf.InstantField(null=True)


class _Programme(_Record):
    name = pw.CharField(max_length=120)
    community = pw.ForeignKeyField(_Community)
    budget_year = pw.IntegerField()
    source = pw.CharField(max_length=20, default="local")
    amount = lf.Money()
    recurring = pw.BooleanField(default=False)
    catalogue_code = pw.CharField(max_length=40, null=True)
    demand = pw.TextField()
    users_consulted = pw.TextField(null=True)
    consulted_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="draft")

    class Meta:
        table_name = "agency_contracts_programme"


class _Procurement(_Record):
    programme = pw.ForeignKeyField(_Programme)
    method = pw.CharField(max_length=20)
    object = pw.CharField(max_length=20)
    announced_on = lf.DayField(null=True)
    notice_url = pw.CharField(max_length=500, null=True)
    bid_deadline = lf.InstantField(null=True)
    winner = pw.ForeignKeyField(_Organization, null=True)
    award = lf.Money(null=True)
    award_notice_on = lf.DayField(null=True)
    award_url = pw.CharField(max_length=500, null=True)
    state = pw.CharField(max_length=40, default="preparing")

    class Meta:
        table_name = "agency_contracts_procurement"


class _Contract(_Record):
    name = pw.CharField(max_length=120)
    community = pw.ForeignKeyField(_Community)
    programme = pw.ForeignKeyField(_Programme)
    purchaser = pw.ForeignKeyField(_Organization)
    procurement = pw.ForeignKeyField(_Procurement, null=True)
    provider = pw.ForeignKeyField(_Organization, null=True)
    provider_grade = pw.CharField(max_length=2, null=True)
    provider_grade_until = lf.DayField(null=True)
    number = pw.CharField(max_length=60, null=True)
    amount = lf.Money(null=True)
    starts_on = lf.DayField(null=True)
    ends_on = lf.DayField(null=True)
    award_notice_on = lf.DayField(null=True)
    agreed_on = lf.DayField(null=True)
    signed_on = lf.DayField(null=True)
    sign_due = lf.DayField(null=True)
    late_reason = pw.CharField(max_length=200, null=True)
    publish_due = lf.DayField(null=True)
    published_on = lf.DayField(null=True)
    published_url = pw.CharField(max_length=500, null=True)
    file_due = lf.DayField(null=True)
    filed_on = lf.DayField(null=True)
    score = pw.IntegerField(null=True)
    grade = pw.CharField(max_length=10, null=True)
    judged = pw.BigIntegerField(null=True)
    missing_month = pw.CharField(max_length=7, null=True)
    appeal_until = lf.DayField(null=True)
    rectify_until = lf.DayField(null=True)
    demands = pw.TextField(null=True)
    rectified = pw.TextField(null=True)
    barred_year = pw.IntegerField(null=True)
    preferred_year = pw.IntegerField(null=True)
    user_opinions = pw.TextField(null=True)
    result_published_on = lf.DayField(null=True)
    data_returned_on = lf.DayField(null=True)
    data_return = pw.TextField(null=True)
    settled_on = lf.DayField(null=True)
    keep_until = lf.DayField(null=True)
    end_reason = pw.TextField(null=True)
    liquidation = pw.TextField(null=True)
    state = pw.CharField(max_length=40, default="planned")

    class Meta:
        table_name = "agency_contracts_contract"


class _Supplement(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    amount = lf.Money()
    reason = pw.CharField(max_length=200)
    agreed_on = lf.DayField(null=True)
    state = pw.CharField(max_length=40, default="drafted")

    class Meta:
        table_name = "agency_contracts_supplement"


class _Payment(_Record):
    contract = pw.ForeignKeyField(_Contract)
    provider = pw.ForeignKeyField(_Organization, null=True)
    supplement = pw.ForeignKeyField(_Supplement, null=True)
    number = pw.IntegerField()
    amount = lf.Money()
    condition = pw.CharField(max_length=200, null=True)
    applied_on = lf.DayField(null=True)
    paid_on = lf.DayField(null=True)
    voucher = pw.CharField(max_length=60, null=True)
    block_reason = pw.CharField(max_length=200, null=True)
    state = pw.CharField(max_length=40, default="due")

    class Meta:
        table_name = "agency_contracts_payment"


TABLES = [_Programme, _Procurement, _Contract, _Supplement, _Payment]
UNIQUE = (
    (
        "agency_contracts_programme",
        "community_budget_year_name",
        '"community_id", "budget_year", "name"',
        '("removed_at" IS NULL)',
    ),
    ("agency_contracts_contract", "number", '"number"', '("removed_at" IS NULL)'),
    ("agency_contracts_contract", "procurement", '"procurement_id"', '("removed_at" IS NULL)'),
    (
        "agency_contracts_payment",
        "contract_number",
        '"contract_id", "number"',
        '("removed_at" IS NULL)',
    ),
    ("agency_contracts_payment", "supplement", '"supplement_id"', '("removed_at" IS NULL)'),
)
"""What stands once: removed records do not count."""


def up(migrator: Any, db: Any) -> None:
    """Make the tables of buying."""
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
