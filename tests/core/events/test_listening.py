"""What a dispatcher remembers from batch to batch never outlives a switch, a move or its bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifang.entities.caller import Caller
from lifang.events import dispatch
from lifang.events.audience import Audience, Here
from lifang.events.dispatch import BATCH, LEAST, Dispatcher
from lifang.events.event import Event, on
from lifang.kit import clock
from lifang.services import delivery
from lifang.services.delivery import audience_of, dispatcher_of
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, NEIGHBOUR
from tests.core.builtin.trees import decree, plant
from tests.core.events.listeners import HEARD, heard, listen, note, say, switch

STREET, XIYUAN = "620102001000", "620103001000"


@on(HEARD)
def hears(event: Event, caller: Caller) -> None:
    note("hears", event)


def tell(dispatcher: Dispatcher, boss: Caller, number: int, at: str) -> bool:
    """Say something at a place; says whether the same dispatcher has told it."""
    before = len(heard("hears"))
    say(boss, number, at=at)
    while dispatcher.step():
        pass
    return len(heard("hears")) > before


def test_a_place_that_comes_under_another_district_is_judged_by_that_ones_switch(
    instance: Instance, boss: Caller
):
    listen(instance, hears, at=[CHENGGUAN])
    dispatcher = dispatcher_of(instance)
    assert tell(dispatcher, boss, 1, HOME)
    assert not tell(dispatcher, boss, 2, FOREIGN)
    decree(boss, "transfer", HOME, clock.today(), parent={"code": XIYUAN})
    assert not tell(dispatcher, boss, 3, HOME)
    switch("probe", XIYUAN, on=True, instance=instance)
    assert tell(dispatcher, boss, 4, HOME)
    assert tell(dispatcher, boss, 5, FOREIGN)


def test_a_switch_between_two_batches_is_noticed_and_so_is_a_new_place(
    instance: Instance, boss: Caller
):
    listen(instance, hears, at=[CITY])
    dispatcher = dispatcher_of(instance)
    assert tell(dispatcher, boss, 1, HOME)
    switch("probe", STREET, on=False, instance=instance)
    assert not tell(dispatcher, boss, 2, HOME)
    plant(boss, "620103001009", "community", XIYUAN)
    plant(boss, "620102001009", "community", STREET)
    assert tell(dispatcher, boss, 3, "620103001009")
    assert not tell(dispatcher, boss, 4, "620102001009")


def test_what_is_remembered_about_places_is_bounded(
    instance: Instance, boss: Caller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(delivery, "REMEMBERED", 1)
    listen(instance, hears, at=[CHENGGUAN])
    dispatcher = dispatcher_of(instance)
    places = (HOME, FOREIGN, NEIGHBOUR, HOME, FOREIGN, NEIGHBOUR)
    told = [tell(dispatcher, boss, number, place) for number, place in enumerate(places)]
    assert told == [True, False, True, True, False, True]


def test_a_batch_is_planned_for_no_more_than_could_be_told_lately(
    instance: Instance, boss: Caller, monkeypatch: pytest.MonkeyPatch
):
    events, asked = 60, 0
    monkeypatch.setattr(dispatch, "HOLD", -1.0)  # every event takes longer than a batch may
    listen(instance, hears, at=[CITY])

    def gather() -> Audience:
        audience = audience_of(instance)

        def decides(plugin: str, community: int) -> Here | None:
            nonlocal asked
            asked += 1
            return audience.decides(plugin, community)

        return replace(audience, decides=decides)

    dispatcher = Dispatcher(instance.database, gather)
    say(boss, *range(events), at=HOME)
    while dispatcher.step():
        pass
    assert heard("hears") == [(f"core.thing/{number}", 1) for number in range(events)]
    assert asked <= BATCH + events * LEAST
    assert asked < events * (events + 1) / 2, "planning all that is left each time"


def test_an_event_that_is_replayed_is_told_so_to_the_new_and_not_to_the_old(
    instance: Instance, boss: Caller
):
    met: list[tuple[str, bool]] = []

    @on(HEARD)
    def old(event: Event, caller: Caller) -> None:
        met.append((caller.name, event.replaying))

    @on(HEARD)
    def new(event: Event, caller: Caller) -> None:
        met.append((caller.name, event.replaying))

    listen(instance, old, at=[CITY], plugin="probe")
    listen(instance, new, at=[], plugin="other")
    say(boss, 1, at=HOME)
    switch("other", CITY, on=True, instance=instance)
    dispatcher = dispatcher_of(instance)
    while dispatcher.step():
        pass
    assert sorted(met) == [("plugin:other", True), ("plugin:probe", False)]
