"""Every day is told once: by two workers, after a restart, and whatever the clock does."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine

from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.kit.errors import Busy
from lifang.services import clockwork
from lifang.services.clockwork import DAY, tick
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
