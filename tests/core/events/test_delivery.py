"""Every handler is told every event that concerns it, in order, with one effect each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.events.event import ANY, Event, handler_of, on
from lifang.events.publish import publish
from lifang.events.tables import EventRow, Subscription
from lifang.services.delivery import drain, lag, let_in
from lifang.services.event_log import masked
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, QILIHE
from tests.core.events.listeners import (
    HEARD,
    Note,
    heard,
    last_position,
    listen,
    note,
    position,
    say,
    switch,
)


@on(HEARD)
def first(event: Event, caller: Caller) -> None:
    note("first", event)


@on(HEARD, "core.thing.seen")
def second(event: Event, caller: Caller) -> None:
    note("second", event)


@on(HEARD, at="old")
def at_old(event: Event, caller: Caller) -> None:
    note("at_old", event)


def test_every_handler_is_told_every_event_once_and_in_order(instance: Instance, boss: Caller):
    listen(instance, first, second, at=[CITY])
    say(boss, 7, 8, 7)
    say(boss, 7, type="core.thing.seen")
    say(boss, 9, type="core.thing.unheard")
    assert drain(instance)
    assert heard("first") == [("core.thing/7", 1), ("core.thing/8", 1), ("core.thing/7", 2)]
    assert heard("second") == [*heard("first"), ("core.thing/7", 3)]
    assert drain(instance)
    assert Note.select().count() == 7


def test_a_handler_learns_who_caused_the_event_and_acts_as_its_plugin(
    instance: Instance, boss: Caller
):
    met: list[tuple[Event, Caller]] = []

    @on(HEARD)
    def meet(event: Event, caller: Caller) -> None:
        met.append((event, caller))
        publish("probe.thing.answered", "probe.thing/1", {}, caller=caller)

    listen(instance, meet, at=[CITY])
    with instance.database.transaction():
        publish(HEARD, "core.thing/1", {"a": [1]}, caller=boss)
    assert drain(instance)
    [(event, caller)] = met
    assert (event.noun, event.subject, event.sequence, event.actor) == ("core.thing", 1, 1, "boss")
    assert dict(event.data) == {"a": [1]}
    assert (caller.name, caller.plugin, caller.source) == ("plugin:probe", "probe", "event")
    assert caller.on_behalf_of == "boss"
    answer = EventRow.get(EventRow.type == "probe.thing.answered")
    assert (answer.cause, answer.corr) == (event.position, event.correlation)


def test_what_one_handler_does_to_the_data_no_other_can_see(instance: Instance, boss: Caller):
    @on(HEARD)
    def spoil(event: Event, caller: Caller) -> None:
        with pytest.raises(TypeError):
            event.data["a"] = 2  # type: ignore[index]
        note("spoil", event)

    listen(instance, spoil, at=[CITY])
    say(boss, 1, a=1)
    assert drain(instance)
    assert len(heard("spoil")) == 1


def test_a_newcomer_begins_at_the_end_of_the_log(instance: Instance, boss: Caller):
    say(boss, 1)
    listen(instance, first, at=[CITY])
    say(boss, 2)
    assert drain(instance)
    assert heard("first") == [("core.thing/2", 1)]


def test_a_subscription_keeps_its_place_while_its_plugin_is_off_everywhere(
    instance: Instance, boss: Caller
):
    listen(instance, first, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    switch("probe", CITY, on=False, instance=instance)
    say(boss, 2)
    assert drain(instance)
    assert heard("first") == [("core.thing/1", 1)]
    [paused] = lag(instance)
    assert (paused.state, paused.behind) == ("paused", 1)
    assert paused.oldest == EventRow.get(EventRow.agg == "core.thing/2").at
    switch("probe", CITY, on=True, instance=instance)
    assert drain(instance)
    assert heard("first") == [("core.thing/1", 1), ("core.thing/2", 1)]
    assert lag(instance)[0].behind == 0


@pytest.mark.parametrize(("place", "times"), [(HOME, 1), (CHENGGUAN, 1), (FOREIGN, 0), (CITY, 0)])
def test_an_event_is_told_where_the_plugin_is_on(
    instance: Instance, boss: Caller, place: str, times: int
):
    listen(instance, first, at=[CHENGGUAN])
    say(boss, 1, at=place)
    assert drain(instance)
    assert len(heard("first")) == times
    assert position("probe.first") == last_position(), "passed over is passed over for good"


def test_an_event_without_a_community_is_told_if_the_plugin_is_on_anywhere(
    instance: Instance, boss: Caller
):
    listen(instance, first, at=[HOME])
    say(boss, 1)
    assert drain(instance)
    assert len(heard("first")) == 1


def test_at_narrows_an_event_to_one_of_its_communities(
    instance: Instance, boss: Caller, place_id: Callable[[str], int]
):
    listen(instance, at_old, at=[CHENGGUAN])
    both = [place_id(HOME), place_id(FOREIGN)]
    told: list[dict[str, Any]] = [
        {"old": place_id(FOREIGN)},
        {"old": None},
        {},
        {"old": "home"},
        {"old": 10**9},
        {"old": place_id(HOME)},
    ]
    for data in told:
        with instance.database.transaction():
            publish(HEARD, "core.thing/1", data, caller=boss, communities=both)
    assert drain(instance)
    assert heard("at_old") == [("core.thing/1", len(told))]


def test_a_long_backlog_is_told_in_batches_without_a_gap(instance: Instance, boss: Caller):
    listen(instance, first, at=[CITY])
    with instance.database.transaction():
        for subject in range(1, 1_301):
            publish("core.thing.unheard", f"core.thing/{subject}", {}, caller=boss)
        for subject in range(1, 451):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss)
    assert drain(instance)
    assert heard("first") == [(f"core.thing/{n}", 2) for n in range(1, 451)]


def test_a_subscriber_that_was_behind_catches_up_with_the_others(instance: Instance, boss: Caller):
    listen(instance, first, second, at=[CITY])
    say(boss, 1, 2, 3)
    assert drain(instance)
    with instance.database.transaction():
        then = EventRow.get(EventRow.pos == last_position() - 2)
        Subscription.update(xid=then.xid, pos=then.pos).where(
            Subscription.name == "probe.first"
        ).execute()
    say(boss, 4)
    assert drain(instance)
    assert [agg for agg, _seq in heard("first")] == [f"core.thing/{n}" for n in (1, 2, 3, 2, 3, 4)]
    assert [agg for agg, _seq in heard("second")] == [f"core.thing/{n}" for n in (1, 2, 3, 4)]
    assert position("probe.first") == position("probe.second")


def test_events_nobody_listens_to_move_no_cursor_until_there_are_many(
    instance: Instance, boss: Caller
):
    listen(instance, first, at=[CITY])
    start = position("probe.first")
    say(boss, 1, type="core.thing.unheard")
    assert drain(instance)
    assert position("probe.first") == start
    with instance.database.transaction():
        for subject in range(1_000):
            publish("core.thing.unheard", f"core.thing/{subject}", {}, caller=boss)
    assert drain(instance)
    assert position("probe.first") > start


def test_a_plugin_switched_off_at_one_node_keeps_reading_for_the_rest(
    instance: Instance, boss: Caller
):
    listen(instance, first, at=[CITY])
    switch("probe", QILIHE, on=False, instance=instance)
    say(boss, 1, at=FOREIGN)
    say(boss, 2, at=HOME)
    assert drain(instance)
    assert heard("first") == [("core.thing/2", 1)]


def test_a_handler_that_an_upgrade_brought_is_let_in_by_the_next_delivery(
    instance: Instance, boss: Caller
):
    listen(instance, first, at=[CITY], at_once=False)
    say(boss, 1)
    assert drain(instance)
    assert heard("first") == []
    say(boss, 2)
    assert drain(instance)
    assert heard("first") == [("core.thing/2", 1)]


def test_the_kept_types_follow_the_declaration(instance: Instance, boss: Caller):
    plugin = listen(instance, second, at=[CITY])
    with instance.database.transaction():
        Subscription.update(types='["core.thing.heard"]').execute()
        let_in(plugin)
    assert Subscription.get().types == '["core.thing.heard", "core.thing.seen"]'


def test_a_slow_handler_is_named_in_the_log(instance: Instance, boss: Caller, caplog):
    @on(HEARD)
    def slow(event: Event, caller: Caller) -> None:
        time.sleep(0.06)
        note("slow", event)

    listen(instance, slow, at=[CITY])
    say(boss, 1, 2, 3)
    assert drain(instance)
    assert [seq for _agg, seq in heard("slow")] == [1, 1, 1]
    assert "probe.slow took" in caplog.text


def test_a_function_that_is_not_declared_is_no_handler():
    with pytest.raises(TypeError, match="not declared"):
        handler_of(test_a_function_that_is_not_declared_is_no_handler)  # type: ignore[arg-type]


def test_a_handler_of_every_type_is_told_types_that_came_after_it_and_counted_behind_in_all(
    instance: Instance, boss: Caller
):
    @on(ANY)
    def everything(event: Event, caller: Caller) -> None:
        note("everything", event)

    @on("core.thing.seen")
    def one_type(event: Event, caller: Caller) -> None:
        note("one_type", event)

    listen(instance, everything, one_type, at=[CITY])
    say(boss, 1)
    say(boss, 2, type="core.thing.seen")
    say(boss, 3, type="probe.new.kind")
    behind = {one.name: one.behind for one in lag(instance)}
    assert behind == {"probe.everything": 3, "probe.one_type": 1}
    assert drain(instance)
    assert heard("everything") == [(f"core.thing/{number}", 1) for number in (1, 2, 3)]
    assert heard("one_type") == [("core.thing/2", 1)]


def test_what_leaves_for_other_systems_has_sensitive_values_masked(
    instance: Instance, boss: Caller
):
    left: list[dict[str, Any]] = []

    @on(ANY)
    def leave(event: Event, caller: Caller) -> None:
        left.append(dict(masked(event, caller)))

    listen(instance, leave, at=[CITY])
    say(boss, 1, told="身份证 110101199003070011", agreed=True)
    assert drain(instance)
    assert left == [{"told": "身份证 110101***********1", "agreed": True}]
