"""Every day is told once: by two workers, after a restart, and whatever the clock does."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine

from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.kit.errors import Busy
from lifang.services import clockwork
from lifang.services.clockwork import DAY, HOUR, tick
from lifang.services.instance import Instance

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = dt.datetime(2027, 2, 27, 15, 0, tzinfo=SHANGHAI)


def told() -> list[str]:
    """The days that were told, in order; their numbers have no gaps."""
    rows = list(EventRow.select().where(EventRow.type == DAY).order_by(EventRow.pos))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [json.loads(row.data)["date"] for row in rows]


def days(first: str, last: str) -> list[str]:
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [str(start + dt.timedelta(n)) for n in range((end - start).days + 1)]


def work(instance: Instance) -> None:
    """What a worker does until nothing is due."""
    while True:
        try:
            if not tick(instance):
                return
        except Busy:  # others were faster again and again; a worker comes back a second later
            continue


@pytest.fixture
def traveller(instance: Instance) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FIRST, tick=False) as travelling:
        work(instance)
        yield travelling


def test_the_day_an_instance_begins_is_not_told_and_each_after_it_once(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    assert told() == []
    assert not clockwork.ticked()
    traveller.move_to(dt.datetime(2027, 2, 27, 23, 59, 59, tzinfo=SHANGHAI))
    work(instance)
    assert told() == []
    traveller.move_to(dt.datetime(2027, 2, 28, 0, 0, tzinfo=SHANGHAI))
    for _again in range(3):
        work(instance)
    assert told() == ["2027-02-28"]
    assert clockwork.ticked()
    traveller.move_to(dt.datetime(2027, 3, 1, 0, 0, 1, tzinfo=SHANGHAI))
    work(instance)
    assert told() == ["2027-02-28", "2027-03-01"]


def test_missed_days_are_told_late_each_with_its_own_date(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    traveller.shift(dt.timedelta(days=400))
    work(instance)
    assert told() == days("2027-02-28", str(clock.today()))
    assert "2028-02-29" in told()


def test_a_clock_that_is_put_forward_and_back_tells_no_day_twice(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    steps = [25, -1, 49, -72, 1, 24 * 365, -24 * 370, 24 * 366, 24]
    for hours in steps:
        traveller.shift(dt.timedelta(hours=hours))
        work(instance)
    assert told() == days("2027-02-28", told()[-1])
    farthest = max(sum(steps[: n + 1]) for n in range(len(steps)))
    assert told()[-1] == str((FIRST + dt.timedelta(hours=farthest)).date())


def test_a_day_begins_where_the_instance_lives(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    clock.set_zone("America/New_York")
    try:
        traveller.move_to(dt.datetime(2027, 2, 28, 0, 30, tzinfo=SHANGHAI))
        work(instance)
        assert told() == [], "in New York it is the day before"
        traveller.shift(dt.timedelta(hours=13))
        work(instance)
        assert told() == ["2027-02-28"]
    finally:
        clock.set_zone(clock.DEFAULT_ZONE)


def test_four_workers_at_once_tell_each_day_once(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    traveller.shift(dt.timedelta(days=40))
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
    assert told() == days("2027-02-28", str(clock.today()))


def test_workers_killed_on_the_way_lose_and_double_no_day(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    script = (
        "import sys, datetime as dt, time_machine\n"
        "from lifang.app.instance import opened\n"
        "from lifang.services.clockwork import tick\n"
        "with time_machine.travel(dt.datetime.fromisoformat(sys.argv[1])), opened() as instance:\n"
        "    print('begun', flush=True)\n"
        "    while tick(instance):\n"
        "        pass\n"
    )
    traveller.shift(dt.timedelta(days=300))
    environ = os.environ | {"LIFANG_HOME": str(instance.settings.home)}
    for _kill in range(3):
        command = [sys.executable, "-c", script, clock.now().isoformat()]
        with (
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as one,
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as two,
        ):
            for child in (one, two):
                assert child.stdout is not None
                child.stdout.readline()
            threading.Event().wait(0.02)
            one.kill()
            two.kill()
    work(instance)
    assert told() == days("2027-02-28", str(clock.today()))


def hours() -> list[dict[str, str]]:
    rows = EventRow.select().where(EventRow.type == HOUR).order_by(EventRow.pos)
    return [json.loads(row.data) for row in rows]


def test_every_hour_is_told_once_at_its_beginning_among_the_days(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    traveller.move_to(dt.datetime(2028, 2, 28, 21, 59, 59, tzinfo=SHANGHAI))
    work(instance)
    before = len(hours())
    for minutes in (0.5, 60, -60, 60, 60, 60, -180, 240):
        traveller.shift(dt.timedelta(minutes=minutes))
        work(instance)
    assert [one["at"][5:13] for one in hours()[before:]] == [
        "02-28T22", "02-28T23", "02-29T00", "02-29T01", "02-29T02",
    ]  # fmt: skip
    new_day = EventRow.get(EventRow.data == '{"date":"2028-02-29"}')
    rows = list(EventRow.select().where(EventRow.pos >= new_day.pos).order_by(EventRow.pos))
    assert [row.type for row in rows] == [DAY, HOUR, HOUR, HOUR], (
        "the day begins before its first hour"
    )


def test_after_a_long_stop_every_day_is_told_but_only_the_hours_of_two(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    traveller.move_to(dt.datetime(2028, 1, 1, 0, 30, tzinfo=SHANGHAI))
    work(instance)
    assert told() == days("2027-02-28", "2028-01-01")
    found = hours()
    assert found[1]["at"] == "2027-12-30T01:00:00+08:00"
    assert found[1]["passed_over"] == 24 * 306 - 15
    assert len(found) == 49
    assert "passed_over" not in found[2]
    assert found[-1]["at"] == "2028-01-01T00:00:00+08:00"


def test_hours_follow_the_wall_through_summer_time_and_half_hours(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    try:
        clock.set_zone("America/New_York")
        traveller.move_to(dt.datetime(2027, 11, 7, 8, 0, tzinfo=ZoneInfo("UTC")))
        work(instance)
        shown = [one["at"][11:] for one in hours() if one["at"].startswith("2027-11-07")]
        assert shown == [
            "00:00:00-04:00", "01:00:00-04:00", "01:00:00-05:00",
            "02:00:00-05:00", "03:00:00-05:00",
        ]  # fmt: skip
        clock.set_zone("Asia/Kolkata")
        traveller.shift(dt.timedelta(hours=2))
        work(instance)
        assert [one["at"][11:16] for one in hours()[-2:]] == ["03:00", "15:00"]
    finally:
        clock.set_zone(clock.DEFAULT_ZONE)


def test_after_a_leap_of_the_clock_nothing_is_told_before_it_has_proved_right(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    patient = clockwork.Clockwork(instance)
    traveller.shift(dt.timedelta(hours=48))
    while patient.step():
        pass
    assert len(hours()) == 49, "a weekend's stop is no leap"
    wrong = dt.timedelta(days=3650)
    traveller.shift(wrong)
    assert not patient.step()
    assert not patient.step()
    traveller.shift(-wrong + dt.timedelta(hours=1))
    assert patient.step()
    assert len(hours()) == 50
    assert len(told()) == 2, "the ten years were never told"


def test_a_clock_that_goes_on_steadily_after_a_leap_is_believed(
    instance: Instance, traveller: time_machine.Traveller
) -> None:
    traveller.shift(dt.timedelta(days=9))
    began, then = time.perf_counter(), clock.now()
    worker = clockwork.Clockwork(instance, proof=0.4)
    assert not worker.step()
    unsteady = clockwork.Clockwork(instance, proof=0.4)
    assert not unsteady.step()
    threading.Event().wait(0.2)
    traveller.shift(dt.timedelta(days=1))
    assert not unsteady.step(), "it leapt once more: the wait begins anew"
    threading.Event().wait(0.22)
    passed = time.perf_counter() - began  # a steady clock goes on with this process, however slow
    traveller.move_to(then + dt.timedelta(seconds=passed))
    assert not unsteady.step()
    while worker.step():
        pass
    assert len(told()) == 9
