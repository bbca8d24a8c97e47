"""An event of two places, and what failed where the plugin is off by now."""

from __future__ import annotations

import datetime as dt

import pytest

from lifang.entities.caller import Caller
from lifang.events.tables import Retry
from lifang.kit import clock
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.services.letters import Wanted, letters
from lifang.testing.world import FOREIGN, HOME, NEIGHBOUR
from tests.core.events.chronicle import (
    Switch,
    say_both,
    told,
)
from tests.core.events.listeners import say


def test_an_event_of_two_places_is_told_once(instance: Instance, boss: Caller, turn: Switch):
    turn(HOME)
    say_both(boss, 1, HOME, FOREIGN)
    say_both(boss, 2, NEIGHBOUR, FOREIGN)
    say_both(boss, 3, NEIGHBOUR, FOREIGN)
    assert drain(instance)
    assert told() == [1]
    turn(FOREIGN, history="start")
    turn(NEIGHBOUR, history="start")
    say_both(boss, 4, NEIGHBOUR, FOREIGN)
    say_both(boss, 5, HOME, FOREIGN)
    assert drain(instance)
    assert sorted(told()) == [1, 2, 3, 4, 5]
    turn(NEIGHBOUR, on=False)
    say_both(boss, 6, NEIGHBOUR, FOREIGN)
    turn(NEIGHBOUR)
    assert drain(instance)
    assert sorted(told()) == [1, 2, 3, 4, 5, 6]


def test_what_one_place_has_heard_is_not_told_again_where_the_other_catches_up(
    instance: Instance, boss: Caller, turn: Switch
):
    turn(HOME)
    turn(FOREIGN)
    turn(FOREIGN, on=False)
    say_both(boss, 1, HOME, FOREIGN)
    assert drain(instance)
    assert told() == [1]
    turn(HOME, on=False)
    turn(FOREIGN)
    assert drain(instance)
    assert told() == [1]


@pytest.mark.parametrize("state", ["waiting", "dead", "off"])
@pytest.mark.parametrize("hours", [0, 1])
def test_a_restart_takes_the_place_of_what_had_failed(
    instance: Instance,
    boss: Caller,
    turn: Switch,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    hours: int,
):
    turn(HOME)
    say(boss, 1, at=HOME, frail="CHRONICLE_CURED")
    assert drain(instance)
    monkeypatch.setenv("CHRONICLE_CURED", "1")
    turn(HOME, on=False)
    turn(HOME, history="restart")
    later = clock.now() + dt.timedelta(hours=hours)
    Retry.update(state=state, next_at=later).execute()
    assert drain(instance)
    assert told() == [1]
    assert Retry.select().count() == 0


def test_what_failed_where_it_is_off_now_waits_for_that_place_and_holds_nobody_back(
    instance: Instance, boss: Caller, turn: Switch, monkeypatch: pytest.MonkeyPatch
):
    turn(HOME)
    turn(FOREIGN)
    say(boss, 1, at=HOME, frail="CHRONICLE_CURED")
    assert drain(instance)
    monkeypatch.setenv("CHRONICLE_CURED", "1")
    turn(HOME, on=False)
    say(boss, 2, at=FOREIGN)
    Retry.update(next_at=clock.now()).execute()
    assert drain(instance)
    assert told() == [2]
    assert [one.state for one in letters(boss, Wanted(state="waiting"))] == ["off"]
    turn(HOME)
    assert drain(instance)
    assert told() == [2, 1]
    assert Retry.select().count() == 0
