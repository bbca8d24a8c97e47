"""A timer is told when its time has come: never early, once, in order, and only if it was kept."""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
from collections.abc import Callable, Iterator

import pytest
import time_machine

import lifang as lf
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.tables import EventRow, EventScope, Timer
from lifang.services.clockwork import DAY, HOUR, tick
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.services.test_clockwork import work
from tests.core.services.timing import (
    REMINDED,
    SHANGHAI,
    Case,
    cases,
    close,
    noted,
    open_desk,
    remind,
    switch,
)

Make = Callable[..., Case]
EVE = dt.datetime(2027, 2, 28, 20, 0, tzinfo=SHANGHAI)


@pytest.fixture
def traveller(instance: Instance) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVE, tick=False) as travelling:
        open_desk(instance, at=world.CHENGGUAN)
        work(instance)
        yield travelling


@pytest.fixture
def make(boss: Caller, traveller: time_machine.Traveller) -> Make:
    """Register a case."""

    def new(title: str = "路灯不亮", *, at: str = world.HOME) -> Case:
        owner = world.boss(boss.instance)
        return write(cases, "create", owner, {"title": title, "community": {"code": at}})

    return new


@pytest.fixture
def worker(instance: Instance, traveller: time_machine.Traveller) -> Caller:
    return world.caller(instance, "community_worker", at=world.HOME)


def at_hour(traveller: time_machine.Traveller, hour: int, *, less: float = 0) -> None:
    traveller.move_to(dt.datetime(2027, 3, 1, hour, tzinfo=SHANGHAI) - dt.timedelta(seconds=less))


def told(*types: str) -> list[EventRow]:
    return list(EventRow.select().where(EventRow.type << types).order_by(EventRow.pos))


def test_it_is_told_when_its_time_has_come_and_never_before(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    case = make()
    lf.act(remind, case, worker, hour=9)
    at_hour(traveller, 9, less=0.001)
    work(instance)
    assert told(REMINDED) == []
    at_hour(traveller, 9)
    work(instance)
    (event,) = told(REMINDED)
    assert json.loads(event.data) == {"note": "9 点", "at": "2027-03-01T09:00:00+08:00"}
    assert event.actor == "core"
    (scope,) = EventScope.select().where(EventScope.pos == event.pos)
    assert scope.community_id == Community.get(Community.code == world.HOME).id
    assert Timer.select().where(Timer.plugin == "desk").count() == 0
    work(instance)
    assert drain(instance)
    assert noted() == [(REMINDED, case.id, event.seq)]


def test_setting_it_again_moves_it(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    case = make()
    lf.act(remind, case, worker, hour=9)
    lf.act(remind, case, worker, hour=15)
    at_hour(traveller, 12)
    work(instance)
    assert told(REMINDED) == []
    at_hour(traveller, 15)
    work(instance)
    assert [json.loads(one.data)["note"] for one in told(REMINDED)] == ["15 点"]


def test_a_refused_change_leaves_no_timer_behind_nor_moves_one(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    case = make()
    with pytest.raises(lf.Conflict):
        lf.act(remind, case, worker, hour=9, fail=True)
    assert Timer.select().where(Timer.plugin == "desk").count() == 0
    lf.act(remind, case, worker, hour=15)
    with pytest.raises(lf.Conflict):
        lf.act(remind, case, worker, hour=9, fail=True)
    (row,) = Timer.select().where(Timer.plugin == "desk")
    assert row.at == dt.datetime(2027, 3, 1, 15, tzinfo=SHANGHAI)


@pytest.mark.parametrize("end", ["cancelled", "removed"])
def test_a_cancelled_one_and_that_of_a_removed_record_are_never_told(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller, end: str
) -> None:
    case, other = make(), make("水管漏水")
    for one in (case, other):
        lf.act(remind, one, worker, hour=9)
    if end == "cancelled":
        lf.act(close, case, worker)
    else:
        write(cases, "remove", world.boss(instance), None, case.id)
    assert Timer.select().where(Timer.plugin == "desk").count() == 1
    at_hour(traveller, 10)
    work(instance)
    assert [one.agg for one in told(REMINDED)] == [f"desk.case/{other.id}"]


def test_one_whose_record_vanished_otherwise_is_dropped_in_silence(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    case = make()
    lf.act(remind, case, worker, hour=9)
    Case.update(removed_at=lf.now()).where(Case.id == case.id).execute()
    at_hour(traveller, 10)
    work(instance)
    assert told(REMINDED) == []
    assert Timer.select().where(Timer.plugin == "desk").count() == 0


def test_many_are_told_in_order_of_time_among_the_hours(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    for hour in (11, 9, 10):
        lf.act(remind, make(str(hour)), worker, hour=hour)
    at_hour(traveller, 12)
    work(instance)
    since = dt.datetime(2027, 3, 1, 9, tzinfo=SHANGHAI)
    times = [dt.datetime.fromisoformat(json.loads(e.data)["at"]) for e in told(REMINDED, HOUR)]
    assert times == sorted(times)
    assert [time.hour for time in times if time >= since] == [9, 9, 10, 10, 11, 11, 12]


def test_four_workers_at_once_tell_each_once(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    made = [make(str(number)) for number in range(120)]
    for one in made:
        lf.act(remind, one, worker, hour=9)
    at_hour(traveller, 9)
    together = threading.Barrier(4)

    def one() -> None:
        with instance.database.connection():
            together.wait()
            work(instance)

    threads = [threading.Thread(target=one) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.agg for one in told(REMINDED)] == [f"desk.case/{one.id}" for one in made]


def test_those_of_a_plugin_that_is_off_wait_and_hold_up_no_other(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    case = make()
    lf.act(remind, case, worker, hour=9)
    switch(instance, world.CHENGGUAN, on=False)
    at_hour(traveller, 12)
    work(instance)
    assert told(REMINDED) == []
    assert len(told(HOUR)) == 17
    assert not tick(instance), "and nothing spins"
    switch(instance, world.CHENGGUAN, on=True)
    work(instance)
    (event,) = told(REMINDED)
    assert json.loads(event.data)["at"] == "2027-03-01T09:00:00+08:00"


def test_one_that_cannot_be_told_holds_up_neither_the_others_nor_the_clock(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller, caplog
) -> None:
    lf.act(remind, make(), worker, hour=9)
    instance.database.engine.execute_sql("ALTER TABLE desk_case RENAME TO desk_gone")
    at_hour(traveller, 12)
    work(instance)
    assert "cannot be told" in caplog.text
    assert len(told(HOUR)) == 17
    instance.database.engine.execute_sql("ALTER TABLE desk_gone RENAME TO desk_case")
    work(instance)
    assert len(told(REMINDED)) == 1


def test_where_the_plugin_is_off_it_is_passed_over_like_any_event(
    instance: Instance, make: Make, worker: Caller, traveller: time_machine.Traveller
) -> None:
    here, near = make(), make("邻居", at=world.NEIGHBOUR)
    for one in (near, here):
        lf.act(remind, one, world.boss(instance), hour=9)
    switch(instance, world.NEIGHBOUR, on=False)
    at_hour(traveller, 9)
    work(instance)
    assert drain(instance)
    assert len(told(REMINDED)) == 2
    assert [subject for _type, subject, _seq in noted()] == [here.id]


def test_only_declared_names_zoned_moments_and_running_transactions_will_do(
    instance: Instance, make: Make, boss: Caller
) -> None:
    case, soon = make(), lf.now() + dt.timedelta(hours=1)
    with pytest.raises(LookupError, match="timers=\\['lost'\\]"):
        lf.timer(case, boss, "lost", soon)
    with pytest.raises(LookupError):
        lf.timer(case, boss, "lost", None)
    with pytest.raises(RuntimeError, match="outside a transaction"):
        lf.timer(case, boss, "reminded", soon)
    with instance.database.transaction():
        with pytest.raises(ValueError, match="without a time zone"):
            lf.timer(case, boss, "reminded", dt.datetime(2027, 3, 1))  # noqa: DTZ001 – refused
        assert not lf.timer(case, boss, "reminded", None)
        lf.timer(case, boss, "reminded", soon)
        assert lf.timer(case, boss, "reminded", None)


@pytest.mark.parametrize("name", ["updated", "asked", "done", "placed", "Late", ""])
def test_a_timer_cannot_be_named_like_another_event(name: str) -> None:
    with pytest.raises(TypeError, match="names of timers"):
        lf.Resource(Case, label="事项", actions=[remind, close], timers=[name])


MOMENTS = ["2027-06-15T10:20", "2027-12-31T22:40", "2028-02-28T22:40", "2028-02-29T22:40"]
JUMPS = [0.25, 0.5, 1, 1, 2, -1, -1, 24, -24, 47, -47, -100]
"""Hours: the clock goes on, is put back an hour, forward a day, and more of each."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_the_clock_does_no_tick_is_lost_or_doubled_and_no_timer_is_early(
    instance: Instance, make: Make, boss: Caller, traveller: time_machine.Traveller, moment: str
) -> None:
    """On an ordinary day, at a year's end, into a leap day and out of it."""
    rng = random.Random(moment)
    begin = dt.datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    traveller.move_to(begin)
    work(instance)
    before = {one.pos for one in told(DAY, HOUR)}
    due = {make(str(n)).id: begin + dt.timedelta(hours=rng.uniform(0, 80)) for n in range(12)}
    for number, at in due.items():
        with instance.database.transaction():
            lf.timer(Case.get_by_id(number), boss, "reminded", at)
    farthest = begin
    for jump in (rng.choice(JUMPS) for _step in range(60)):
        traveller.shift(dt.timedelta(hours=jump))
        now = lf.now()
        farthest = max(farthest, now)
        early = {int(one.agg.rpartition("/")[2]) for one in told(REMINDED)}
        work(instance)
        found = [int(one.agg.rpartition("/")[2]) for one in told(REMINDED)]
        assert len(found) == len(set(found)), "told twice"
        assert all(due[one] <= now for one in set(found) - early), "told early"
        assert set(found) == {one for one, at in due.items() if at <= farthest}, "not told"
    hours = [json.loads(one.data) for one in told(HOUR) if one.pos not in before]
    first = begin.replace(minute=0) + dt.timedelta(hours=1)
    number = (farthest - first) // dt.timedelta(hours=1) + 1
    assert [one["at"] for one in hours] == [
        (first + dt.timedelta(hours=n)).isoformat() for n in range(number)
    ]
    days = [json.loads(one.data)["date"] for one in told(DAY) if one.pos not in before]
    last = farthest.astimezone(SHANGHAI).date()
    assert days == [
        str(begin.date() + dt.timedelta(n + 1)) for n in range((last - begin.date()).days)
    ]
