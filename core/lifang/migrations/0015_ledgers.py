"""Accounts in double entry, with lots that expire."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""

    class Base(pw.Model):
        class Meta:
            database = db
            legacy_table_names = False

    class LedgerAccount(Base):
        id = IdField()
        ledger = pw.CharField(max_length=100)
        owner = pw.CharField(max_length=120)
        side = pw.CharField(max_length=10)
        balance = pw.BigIntegerField(default=0)

        class Meta:
            table_name = "core_ledger_account"
            indexes = ((("ledger", "owner", "side"), True),)

    class LedgerEntry(Base):
        id = IdField()
        ledger = pw.CharField(max_length=100)
        owner = pw.CharField(max_length=120)
        kind = pw.CharField(max_length=10)
        key = pw.CharField(max_length=160)
        day = DayField()
        at = InstantField()
        actor = pw.CharField(max_length=120)
        memo = pw.CharField(max_length=400)
        counters = pw.BigIntegerField(null=True, unique=True)

        class Meta:
            table_name = "core_ledger_entry"
            indexes = ((("ledger", "key"), True), (("ledger", "owner", "day"), False))

    class LedgerLot(Base):
        id = IdField()
        account = pw.ForeignKeyField(LedgerAccount)
        entry = pw.ForeignKeyField(LedgerEntry)
        amount = pw.BigIntegerField()
        left = pw.BigIntegerField()
        expires = DayField(null=True)

        class Meta:
            table_name = "core_ledger_lot"
            indexes = ((("account", "expires"), False),)

    class LedgerPosting(Base):
        id = IdField()
        entry = pw.ForeignKeyField(LedgerEntry)
        account = pw.ForeignKeyField(LedgerAccount)
        lot = pw.ForeignKeyField(LedgerLot, null=True)
        amount = pw.BigIntegerField()

        class Meta:
            table_name = "core_ledger_posting"

    db.create_tables([LedgerAccount, LedgerEntry, LedgerLot, LedgerPosting])


def down(migrator: Any, db: Any) -> None:
    """Forget them."""
    for name in ("posting", "lot", "entry", "account"):
        migrator.migrate(migrator.drop_table(f"core_ledger_{name}"))
