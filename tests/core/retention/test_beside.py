"""Where writers work side by side, a sweep passes over nothing that somebody has just asked for."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import EventArchive, EventRow
from lifang.lifecycle import switching
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import HOME
from lifang.upkeep import sweeping
from tests.core.events.chronicle import CHRONICLE, told
from tests.core.events.listeners import HEARD, say
from tests.core.events.packages import install
from tests.core.store.sides import Side


@pytest.fixture
def removing(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> sweeping.Steps:
    """A sweep that has archived six old events and is about to remove them, two at a time."""
    install(instance, tmp_path, monkeypatch, "chronicle", CHRONICLE)
    switching.install(boss, "chronicle")
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    monkeypatch.setattr(sweeping, "HOLD", 0)
    instance.settings = replace(instance.settings, retention=((HEARD, 90),))
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(days=200)):
        say(boss, 1, 2, 3, 4, 5, 6, at=HOME)
    say(boss, 9, at=HOME)
    work = sweeping.sweep(boss)
    while not EventArchive.select().where(EventArchive.state == "removing").exists():
        next(work)
    return work


def waits_for_a_lock(instance: Instance) -> bool:
    asked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return instance.database.engine.execute_sql(asked).fetchone() is not None


def test_a_switch_that_wants_the_past_and_a_sweep_do_not_pass_one_another(
    instance: Instance, boss: Caller, removing: sweeping.Steps
):
    def switch(side: Side) -> None:
        with instance.database.transaction():
            switching.switch(boss, "chronicle", at=HOME, on=True, history="start")
            side.pause()

    def sweep(_side: Side) -> None:
        for _step in removing:
            pass

    one = Side(instance, switch).wait() if instance.database.holds else None
    other = Side(instance, sweep)
    if one is not None:
        while other.thread.is_alive() and not waits_for_a_lock(instance):
            time.sleep(0.01)
        assert one.finish() is None
    assert other.finish() is None
    if one is None:  # with one writer at a time the sweep is over before the switch begins
        switching.switch(boss, "chronicle", at=HOME, on=True, history="start")
    assert drain(instance)
    left = [int(row.agg.rpartition("/")[2]) for row in EventRow.select().where(
        EventRow.type == HEARD).order_by(EventRow.pos)]  # fmt: skip
    assert told() == left, "whatever the log still held was told"
    if one is not None:
        assert left == [1, 2, 3, 4, 5, 6, 9], "the range was open before anything was removed"
        assert EventArchive.select().count() == 0


def test_numbers_stay_unique_whoever_publishes_while_the_newest_are_removed(
    instance: Instance, boss: Caller, removing: sweeping.Steps
):
    def tell(side: Side) -> None:
        for _round in range(5):
            with instance.database.transaction():
                for subject in range(1, 7):
                    publish(HEARD, f"core.thing/{subject}", {}, caller=boss)
            side.pause()

    other = Side(instance, tell).wait()
    for _step in removing:
        other.go_on.release()
        other.wait()
    for _rest in range(8):
        other.go_on.release()
    other.thread.join(20)
    assert other.result is None, other.result
    for subject in range(1, 7):
        rows = EventRow.select(EventRow.seq).where(EventRow.agg == f"core.thing/{subject}")
        assert [row.seq for row in rows.order_by(EventRow.pos)] == [2, 3, 4, 5, 6]
