"""Amounts that belong to somebody (points, hours, budgets), in double entry and in lots.

An owner's accounts are five sides: what was *granted* comes in, is their *own* until it is *held*
for something, *spent*, or *expired*. Every entry's postings sum to zero, so the five always do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.ledger import LedgerAccount, LedgerEntry, LedgerLot, LedgerPosting
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.store.record import Record

GRANTED, OWN, HELD, SPENT, EXPIRED = ("granted", "own", "held", "spent", "expired")

Posting = tuple[str, Any, int]
"""A side, the lot, and by how much the side changes."""


@dataclass(frozen=True)
class Balance:
    """What an owner has on a day: to spend, held for something, and in which lots, the next first.

    A lot is the day it expires after, or None, and what is left of it.
    """

    available: int
    held: int
    lots: tuple[tuple[dt.date | None, int], ...]


@dataclass(frozen=True)
class Line:
    """An entry as a statement shows it: what it changed of the owner's own, and what there was."""

    entry: int
    day: dt.date
    kind: str
    memo: str
    amount: int
    balance: int


@dataclass(frozen=True)
class _Fact:
    kind: str
    key: str
    day: dt.date | None
    memo: str


class Ledger:
    """One kind of amount, in whole units (points, minutes, fen); `name` is `<plugin>.<ledger>`.

    Everything that changes it is called inside a transaction, that of an action or a handler. A
    `key` says what an entry is for and is entered once: a second time gives the first entry back,
    so an event told twice counts once.
    """

    def __init__(self, name: str, label: str, *, unit: str = "") -> None:
        """Name a ledger; its accounts come into being when something is entered."""
        self.name, self.label, self.unit = name, label, unit

    def grant(  # noqa: PLR0913 – an entry says many things, each by name
        self,
        owner: Record,
        caller: Caller,
        amount: int,
        *,
        key: str,
        day: dt.date | None = None,
        expires: dt.date | None = None,
        memo: str = "",
    ) -> int:
        """Let an owner have an amount, as a lot that may expire after a day; gives the entry."""
        entry, fresh = self._enter(owner, caller, _Fact("grant", key, day, memo))
        if fresh:
            _demand(amount)
            own = self._account(entry.owner, OWN)
            lot = LedgerLot.create(account=own, entry=entry, amount=amount, left=0, expires=expires)
            self._post(entry, [(GRANTED, lot, -amount), (OWN, lot, amount)])
        return int(entry.id)

    def spend(
        self, owner: Record, caller: Caller, amount: int, *, key: str,
        day: dt.date | None = None, memo: str = "",
    ) -> int:  # fmt: skip
        """Spend from the lots that expire first; Conflict where there is not enough that day."""
        return self._take(owner, caller, amount, SPENT, _Fact("spend", key, day, memo))

    def hold(
        self, owner: Record, caller: Caller, amount: int, *, key: str,
        day: dt.date | None = None, memo: str = "",
    ) -> int:  # fmt: skip
        """Put an amount aside, to be settled or released later; Conflict where it is not there."""
        return self._take(owner, caller, amount, HELD, _Fact("hold", key, day, memo))

    def settle(self, entry: int, caller: Caller, *, day: dt.date | None = None) -> int:
        """Spend what an entry holds; Conflict when it was settled or released before."""
        held = self._held(entry)
        moves = [(HELD, lot, -amount) for side, lot, amount in _postings(held) if side == HELD]
        moves += [(SPENT, lot, -amount) for _side, lot, amount in moves]
        return self._counter(held, caller, _Fact("settle", "", day, ""), moves)

    def release(self, entry: int, caller: Caller, *, day: dt.date | None = None) -> int:
        """Give back what an entry holds, to the lots it came from; Conflict as with `settle`."""
        held = self._held(entry)
        moves = [(side, lot, -amount) for side, lot, amount in _postings(held)]
        return self._counter(held, caller, _Fact("release", "", day, ""), moves)

    def reverse(
        self, entry: int, caller: Caller, *, memo: str, day: dt.date | None = None,
        partial: bool = False,
    ) -> int:  # fmt: skip
        """Take an entry back by a counter-entry; nothing is removed.

        What a grant gave is taken from its own lot, then from the others. Where less is there,
        Conflict, or with `partial` as much as there is. Conflict when it was taken back before.
        """
        told: Any = LedgerEntry.get_by_id(entry)
        _demand_open(told)
        moves = [(side, lot, -amount) for side, lot, amount in _postings(told)]
        if told.kind == "grant":
            (_side, own_lot, amount), *_rest = [one for one in moves if one[0] == OWN]
            lots = self._lots(told.owner, day or clock.today())
            first = [lot for lot in lots if lot.id == own_lot.id]
            taken = _fifo(first + [lot for lot in lots if lot.id != own_lot.id], -amount)
            short = -amount - sum(part for _lot, part in taken)
            if short and not partial:
                raise self._short(-amount - short, -amount)
            moves = [(OWN, lot, -part) for lot, part in taken]
            moves += [(GRANTED, lot, part) for lot, part in taken]
        elif told.kind not in ("spend", "settle"):
            raise Conflict(_("这一笔不能冲正"))
        return self._counter(told, caller, _Fact("reverse", "", day, memo), moves)

    def expire(self, caller: Caller, day: dt.date, *, most: int = 500) -> int:
        """Move out what expired before a day, some lots at a time; says how many there were.

        Spending never touches an expired lot, whether or not this has run.
        """
        mine = LedgerAccount.ledger == self.name
        rows: Any = (
            LedgerLot.select(LedgerLot, LedgerAccount)
            .join(LedgerAccount)
            .where(mine, LedgerLot.left > 0, LedgerLot.expires < day)
            .order_by(LedgerLot.id)
            .limit(most)
        )
        lots = list(rows)
        for lot in lots:
            last = LedgerPosting.select(pw.fn.MAX(LedgerPosting.id)).where(LedgerPosting.lot == lot)
            key = f"expire/{lot.id}/{last.scalar()}"  # what is released later expires once more
            entry, fresh = self._enter(lot.account.owner, caller, _Fact("expire", key, day, ""))
            if fresh:
                self._post(entry, [(OWN, lot, -lot.left), (EXPIRED, lot, lot.left)])
        return len(lots)

    def expiring(self, caller: Caller, first: dt.date, last: dt.date) -> dict[int, int]:
        """What is there and expires after a day of these: the owners' ids, and how much each."""
        mine = (LedgerAccount.ledger == self.name, LedgerLot.left > 0)
        total = pw.fn.SUM(LedgerLot.left)
        rows: Any = (
            LedgerLot.select(LedgerAccount.owner, total)
            .join(LedgerAccount)
            .where(*mine, LedgerLot.expires >= first, LedgerLot.expires <= last)
            .group_by(LedgerAccount.owner)
        )
        return {int(name.rpartition("/")[2]): int(left) for name, left in rows.tuples()}

    def holds(self, entry: int) -> bool:
        """Whether an entry holds something that was neither settled nor released."""
        mine = (LedgerEntry.id == entry, LedgerEntry.ledger == self.name)
        told = LedgerEntry.get_or_none(*mine, LedgerEntry.kind == "hold")
        countered = LedgerEntry.select().where(LedgerEntry.counters == entry)
        return told is not None and not countered.exists()

    def balance(self, owner: Record, caller: Caller, day: dt.date | None = None) -> Balance:
        """What an owner has on a day, today by default."""
        name = caller.instance.registry.named(owner)
        lots = self._lots(name, day or clock.today())
        held = LedgerAccount.select(LedgerAccount.balance).where(*self._side(name, HELD))
        told = tuple((lot.expires, int(lot.left)) for lot in lots)
        return Balance(sum(left for _day, left in told), int(held.scalar() or 0), told)

    def statement(
        self, owner: Record, caller: Caller, since: dt.date, until: dt.date
    ) -> tuple[int, list[Line], int]:
        """What an owner had before a day, what changed up to another, and what they had then."""
        name = caller.instance.registry.named(owner)
        change = pw.fn.SUM(LedgerPosting.amount)
        rows: Any = (
            LedgerPosting.select(LedgerEntry, change.alias("amount"))
            .join(LedgerEntry)
            .switch(LedgerPosting)
            .join(LedgerAccount)
            .where(*self._side(name, OWN), LedgerEntry.day <= until)
            .group_by(LedgerEntry)
            .order_by(LedgerEntry.day, LedgerEntry.id)
        )
        opening, balance, lines = 0, 0, []
        for row in rows:
            entry, amount = row.entry, int(row.amount)
            balance += amount
            if entry.day < since:
                opening = balance
            else:
                lines.append(
                    Line(int(entry.id), entry.day, entry.kind, entry.memo, amount, balance)
                )
        return opening, lines, balance

    def _take(self, owner: Record, caller: Caller, amount: int, side: str, fact: _Fact) -> int:
        entry, fresh = self._enter(owner, caller, fact)
        if fresh:
            _demand(amount)
            lots = self._lots(entry.owner, entry.day)
            taken = _fifo(lots, amount)
            if sum(part for _lot, part in taken) < amount:
                raise self._short(sum(int(lot.left) for lot in lots), amount)
            moves = [(OWN, lot, -part) for lot, part in taken]
            self._post(entry, moves + [(side, lot, part) for lot, part in taken])
        return int(entry.id)

    def _enter(
        self, owner: Record | str, caller: Caller, fact: _Fact, counters: int | None = None
    ) -> tuple[Any, bool]:
        """The entry of a key, made if it is not there; says whether it is new."""
        mine = (LedgerEntry.ledger == self.name, LedgerEntry.key == fact.key)
        known = LedgerEntry.get_or_none(*mine)
        if known is not None:
            return known, False
        named = owner if isinstance(owner, str) else caller.instance.registry.named(owner)
        told = vars(replace(fact, day=fact.day or clock.today()))
        entry = LedgerEntry.create(
            **told, ledger=self.name, owner=named, at=clock.now(), actor=caller.name,
            counters=counters,
        )  # fmt: skip
        return entry, True

    def _counter(self, told: Any, caller: Caller, fact: _Fact, moves: Iterable[Posting]) -> int:
        _demand_open(told)
        fact = replace(fact, key=f"{fact.kind}/{told.id}")
        entry, _fresh = self._enter(told.owner, caller, fact, int(told.id))
        self._post(entry, list(moves))
        return int(entry.id)

    def _post(self, entry: Any, moves: list[Posting]) -> None:
        """Write an entry's postings; each side and lot follows, and none falls below zero."""
        changes: dict[str, int] = {}
        for side, lot, amount in moves:
            changes[side] = changes.get(side, 0) + amount
            account = self._account(entry.owner, side)
            LedgerPosting.create(entry=entry, account=account, lot=lot, amount=amount)
            if side == OWN:
                left = LedgerLot.left + amount
                enough = (LedgerLot.id == lot.id) & (left >= 0)
                if not LedgerLot.update(left=left).where(enough).execute():
                    raise self._short(0, -amount)
        if sum(changes.values()):
            raise ValueError(f"the postings of {entry.kind} {entry.key} do not sum to zero")
        for side, amount in changes.items():
            account = self._account(entry.owner, side)
            after = LedgerAccount.balance + amount
            mine = LedgerAccount.id == account.id
            if side != GRANTED:
                mine &= after >= 0
            if not LedgerAccount.update(balance=after).where(mine).execute():
                raise self._short(int(account.balance), -amount)

    def _account(self, owner: str, side: str) -> Any:
        found = LedgerAccount.get_or_none(*self._side(owner, side))
        if found is not None:
            return found
        LedgerAccount.insert(
            ledger=self.name, owner=owner, side=side
        ).on_conflict_ignore().execute()
        return LedgerAccount.get(*self._side(owner, side))

    def _side(self, owner: str, side: str) -> tuple[Any, ...]:
        account = LedgerAccount
        return account.ledger == self.name, account.owner == owner, account.side == side

    def _lots(self, owner: str, day: dt.date) -> list[Any]:
        """What can be spent on a day, in the order in which it is."""
        rows: Any = (
            LedgerLot.select()
            .join(LedgerAccount)
            .where(
                *self._side(owner, OWN),
                LedgerLot.left > 0,
                LedgerLot.expires.is_null() | (LedgerLot.expires >= day),
            )
            .order_by(LedgerLot.expires.is_null(), LedgerLot.expires, LedgerLot.id)
        )
        return list(rows)

    def _held(self, entry: int) -> Any:
        mine = (LedgerEntry.ledger == self.name, LedgerEntry.kind == "hold")
        told = LedgerEntry.get_or_none(LedgerEntry.id == entry, *mine)
        if told is None:
            raise Conflict(_("没有这样一笔冻结"))
        return told

    def _short(self, there: int, wanted: int) -> Conflict:
        told = {"left": f"{there}{_(self.unit)}", "need": f"{wanted}{_(self.unit)}"}
        return Conflict(_("余额不足：可用 {left}，需要 {need}", **told))


def discrepancies() -> list[str]:
    """What does not add up in any ledger; nothing ever should, and whoever doubts may ask."""
    found = []
    sums = LedgerPosting.select(LedgerPosting.entry, pw.fn.SUM(LedgerPosting.amount))
    uneven: Any = sums.group_by(LedgerPosting.entry).having(pw.fn.SUM(LedgerPosting.amount) != 0)
    found += [f"entry {entry} sums to {amount}" for entry, amount in uneven.tuples()]
    total = pw.fn.COALESCE(pw.fn.SUM(LedgerPosting.amount), 0)
    kept: Any = (
        LedgerAccount.select(LedgerAccount.id, LedgerAccount.balance, total)
        .join(LedgerPosting, pw.JOIN.LEFT_OUTER)
        .group_by(LedgerAccount.id, LedgerAccount.balance)
        .having(total != LedgerAccount.balance)
    )
    found += [f"account {id} keeps {balance}, not {sum}" for id, balance, sum in kept.tuples()]
    lots: Any = (
        LedgerLot.select(LedgerLot.id, LedgerLot.left, total)
        .join(
            LedgerPosting,
            pw.JOIN.LEFT_OUTER,
            on=(LedgerPosting.lot == LedgerLot.id) & (LedgerPosting.account == LedgerLot.account),
        )
        .group_by(LedgerLot.id, LedgerLot.left)
        .having((total != LedgerLot.left) | (LedgerLot.left < 0))
    )
    found += [f"lot {id} has {left} left, not {sum}" for id, left, sum in lots.tuples()]
    return found


def _postings(entry: Any) -> list[Posting]:
    rows: Any = (
        LedgerPosting.select(LedgerPosting, LedgerAccount)
        .join(LedgerAccount)
        .where(LedgerPosting.entry == entry.id)
        .order_by(LedgerPosting.id)
    )
    return [(row.account.side, row.lot, int(row.amount)) for row in rows]


def _fifo(lots: Iterable[Any], amount: int) -> list[tuple[Any, int]]:
    """How much of which lot makes up an amount, as far as there is enough."""
    taken = []
    for lot in lots:
        if part := min(int(lot.left), amount):
            taken.append((lot, part))
            amount -= part
    return taken


def _demand_open(entry: Any) -> None:
    if LedgerEntry.select().where(LedgerEntry.counters == entry.id).exists():
        raise Conflict(_("这一笔已经处理过，不能再处理一次"))


def _demand(amount: int) -> None:
    if amount <= 0:
        raise ValueError(f"an amount of {amount}: only what is above zero can be entered")
