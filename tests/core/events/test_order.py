"""A handler's author says what a failure holds back: its record, nothing, or everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.publish import publish
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock
from lifang.services.delivery import drain, lag, let_in
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from tests.core.events.listeners import HEARD, heard, listen, note, say, waiting

pytestmark = pytest.mark.usefixtures("later")
Doomed = set[tuple[int, int]]


@pytest.fixture
def doomed() -> Doomed:
    """Which events (subject, number) the handlers `free`, `lined` and `strict` cannot stand."""
    return set()


@pytest.fixture
def reactions(doomed: Doomed) -> list[Callable[[Event, Caller], None]]:
    def hear(handler: str, event: Event) -> None:
        note(handler, event)
        if (event.subject, event.sequence) in doomed:
            raise ValueError("not this one")

    @on(HEARD, order="none")
    def free(event: Event, caller: Caller) -> None:
        hear("free", event)

    @on(HEARD)
    def lined(event: Event, caller: Caller) -> None:
        hear("lined", event)

    @on(HEARD, order="all")
    def strict(event: Event, caller: Caller) -> None:
        hear("strict", event)

    return [free, lined, strict]


def numbers(handler: str) -> list[tuple[int, int]]:
    return [(int(agg.rpartition("/")[2]), seq) for agg, seq in heard(handler)]


def test_a_failure_delays_its_record_nothing_or_everything_as_declared(
    instance: Instance, boss: Caller, reactions, doomed: Doomed, later
):
    listen(instance, *reactions, at=[CITY])
    doomed.add((2, 1))
    say(boss, 1, 2, 3, 2)
    assert drain(instance)
    assert numbers("free") == [(1, 1), (3, 1), (2, 2)]
    assert numbers("lined") == [(1, 1), (3, 1)]
    assert numbers("strict") == [(1, 1)]
    assert len(waiting("probe.strict")) == 1, "the log itself is the queue"
    say(boss, 4)
    assert drain(instance)
    assert [numbers(name)[-1] for name in ("free", "lined", "strict")] == [(4, 1), (4, 1), (1, 1)]
    doomed.clear()
    later(seconds=2)
    assert drain(instance)
    assert numbers("free") == [(1, 1), (3, 1), (2, 2), (4, 1), (2, 1)]
    assert numbers("lined") == [(1, 1), (3, 1), (4, 1), (2, 1), (2, 2)]
    assert numbers("strict") == [(1, 1), (2, 1), (3, 1), (2, 2), (4, 1)]
    assert Retry.select().count() == 0


def test_two_failures_of_one_record_are_tried_apart_where_no_order_is_kept(
    instance: Instance, boss: Caller, reactions, doomed: Doomed, later
):
    listen(instance, reactions[0], at=[CITY])
    doomed.update({(2, 1), (2, 2)})
    say(boss, 2, 2, 2)
    assert drain(instance)
    assert numbers("free") == [(2, 3)]
    assert [tries for _pos, _state, tries in waiting("probe.free")] == [1, 1]
    Retry.update(next_at=clock.now() + dt.timedelta(hours=1)).where(
        Retry.pos == waiting("probe.free")[0][0]
    ).execute()
    doomed.discard((2, 2))
    later(seconds=2)
    assert drain(instance)
    assert numbers("free") == [(2, 3), (2, 2)], "the first one's hour holds nobody back"


def test_what_keeps_the_order_of_all_goes_on_past_a_dead_letter(
    instance: Instance, boss: Caller, reactions, doomed: Doomed, later
):
    listen(instance, reactions[2], at=[CITY])
    doomed.add((2, 1))
    say(boss, 2, 3)
    assert drain(instance)
    for _try in range(7):
        assert numbers("strict") == []
        later(hours=2)
        assert drain(instance)
    assert numbers("strict") == [(3, 1)]
    assert waiting("probe.strict")[0][1:] == ("dead", 8)
    assert lag(instance)[0].behind == 0


def test_a_subscription_follows_what_a_new_version_declares(
    instance: Instance, boss: Caller, reactions
):
    plugin = listen(instance, reactions[2], at=[CITY])
    Subscription.update(order="aggregate", types="[]").execute()
    say(boss, 1)
    assert drain(instance)
    assert numbers("strict") == [(1, 1)]
    kept = Subscription.get()
    assert (kept.order, kept.types) == ("all", f'["{HEARD}"]')
    with instance.database.transaction():
        let_in(plugin)
    assert Subscription.select().count() == 1


def test_two_thousand_behind_a_failure_of_who_keeps_all_stay_in_the_log(
    instance: Instance, boss: Caller, reactions, doomed: Doomed, later
):
    listen(instance, *reactions[1:], at=[CITY])
    doomed.add((0, 1))
    with instance.database.transaction():
        for subject in range(2_000):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss)
    assert drain(instance)
    assert (len(heard("lined")), len(heard("strict"))) == (1_999, 0)
    assert Retry.select().count() == 2
    doomed.clear()
    later(seconds=2)
    assert drain(instance)
    assert numbers("strict") == [(subject, 1) for subject in range(2_000)]


def test_an_order_that_is_none_of_the_three_is_refused():
    with pytest.raises(ValueError, match="order='some' is none of aggregate, none, all"):
        on(HEARD, order="some")
