"""What authors of plugins test with: it acts on the real bus, so what it says is what happens."""

from __future__ import annotations

import datetime as dt

import pytest

import lifang as lf
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import Retry, Subscription
from lifang.services.instance import Instance
from lifang.testing.events import Clock, Events
from lifang.testing.world import CITY
from tests.core.events.listeners import HEARD, heard, listen, note, position, say, waiting


@on(HEARD)
def lined(event: Event, caller: Caller) -> None:
    note("lined", event)


@on(HEARD, order="none")
def free(event: Event, caller: Caller) -> None:
    note("free", event)


@pytest.fixture(autouse=True)
def listening(instance: Instance) -> None:
    listen(instance, lined, free, at=[CITY])


def numbers(handler: str) -> list[tuple[int, int]]:
    return [(int(agg.rpartition("/")[2]), seq) for agg, seq in heard(handler)]


def test_what_was_published_is_told_by_type_and_only_since_the_test_began(
    instance: Instance, boss: Caller
):
    say(boss, 1)
    events = Events(boss)
    assert events.published() == []
    say(boss, 2, old=3)
    say(boss, 2, type="core.thing.seen")
    assert [event.type for event in events.published()] == [HEARD, "core.thing.seen"]
    [event] = events.published(HEARD)
    assert (event.subject, event.sequence, dict(event.data)) == (2, 1, {"old": 3})
    with pytest.raises(RuntimeError), instance.database.transaction():
        say(boss, 4)
        raise RuntimeError("and nothing of it happened")
    assert len(events.published()) == 2


def test_a_delivery_fails_so_many_times_leaves_no_trace_and_then_succeeds(
    boss: Caller, events: Events, clock: Clock
):
    say(boss, 1, 2)
    with events.failing(lined, times=2):
        events.deliver()
        assert (heard("lined"), numbers("free")) == ([], [(1, 1), (2, 1)])
        assert [tries for _pos, _state, tries in waiting("probe.lined")] == [1, 1]
        clock.later(seconds=2)
        events.deliver()
        assert [tries for _pos, _state, tries in waiting("probe.lined")] == [2, 2]
        clock.later(seconds=10)
        events.deliver()
    assert numbers("lined") == [(1, 1), (2, 1)]
    assert events.letters() == []


def test_the_nth_delivery_fails_or_those_of_one_event(boss: Caller, events: Events, clock: Clock):
    say(boss, 1, 2, 3)
    with events.failing("probe.lined", nth=2):
        events.deliver()
    assert numbers("lined") == [(1, 1), (3, 1)]
    clock.later(seconds=2)
    events.deliver()
    assert numbers("lined") == [(1, 1), (3, 1), (2, 1)]
    say(boss, 1, 2)
    with events.failing(event=events.published(HEARD)[-2]):
        events.deliver()
    assert numbers("lined")[3:] == [(2, 2)]
    assert numbers("free")[3:] == [(2, 2)]
    assert [one.subscriber for one in events.letters()] == ["probe.free", "probe.lined"]


def test_a_dead_letter_is_listed_and_replayed_also_with_changed_data(
    boss: Caller, events: Events, clock: Clock
):
    told: list[dict[str, object]] = []

    @on(HEARD)
    def reads(event: Event, caller: Caller) -> None:
        told.append(dict(event.data))

    listen(boss.instance, reads, at=[CITY], plugin="reader")
    say(boss, 1, old=1)
    with events.failing(reads, error=lf.Dead("the old form")):
        events.deliver()
    [letter] = events.letters(reads)
    assert (letter.state, letter.error) == ("dead", "the old form")
    told.clear()
    assert events.replay(reads, data={"old": 2}) == 1
    events.deliver()
    assert told == [{"old": 2}]
    assert events.letters(reads) == []
    assert events.replay(lined) == 0


def test_what_comes_late_lets_others_go_first_as_far_as_the_order_allows(
    boss: Caller, events: Events, clock: Clock
):
    say(boss, 1, 2, 1)
    with events.late(events.published(HEARD)[0], seconds=60):
        events.deliver()
        assert numbers("lined") == [(2, 1)]
        assert numbers("free") == [(2, 1), (1, 2)]
        clock.later(seconds=59)
        events.deliver()
        assert numbers("lined") == [(2, 1)]
        clock.later(seconds=20)
        events.deliver()
    assert numbers("lined") == [(2, 1), (1, 1), (1, 2)]
    assert numbers("free") == [(2, 1), (1, 2), (1, 1)]


def test_a_crash_undoes_its_batch_leaves_the_lease_and_the_next_process_tells_each_once(
    boss: Caller, events: Events
):
    calls: list[int] = []

    @on(HEARD)
    def counts(event: Event, caller: Caller) -> None:
        calls.append(event.subject)
        note("counts", event)
        if calls.count(event.subject) == 2:
            assert Subscription.get_by_id("counter.counts").inflight_pos is None
            assert Subscription.get_by_id("counter.counts").lease_owner is not None

    listen(boss.instance, counts, at=[CITY], plugin="counter")
    say(boss, 1, 2, 3)
    with events.crashing(counts, event=events.published(HEARD)[1]):
        events.deliver()
    assert calls == [1, 2, 1, 2, 3]
    assert numbers("counts") == numbers("lined") == [(1, 1), (2, 1), (3, 1)]
    assert Subscription.select().where(Subscription.lease_owner.is_null(False)).count() == 0


def test_who_crashes_thrice_over_one_event_has_it_parked_even_if_it_was_the_first_of_all(
    boss: Caller, events: Events
):
    say(boss, 1, 2)
    with events.crashing(lined, times=9, event=events.published(HEARD)[0]):
        events.deliver()
    assert numbers("lined") == [(2, 1)]
    assert numbers("free") == [(1, 1), (2, 1)]
    [letter] = events.letters()
    assert (letter.subscriber, letter.state) == ("probe.lined", "parked")
    events.replay()
    events.deliver()
    assert numbers("lined") == [(2, 1), (1, 1)]


def test_an_event_that_was_told_is_not_told_again_to_who_writes_in_the_database(
    boss: Caller, events: Events
):
    say(boss, 1, 2)
    events.deliver()
    stands = position("probe.lined")
    for event in events.published():
        events.again(event)
    events.again(events.published(HEARD)[0], lined)
    assert numbers("lined") == numbers("free") == [(1, 1), (2, 1)]
    assert position("probe.lined") == stands


def test_a_handler_outside_transactions_is_told_again_with_the_same_key_whoever_crashes(
    boss: Caller, events: Events, clock: Clock
):
    sent: list[tuple[int, str]] = []

    @on(HEARD, mode="ext")
    def sends(event: Event, caller: Caller) -> None:
        sent.append((event.subject, event.key))

    listen(boss.instance, sends, at=[CITY], plugin="sender")
    say(boss, 1, 2)
    with events.crashing(sends, event=events.published(HEARD)[0]):
        events.deliver()
    [first, second] = [
        f"{boss.instance.id}/{one.position}/sender.sends" for one in events.published(HEARD)
    ]
    assert (set(sent), sent.count((1, first))) == ({(1, first), (2, second)}, 2)
    sent.clear()
    events.again(events.published(HEARD)[1])
    assert sent == [(2, second)]
    with events.failing(sends, times=1):
        say(boss, 3)
        events.deliver()
        clock.later(seconds=2)
        events.deliver()
    assert [subject for subject, _key in sent[1:]] == [3, 3], "what was sent cannot be undone"
    assert events.letters() == []


def test_the_clock_goes_only_when_it_is_told_and_days_and_hours_are_told_with_it(
    events: Events, clock: Clock
):
    clock.move_to(dt.datetime(2027, 2, 28, 15, 30, tzinfo=dt.UTC))
    events.deliver()
    assert events.published("core.clock.day") == []
    clock.later(hours=1)
    events.deliver()
    [day] = events.published("core.clock.day")
    assert (day.data["date"], day.at) == ("2027-03-01", lf.now())


def test_a_handler_that_is_not_there_is_named_with_those_that_are(events: Events):
    known = pytest.raises(LookupError, match="no handler probe.other; there are: .*probe.lined")
    with known, events.failing("probe.other"):
        raise AssertionError("unreachable")
    assert Retry.select().count() == 0
