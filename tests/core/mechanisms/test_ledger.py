"""Amounts are granted, held, spent, expired and taken back by entries that always sum to zero."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.entities.ledger import LedgerEntry, LedgerPosting
from lifang.entities.person import Person
from lifang.kit.errors import Busy, Conflict
from lifang.mechanisms.ledger import Balance, Ledger, discrepancies
from lifang.services.instance import Instance
from lifang.testing import world

points = Ledger("probe.points", "积分", unit="分")

MAY, YEAR_END, NEXT_JUNE = dt.date(2026, 5, 1), dt.date(2026, 12, 31), dt.date(2027, 6, 30)
NEW_YEAR = dt.date(2027, 1, 1)


@pytest.fixture
def owner(instance: Instance) -> Person:
    return world.person(instance, "张晓燕")


@pytest.fixture
def post(instance: Instance, boss: Caller) -> Callable[..., int]:
    """Call something of the ledger in a transaction of its own."""

    def call(what: str, *told: Any, **more: Any) -> int:
        arguments = (told[0], boss, *told[1:])
        with instance.database.transaction():
            return int(getattr(points, what)(*arguments, **more))

    return call


@pytest.fixture(autouse=True)
def adds_up(request: pytest.FixtureRequest, instance: Instance) -> Any:
    yield
    assert discrepancies() == []


def had(owner: Person, caller: Caller, day: dt.date = MAY) -> tuple[int, int]:
    told = points.balance(owner, caller, day)
    return told.available, told.held


def test_what_expires_first_is_spent_first(boss: Caller, owner: Person, post: Any):
    post("grant", owner, 50, key="a", day=MAY, expires=NEXT_JUNE)
    post("grant", owner, 30, key="b", day=MAY, expires=YEAR_END)
    post("grant", owner, 7, key="c", day=MAY)
    post("spend", owner, 40, key="soap", day=MAY)
    assert points.balance(owner, boss, MAY) == Balance(47, 0, ((NEXT_JUNE, 40), (None, 7)))


def test_a_lot_is_good_on_its_last_day_and_never_after_whether_or_not_it_was_swept(
    boss: Caller, owner: Person, post: Any
):
    post("grant", owner, 30, key="a", day=MAY, expires=YEAR_END)
    post("spend", owner, 5, key="last", day=YEAR_END)
    with pytest.raises(Conflict, match="余额不足：可用 0分，需要 1分"):
        post("spend", owner, 1, key="late", day=NEW_YEAR)
    assert had(owner, boss, NEW_YEAR) == (0, 0)
    with owner_transaction(boss):
        assert points.expire(boss, NEW_YEAR) == 1
        assert points.expire(boss, NEW_YEAR) == 0
    assert points.statement(owner, boss, MAY, NEW_YEAR)[2] == 0


def owner_transaction(caller: Caller) -> Any:
    return caller.instance.database.transaction()


def test_more_than_there_is_cannot_be_spent_or_held_and_leaves_nothing(
    boss: Caller, owner: Person, post: Any
):
    post("grant", owner, 10, key="a", day=MAY)
    for what in ("spend", "hold"):
        with pytest.raises(Conflict, match="余额不足：可用 10分，需要 11分"):
            post(what, owner, 11, key="x", day=MAY)
    assert LedgerEntry.select().count() == 1
    assert had(owner, boss) == (10, 0)


def test_what_is_held_goes_back_to_the_lots_it_came_from(boss: Caller, owner: Person, post: Any):
    post("grant", owner, 30, key="a", day=MAY, expires=YEAR_END)
    post("grant", owner, 50, key="b", day=MAY, expires=NEXT_JUNE)
    hold = post("hold", owner, 40, key="code", day=MAY)
    assert had(owner, boss) == (40, 40)
    post("release", hold, day=NEW_YEAR)
    assert points.balance(owner, boss, MAY).lots == ((YEAR_END, 30), (NEXT_JUNE, 50))
    assert had(owner, boss, NEW_YEAR) == (50, 0), "and expires there"


def test_what_is_held_is_settled_or_released_once(boss: Caller, owner: Person, post: Any):
    post("grant", owner, 10, key="a", day=MAY)
    hold = post("hold", owner, 4, key="code", day=MAY)
    post("settle", hold, day=MAY)
    assert had(owner, boss) == (6, 0)
    for what in ("settle", "release"):
        with pytest.raises(Conflict, match="已经处理过"):
            post(what, hold)
    with pytest.raises(Conflict, match="没有这样一笔冻结"):
        post("release", hold + 999)


def test_a_key_counts_once_whatever_is_told_again(boss: Caller, owner: Person, post: Any):
    first = post("grant", owner, 10, key="event/7", day=MAY)
    assert post("grant", owner, 10, key="event/7", day=MAY) == first
    assert post("grant", owner, 99, key="event/7", day=MAY) == first
    assert had(owner, boss) == (10, 0)


def test_a_grant_is_taken_back_by_a_counter_entry_and_nothing_is_changed(
    boss: Caller, owner: Person, post: Any
):
    wrong = post("grant", owner, 10, key="a", day=MAY)
    post("grant", owner, 5, key="b", day=MAY)
    before = [row.__data__ for row in LedgerPosting.select().order_by(LedgerPosting.id)]
    post("spend", owner, 8, key="soap", day=MAY)
    post("reverse", wrong, memo="投诉属实", day=MAY, partial=True)
    assert had(owner, boss) == (0, 0), "as much as there was: 2 of its own lot and 5 of the other"
    after = [row.__data__ for row in LedgerPosting.select().order_by(LedgerPosting.id)]
    assert after[: len(before)] == before
    with pytest.raises(Conflict, match="已经处理过"):
        post("reverse", wrong, memo="again", day=MAY)


def test_taking_back_more_than_there_is_is_refused_unless_part_will_do(
    boss: Caller, owner: Person, post: Any
):
    wrong = post("grant", owner, 10, key="a", day=MAY)
    post("spend", owner, 8, key="soap", day=MAY)
    with pytest.raises(Conflict, match="余额不足：可用 2分，需要 10分"):
        post("reverse", wrong, memo="投诉属实", day=MAY)
    assert had(owner, boss) == (2, 0)


def test_what_was_spent_comes_back_to_its_lots_when_that_is_taken_back(
    boss: Caller, owner: Person, post: Any
):
    post("grant", owner, 30, key="a", day=MAY, expires=YEAR_END)
    spent = post("spend", owner, 12, key="soap", day=MAY)
    post("reverse", spent, memo="缺货", day=MAY)
    assert points.balance(owner, boss, MAY).lots == ((YEAR_END, 30),)
    hold = post("hold", owner, 1, key="code", day=MAY)
    with pytest.raises(Conflict, match="不能冲正"):
        post("reverse", hold, memo="x")


def test_a_statement_begins_with_what_there_was_and_ends_with_what_there_is(
    boss: Caller, owner: Person, post: Any
):
    post("grant", owner, 30, key="a", day=MAY, memo="楼道清洁")
    post("spend", owner, 12, key="soap", day=YEAR_END, memo="肥皂")
    post("grant", owner, 1, key="b", day=NEXT_JUNE)
    opening, lines, closing = points.statement(owner, boss, dt.date(2026, 6, 1), NEW_YEAR)
    assert (opening, closing) == (30, 18)
    assert [(one.day, one.kind, one.memo, one.amount, one.balance) for one in lines] == [
        (YEAR_END, "spend", "肥皂", -12, 18)
    ]


def test_two_ledgers_and_two_owners_do_not_mix(
    instance: Instance, boss: Caller, owner: Person, post: Any
):
    other, minutes = world.person(instance, "李强"), Ledger("probe.minutes", "时长")
    post("grant", owner, 30, key="a", day=MAY)
    with instance.database.transaction():
        minutes.grant(owner, boss, 90, key="a", day=MAY)
    assert had(owner, boss) == (30, 0)
    assert had(other, boss) == (0, 0)
    assert minutes.balance(owner, boss, MAY).available == 90


def test_what_is_not_above_zero_is_a_bug(owner: Person, post: Any):
    for amount in (0, -5):
        with pytest.raises(ValueError, match="above zero"):
            post("grant", owner, amount, key="a")
    assert not LedgerEntry.select().exists()


def test_of_fifty_at_once_only_as_many_succeed_as_there_is(
    instance: Instance, boss: Caller, owner: Person, post: Any
):
    post("grant", owner, 10, key="a", day=MAY)
    post("grant", owner, 7, key="b", day=MAY, expires=YEAR_END)

    def spend(number: int) -> bool:
        def once() -> int:
            with instance.database.transaction():
                return points.spend(owner, boss, 2, key=f"s{number}", day=MAY)

        with instance.database.connection():
            for _try in range(20):
                try:
                    instance.database.whole(once)
                except Busy:
                    continue  # as a client would after a 503
                except Conflict:
                    return False
                return True
        raise AssertionError("always busy")

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(spend, range(50)))
    assert done == 8
    assert had(owner, boss) == (1, 0)
