"""Whatever volunteers, shop and time do in whatever order, a model of a few lines says the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import lifang as lf
from lifang.entities.ledger import LedgerEntry, LedgerPosting
from lifang.mechanisms.ledger import discrepancies
from lifang.testing import world
from lifang_volunteer_points.resources import items, redemptions
from lifang_volunteer_points.services import shop
from lifang_volunteer_points.services.points import points
from lifang_volunteer_points.services.shop import stock

PRICE = 3


class Histories(RuleBasedStateMachine):
    """Lots as [last day, left]; a redemption remembers from which lots its points came."""

    station: Any
    people: list[Any]

    @initialize(quantity=st.integers(1, 4), refundable=st.booleans())
    def begin(self, quantity: int, refundable: bool) -> None:  # noqa: FBT001 – drawn
        station = self.station
        station.set(refundable="yes" if refundable else "no")
        told = {"name": "肥皂", "community": {"code": world.HOME}, "points": PRICE}
        made = lf.write(items, "create", station.worker, told)
        self.item = lf.act(shop.restock, made, station.worker, quantity=quantity)
        self.left, self.refundable = quantity, refundable
        self.lots: list[list[list[Any]]] = [[] for _one in self.people]
        for who in self.people:
            had = points.balance(who, station.boss).available
            if had:
                with station.instance.database.transaction():
                    key = f"reset/{self.item.id}/{who.id}"
                    points.spend(who, station.boss, had, key=key)
        self.held: dict[int, tuple[int, list[tuple[list[Any], int]]]] = {}
        self.codes: dict[int, str] = {}
        self.seen: dict[int, Any] = {}

    def good(self, who: int) -> list[list[Any]]:
        return sorted(lot for lot in self.lots[who] if lot[1] and lot[0] >= lf.today())

    @rule(who=st.integers(0, 1), amount=st.integers(1, 8), days=st.integers(0, 12))
    def earn(self, who: int, amount: int, days: int) -> None:
        last = lf.today() + dt.timedelta(days=days)
        key = f"earn/{self.item.id}/{who}/{len(self.lots[who])}"
        for _twice in range(2):
            with self.station.instance.database.transaction():
                points.grant(self.people[who], self.station.boss, amount, key=key, expires=last)
        self.lots[who].append([last, amount])

    @rule(who=st.integers(0, 1))
    def reserve(self, who: int) -> None:
        volunteer = self.people[who]
        told = {"item": self.item.id, "volunteer": volunteer.id}
        caller = self.station.self_of(volunteer)
        if self.left < 1 or sum(lot[1] for lot in self.good(who)) < PRICE:
            with pytest.raises(lf.Conflict):
                lf.write(redemptions, "create", caller, told)
            return
        made = lf.write(redemptions, "create", caller, told)
        rest, taken = PRICE, []
        for lot in self.good(who):
            part = min(rest, lot[1])
            lot[1] -= part
            rest -= part
            taken.append((lot, part))
        self.left -= 1
        self.held[made.id] = (who, taken)
        self.codes[made.id] = made.shown_once["code"]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["pick_up", "cancel"]))
    def end(self, data: Any, how: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.held)))
        who, taken = self.held[number]
        one = lf.get(redemptions, self.station.worker, number)
        if how == "pick_up":
            lf.act(shop.pick_up, one, self.station.worker, code=self.codes[number])
        elif not self.refundable:
            with pytest.raises(lf.Conflict):
                lf.act(shop.cancel, one, self.station.self_of(self.people[who]))
            return
        else:
            lf.act(shop.cancel, one, self.station.self_of(self.people[who]))
            self.left += 1
            for lot, part in taken:
                lot[1] += part
        del self.held[number]

    @rule(days=st.integers(1, 6))
    def pass_time(self, days: int) -> None:
        self.station.clock.later(days=days)

    @invariant()
    def as_the_model(self) -> None:
        if not hasattr(self, "lots"):
            return
        boss = self.station.boss
        for who, volunteer in enumerate(self.people):
            told = points.balance(volunteer, boss)
            assert sum(left for _day, left in told.lots) == sum(lot[1] for lot in self.good(who))
        assert stock.balance(self.item, boss).available == self.left >= 0
        entries = {row.id: row.__data__ for row in LedgerEntry.select()}
        assert {id: entries.get(id) for id in self.seen} == self.seen, "no entry ever changed"
        self.seen = entries
        assert sum(row.amount for row in LedgerPosting.select()) == 0
        assert discrepancies() == []


def test_any_history_of_the_shop_is_what_the_model_says(station: Any):
    Histories.station = station
    Histories.people = [station.volunteer(name) for name in ("李强", "王秀兰")]
    Histories.TestCase.settings = settings(
        max_examples=12, stateful_step_count=15, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    Histories.TestCase("runTest").runTest()
