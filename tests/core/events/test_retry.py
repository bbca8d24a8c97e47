"""A handler that fails delays only the same record, is tried again, and in the end laid aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

import lifang as lf
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events import retry
from lifang.events.catchup import RESUME
from lifang.events.event import Event, on
from lifang.events.publish import publish
from lifang.events.tables import EventRow, Retry
from lifang.kit import clock
from lifang.services.delivery import drain, lag, turned
from lifang.services.instance import Instance
from lifang.testing.world import CITY, HOME
from tests.core.events.listeners import HEARD, heard, listen, note, say, switch, waiting

pytestmark = pytest.mark.usefixtures("later")
Doomed = set[int]


@pytest.fixture
def doomed() -> Doomed:
    """The subjects whose events `frail` cannot stand."""
    return set()


@pytest.fixture
def frail(doomed: Doomed) -> Callable[[Event, Caller], None]:
    @on(HEARD)
    def frail(event: Event, caller: Caller) -> None:
        note("frail", event)
        publish("probe.thing.answered", f"probe.thing/{event.subject}", {}, caller=caller)
        if event.subject in doomed:
            raise ValueError(f"cannot stand {event.subject}")

    return frail


@on(HEARD)
def steady(event: Event, caller: Caller) -> None:
    note("steady", event)


def test_a_failure_delays_only_its_own_record_and_no_other_subscriber(
    instance: Instance, boss: Caller, frail, doomed: Doomed
):
    listen(instance, frail, steady, at=[CITY])
    doomed.add(2)
    say(boss, 1, 2, 3, 2)
    assert drain(instance)
    assert heard("steady") == [
        ("core.thing/1", 1),
        ("core.thing/2", 1),
        ("core.thing/3", 1),
        ("core.thing/2", 2),
    ]
    assert heard("frail") == [("core.thing/1", 1), ("core.thing/3", 1)]
    assert [(state, tries) for _pos, state, tries in waiting("probe.frail")] == [
        ("waiting", 1),
        ("waiting", 0),
    ]


def test_what_failed_leaves_no_half_effect_and_no_event(
    instance: Instance, boss: Caller, frail, doomed: Doomed
):
    listen(instance, frail, at=[CITY])
    doomed.add(2)
    say(boss, 1, 2)
    assert drain(instance)
    assert heard("frail") == [("core.thing/1", 1)]
    answers = EventRow.select().where(EventRow.type == "probe.thing.answered")
    assert [row.agg for row in answers] == ["probe.thing/1"]


def test_after_a_while_it_is_tried_again_and_the_queue_behind_it_follows_in_order(
    instance: Instance, boss: Caller, frail, doomed: Doomed, later
):
    listen(instance, frail, at=[CITY])
    doomed.add(2)
    say(boss, 2, 2)
    assert drain(instance)
    say(boss, 2, 3)
    doomed.clear()
    assert drain(instance)
    assert heard("frail") == [("core.thing/3", 1)], "its time has not come"
    later(seconds=2)
    assert drain(instance)
    assert heard("frail")[1:] == [("core.thing/2", n) for n in (1, 2, 3)]
    assert waiting("probe.frail") == []


def test_a_queued_event_that_fails_holds_back_those_behind_it(
    instance: Instance, boss: Caller, doomed: Doomed, later
):
    fail_at = {1}

    @on(HEARD)
    def picky(event: Event, caller: Caller) -> None:
        if event.sequence in fail_at:
            raise ValueError("not this one")
        note("picky", event)

    listen(instance, picky, at=[CITY])
    say(boss, 5, 5, 5)
    assert drain(instance)
    fail_at = {2}
    later(seconds=2)
    assert drain(instance)
    assert heard("picky") == [("core.thing/5", 1)]
    assert [tries for _pos, _state, tries in waiting("probe.picky")] == [1, 0]
    fail_at = set()
    later(seconds=5)
    assert drain(instance)
    assert heard("picky") == [("core.thing/5", n) for n in (1, 2, 3)]


def test_after_eight_tries_it_is_dead_and_holds_nothing_back(
    instance: Instance, boss: Caller, frail, doomed: Doomed, later
):
    listen(instance, frail, at=[CITY])
    doomed.add(2)
    say(boss, 2)
    assert drain(instance)
    say(boss, 2)
    for number in range(1, retry.TRIES):
        assert waiting("probe.frail")[0][1:] == ("waiting", number)
        later(hours=2)
        assert drain(instance)
    first = waiting("probe.frail")[0]
    assert first[1:] == ("dead", retry.TRIES)
    doomed.clear()
    later(hours=2)
    assert drain(instance)
    assert heard("frail") == [("core.thing/2", 2)], "the one behind it went on"
    say(boss, 2)
    assert drain(instance)
    assert heard("frail") == [("core.thing/2", 2), ("core.thing/2", 3)]
    assert waiting("probe.frail") == [first], "and it stays listed"
    [told] = lag(instance)
    assert (told.dead, told.retrying) == (1, 0)
    assert told.error == "ValueError: cannot stand 2"


def test_a_handler_can_say_that_it_is_no_use(instance: Instance, boss: Caller):
    @on(HEARD)
    def hopeless(event: Event, caller: Caller) -> None:
        raise lf.Dead("the old form")

    listen(instance, hopeless, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    assert [row[1:] for row in waiting("probe.hopeless")] == [("dead", 1)]
    assert lag(instance)[0].error == "the old form"


def test_a_handler_can_say_when_to_ask_again(instance: Instance, boss: Caller):
    @on(HEARD)
    def closed(event: Event, caller: Caller) -> None:
        raise lf.RetryAfter(600)

    listen(instance, closed, at=[CITY])
    before = clock.now()
    say(boss, 1)
    assert drain(instance)
    row = Retry.get(Retry.sub == "probe.closed")
    assert dt.timedelta(seconds=599) < row.next_at - before < dt.timedelta(seconds=630)


def test_a_handler_that_wants_to_leave_the_process_is_a_failure_like_any_other(
    instance: Instance, boss: Caller
):
    @on(HEARD)
    def leaves(event: Event, caller: Caller) -> None:
        raise SystemExit(3)

    listen(instance, leaves, steady, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    assert len(heard("steady")) == 1
    assert [row[1:] for row in waiting("probe.leaves")] == [("waiting", 1)]


def test_a_retry_whose_plugin_is_off_there_by_then_waits_until_it_is_on_again(
    instance: Instance, boss: Caller, frail, doomed: Doomed, later
):
    plugin = listen(instance, frail, at=[CITY])
    doomed.add(2)
    say(boss, 2, at=HOME)
    assert drain(instance)
    switch("probe", HOME, on=False, instance=instance)
    doomed.clear()
    later(seconds=2)
    assert drain(instance)
    assert heard("frail") == []
    assert [row[1:] for row in waiting("probe.frail")] == [("off", 1)]
    switch("probe", HOME, on=True, instance=instance)
    with instance.database.transaction():
        turned(plugin.id, Community.get(Community.code == HOME).id, None, on=True, since=RESUME)
    assert drain(instance)
    assert heard("frail") == [("core.thing/2", 1)]
    assert waiting("probe.frail") == []


def test_many_failures_are_worked_off_together(
    instance: Instance, boss: Caller, frail, doomed: Doomed, later
):
    listen(instance, frail, at=[CITY])
    doomed.update(range(300))
    with instance.database.transaction():
        for subject in range(300):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss)
    assert drain(instance)
    assert len(waiting("probe.frail")) == 300
    doomed.clear()
    later(minutes=10)
    assert drain(instance)
    assert len(heard("frail")) == 300


def test_waits_grow_are_capped_and_spread():
    middles = [retry.wait(tries, 0.5) for tries in range(1, retry.TRIES)]
    assert middles == [1, 4, 16, 64, 256, 1024, 3600]
    assert retry.wait(3, 0.0) == 12
    assert retry.wait(3, 1.0) == 20


def test_what_is_no_longer_in_the_log_is_not_tried_again(
    instance: Instance, boss: Caller, frail, doomed: Doomed, later
):
    listen(instance, frail, at=[CITY])
    doomed.add(2)
    say(boss, 2)
    assert drain(instance)
    with instance.database.transaction():
        EventRow.delete().where(EventRow.type == HEARD).execute()
    later(seconds=2)
    assert drain(instance)
    assert waiting("probe.frail") == []
