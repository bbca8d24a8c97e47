"""Programmes, procurements, contracts, and what is paid on them."""

from typing import Any

import peewee as pw

import lifang as lf

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


def up(migrator: Any, db: Any) -> None:
    """Make the tables of buying."""

    class Community(pw.Model):
        id = lf.IdField()

        class Meta:
            database = db
            table_name = "core_community"

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

    class Programme(Record):
        name = pw.CharField(max_length=120)
        community = pw.ForeignKeyField(Community)
        budget_year = pw.IntegerField()
        source = pw.CharField(max_length=20, default="local")
        amount = pw.BigIntegerField()
        recurring = pw.BooleanField(default=False)
        catalogue_code = pw.CharField(max_length=40, null=True)
        demand = pw.TextField()
        users_consulted = pw.TextField(null=True)
        consulted_on = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="draft")

        class Meta:
            table_name = "agency_contracts_programme"

    class Procurement(Record):
        programme = pw.ForeignKeyField(Programme)
        method = pw.CharField(max_length=20)
        object = pw.CharField(max_length=20)
        announced_on = lf.DayField(null=True)
        notice_url = pw.CharField(max_length=500, null=True)
        bid_deadline = lf.InstantField(null=True)
        winner = pw.ForeignKeyField(Organization, null=True)
        award = pw.BigIntegerField(null=True)
        award_notice_on = lf.DayField(null=True)
        award_url = pw.CharField(max_length=500, null=True)
        state = pw.CharField(max_length=40, default="preparing")

        class Meta:
            table_name = "agency_contracts_procurement"

    class Contract(Record):
        name = pw.CharField(max_length=120)
        community = pw.ForeignKeyField(Community)
        programme = pw.ForeignKeyField(Programme)
        purchaser = pw.ForeignKeyField(Organization)
        procurement = pw.ForeignKeyField(Procurement, null=True)
        provider = pw.ForeignKeyField(Organization, null=True)
        provider_grade = pw.CharField(max_length=2, null=True)
        provider_grade_until = lf.DayField(null=True)
        number = pw.CharField(max_length=60, null=True)
        amount = pw.BigIntegerField(null=True)
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
        rectified = pw.TextField(null=True)
        barred_year = pw.IntegerField(null=True)
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

    class Supplement(Record):
        contract = pw.ForeignKeyField(Contract)
        provider = pw.ForeignKeyField(Organization, null=True)
        amount = pw.BigIntegerField()
        reason = pw.CharField(max_length=200)
        agreed_on = lf.DayField(null=True)
        state = pw.CharField(max_length=40, default="drafted")

        class Meta:
            table_name = "agency_contracts_supplement"

    class Payment(Record):
        contract = pw.ForeignKeyField(Contract)
        provider = pw.ForeignKeyField(Organization, null=True)
        supplement = pw.ForeignKeyField(Supplement, null=True)
        number = pw.IntegerField()
        amount = pw.BigIntegerField()
        condition = pw.CharField(max_length=200, null=True)
        applied_on = lf.DayField(null=True)
        paid_on = lf.DayField(null=True)
        voucher = pw.CharField(max_length=60, null=True)
        block_reason = pw.CharField(max_length=200, null=True)
        state = pw.CharField(max_length=40, default="due")

        class Meta:
            table_name = "agency_contracts_payment"

    db.create_tables([Programme, Procurement, Contract, Supplement, Payment])

    # what stands once: removed records do not count
    for table, name, columns, where in UNIQUE:
        db.execute_sql(
            f'CREATE UNIQUE INDEX "{table}_one_{name}" ON "{table}" ({columns}) WHERE {where}'
        )


def down(migrator: Any, db: Any) -> None:
    """Take them away, the last first."""
    for table in (
        "agency_contracts_payment",
        "agency_contracts_supplement",
        "agency_contracts_contract",
        "agency_contracts_procurement",
        "agency_contracts_programme",
    ):
        migrator.migrate(migrator.drop_table(table))
