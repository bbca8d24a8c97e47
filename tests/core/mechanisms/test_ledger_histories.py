"""Whatever is entered in whatever order, a ledger says what a model of a few lines says."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lifang.entities.ledger import LedgerAccount, LedgerEntry, LedgerLot, LedgerPosting
from lifang.kit.errors import Conflict
from lifang.mechanisms.ledger import Ledger, discrepancies
from lifang.services.instance import Instance
from lifang.testing import world

FIRST = dt.date(2026, 1, 1)
amounts = st.integers(1, 12)
ledger = Ledger("probe.points", "积分")
numbers = itertools.count()


class Histories(RuleBasedStateMachine):
    """Lots as pairs of expiry and amount; what is held remembers where it came from."""

    instance: Instance
    owner: Any

    @initialize()
    def begin(self) -> None:
        for table in (LedgerPosting, LedgerLot, LedgerEntry, LedgerAccount):
            table.delete().execute()
        self.caller = world.boss(self.instance)
        self.today = FIRST
        self.lots: list[list[Any]] = []
        self.holds: dict[int, list[tuple[list[Any], int]]] = {}
        self.spends: dict[int, list[tuple[list[Any], int]]] = {}

    def enter(self, what: str, *told: Any, **more: Any) -> int:
        with self.instance.database.transaction():
            return int(getattr(ledger, what)(told[0], self.caller, *told[1:], **more))

    def good(self) -> list[list[Any]]:
        alive = [lot for lot in self.lots if lot[1] and (lot[0] is None or lot[0] >= self.today)]
        return sorted(alive, key=lambda lot: (lot[0] is None, lot[0] or FIRST, lot[2]))

    @rule(amount=amounts, days=st.none() | st.integers(0, 20))
    def grant(self, amount: int, days: int | None) -> None:
        expires = None if days is None else self.today + dt.timedelta(days=days)
        key = f"k{next(numbers)}"
        self.enter("grant", self.owner, amount, key=key, day=self.today, expires=expires)
        self.enter("grant", self.owner, amount, key=key, day=self.today, expires=expires)
        self.lots.append([expires, amount, len(self.lots)])

    @rule(amount=amounts, what=st.sampled_from(["spend", "hold"]))
    def take(self, amount: int, what: str) -> None:
        key, enough = f"k{next(numbers)}", sum(lot[1] for lot in self.good()) >= amount
        if not enough:
            with pytest.raises(Conflict):
                self.enter(what, self.owner, amount, key=key, day=self.today)
            return
        entry = self.enter(what, self.owner, amount, key=key, day=self.today)
        taken = []
        for lot in self.good():
            part = min(lot[1], amount)
            lot[1] -= part
            amount -= part
            taken += [(lot, part)] if part else []
        (self.holds if what == "hold" else self.spends)[entry] = taken

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), what=st.sampled_from(["settle", "release"]))
    def end_hold(self, data: Any, what: str) -> None:
        entry = data.draw(st.sampled_from(sorted(self.holds)))
        self.enter(what, entry, day=self.today)
        for lot, part in self.holds.pop(entry):
            lot[1] += part if what == "release" else 0

    @precondition(lambda self: self.spends)
    @rule(data=st.data())
    def take_back(self, data: Any) -> None:
        entry = data.draw(st.sampled_from(sorted(self.spends)))
        self.enter("reverse", entry, memo="x", day=self.today)
        for lot, part in self.spends.pop(entry):
            lot[1] += part
        with pytest.raises(Conflict):
            self.enter("reverse", entry, memo="x", day=self.today)

    @rule(days=st.integers(1, 15))
    def pass_time(self, days: int) -> None:
        self.today += dt.timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        with self.instance.database.transaction():
            while ledger.expire(self.caller, self.today, most=2):
                pass
        for lot in self.lots:
            if lot[0] is not None and lot[0] < self.today:
                lot[1] = 0

    @invariant()
    def as_the_model(self) -> None:
        if not hasattr(self, "lots"):
            return
        told = ledger.balance(self.owner, self.caller, self.today)
        assert told.lots == tuple((lot[0], lot[1]) for lot in self.good())
        assert told.held == sum(part for some in self.holds.values() for _lot, part in some)
        assert discrepancies() == []


def test_any_history_of_a_ledger_is_what_the_model_says(empty_instance: Instance, tmp_path: Path):
    world.plant(empty_instance)
    Histories.instance, Histories.owner = empty_instance, world.person(empty_instance, "张晓燕")
    Histories.TestCase.settings = settings(
        max_examples=25, stateful_step_count=30, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    Histories.TestCase("runTest").runTest()
