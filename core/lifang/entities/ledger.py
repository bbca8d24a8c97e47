"""Accounts in double entry: what was granted, held, spent and taken back, in lots."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.record import Table


class LedgerAccount(Table):
    """One side of a ledger: somebody's own or held amount, or where amounts come from and go to.

    `owner` is a record (`volunteer_points.account/7`), or empty for a side of the whole ledger.
    `balance` is the sum of its postings; whoever posts writes it, so that two at once collide.
    """

    id = IdField()
    ledger = pw.CharField(max_length=100)
    owner = pw.CharField(max_length=120)
    side = pw.CharField(max_length=10)
    balance = pw.BigIntegerField(default=0)

    class Meta:
        """One account per ledger, owner and side."""

        table_name = "core_ledger_account"
        indexes = ((("ledger", "owner", "side"), True),)


class LedgerEntry(Table):
    """One fact about amounts; none is ever changed or removed, only countered by another.

    `key` names what it is for, once per ledger; `counters` is the entry that it takes back.
    """

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
        """What has a key already is not entered twice."""

        table_name = "core_ledger_entry"
        indexes = ((("ledger", "key"), True), (("ledger", "owner", "day"), False))


class LedgerLot(Table):
    """An amount that came in at once and expires as a whole; `left` is what can still be spent."""

    id = IdField()
    account = pw.ForeignKeyField(LedgerAccount)
    entry = pw.ForeignKeyField(LedgerEntry)
    amount = pw.BigIntegerField()
    left = pw.BigIntegerField()
    expires = DayField(null=True)

    class Meta:
        """Spent in the order in which they expire."""

        table_name = "core_ledger_lot"
        indexes = ((("account", "expires"), False),)


class LedgerPosting(Table):
    """An entry's effect on one account, in one lot; the postings of an entry sum to zero."""

    id = IdField()
    entry = pw.ForeignKeyField(LedgerEntry)
    account = pw.ForeignKeyField(LedgerAccount)
    lot = pw.ForeignKeyField(LedgerLot, null=True)
    amount = pw.BigIntegerField()

    class Meta:
        """A table of the machine."""

        table_name = "core_ledger_posting"
