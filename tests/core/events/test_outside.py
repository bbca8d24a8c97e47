"""Handlers that reach other machines: outside transactions, noted afterwards, with one key."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path

import pytest

from lifang.app.dispatcher import Dispatcher as Server
from lifang.entities.caller import Caller
from lifang.events.event import Away, Dead, Event, Rewind, on
from lifang.events.outside import LONGEST_PAUSE
from lifang.events.tables import Inbox, Subscription
from lifang.kit import clock
from lifang.lifecycle import switching
from lifang.services.delivery import Outsiders, drain, lag
from lifang.services.instance import Instance
from lifang.testing.world import CITY, FOREIGN, HOME
from lifang.upkeep import stalls
from lifang.upkeep.working import Worker
from tests.core.events.listeners import HEARD, heard, last_position, listen, note, say, waiting
from tests.core.events.packages import install
from tests.core.events.posts import NAME, Post, until


def test_outside_a_transaction_each_event_arrives_once_with_a_key_of_its_own(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(), at=[CITY])
    say(boss, 1, 2, 1, 3)
    assert drain(instance)
    assert sorted(post.told()) == [(1, 1), (1, 2), (2, 1), (3, 1)]
    keys = {one.key for one in post.arrived}
    assert keys == {f"{instance.id}/{one.position}/{NAME}" for one in post.arrived}
    assert Inbox.select().count() == len(keys) == 4
    row = Subscription.get_by_id(NAME)
    assert (row.mode, row.pos, row.lease_owner, row.inflight_pos) == (
        "ext", last_position(), None, None,
    )  # fmt: skip


def test_what_is_being_told_outside_is_noted_before_and_nothing_is_locked_meanwhile(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(), at=[CITY])
    say(boss, 1)
    seen = []

    def answer(event: Event) -> None:
        row = Subscription.get_by_id(NAME)
        seen.append((row.inflight_pos, row.inflight_tries))
        say(boss, 2)  # another writer is not in the way of this

    post.answer = answer
    Outsiders(instance).step()
    assert seen == [(post.arrived[0].position, 1)]


def test_a_failure_holds_back_its_own_aggregate_and_is_told_again_with_the_same_key(
    instance: Instance, boss: Caller, post: Post, quickly: None
):
    listen(instance, post.handler(), at=[CITY])
    post.fail(1, OSError("no route"), times=2)
    say(boss, 1, 2, 1, 2)
    assert drain(instance)
    assert [pair for pair in post.told() if pair[0] == 1] == [(1, 1)] * 3 + [(1, 2)]
    assert [pair for pair in post.told() if pair[0] == 2] == [(2, 1), (2, 2)]
    assert len({one.key for one in post.arrived if one.sequence == 1 and one.subject == 1}) == 1
    assert waiting(NAME) == []


def test_without_order_a_failure_holds_back_nothing(instance: Instance, boss: Caller, post: Post):
    listen(instance, post.handler(order="none"), at=[CITY])
    post.fail(1, Dead("gone"))
    say(boss, 1, 1, 1)
    assert drain(instance)
    assert len(post.told()) == 3
    assert [row[1] for row in waiting(NAME)] == ["dead"]


def test_in_the_order_of_all_a_failure_holds_back_everything_until_it_succeeds(
    instance: Instance, boss: Caller, post: Post, quickly: None
):
    listen(instance, post.handler(order="all"), at=[CITY])
    post.fail(2, OSError("no route"), times=3)
    say(boss, 1, 2, 3, 1)
    assert drain(instance)
    assert post.told() == [(1, 1), (2, 1), (2, 1), (2, 1), (2, 1), (3, 1), (1, 2)]


def test_a_receiver_that_is_away_makes_no_dead_letters_and_gets_all_when_it_is_back(
    instance: Instance, boss: Caller, post: Post, monkeypatch: pytest.MonkeyPatch
):
    listen(instance, post.handler(), at=[CITY])
    say(boss, *range(1, 31))

    def away(_event: Event) -> None:
        raise Away("nobody answers at 110101199003070011")

    post.answer = away
    outsiders = Outsiders(instance)
    for _time in range(20):
        outsiders.step()
    assert waiting(NAME) == []
    [one] = lag(instance)
    assert (one.behind, one.dead, one.retrying) == (30, 0, 0)
    assert one.error == "nobody answers at 110101***********1"
    assert "收信的一方不在" in stalls.of(instance)[0].why[0]
    assert len(post.arrived) <= 8, "it is not asked again and again"
    post.arrived.clear()
    post.answer = lambda _event: None
    assert drain(instance)
    assert sorted(post.told()) == [(number, 1) for number in range(1, 31)]
    assert lag(instance)[0].error is None
    assert LONGEST_PAUSE <= 30


def test_a_receiver_that_lost_everything_is_told_again_what_happened_since(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(), at=[CITY])
    say(boss, 1, 2)
    assert drain(instance)
    since = clock.now()
    say(boss, 3, 4)
    assert drain(instance)
    before = {one.position: one.key for one in post.arrived}
    post.arrived.clear()
    post.fail(5, Rewind(since))
    say(boss, 5)
    assert drain(instance)
    told = post.told()
    assert set(told) == {(3, 1), (4, 1), (5, 1)}
    assert all(before[one.position] == one.key for one in post.arrived if one.subject in (3, 4))


def test_what_was_told_late_is_told_again_too_and_noted_with_it(
    instance: Instance, boss: Caller, post: Post
):
    """A receiver that was away over a weekend and then lost everything."""
    listen(instance, post.handler(), at=[CITY])
    say(boss, 1)
    assert drain(instance)
    say(boss, 2, 3, 4)
    since = clock.now()
    assert drain(instance)
    noted: list[bool] = []
    post.arrived.clear()

    def lost(event: Event) -> None:
        if not noted:
            raise Rewind(since, lambda: noted.append(instance.database.in_transaction))

    post.answer = lost
    say(boss, 5)
    assert drain(instance)
    assert sorted(set(post.told())) == [(2, 1), (3, 1), (4, 1), (5, 1)]
    assert noted == [True]
    assert Subscription.get_by_id(NAME).pos == last_position()


def test_what_is_told_beside_a_receiver_that_lost_all_is_not_passed_over(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(), at=[CITY])
    say(boss, *range(1, 9))
    noted: list[int] = []
    met = threading.Barrier(2, timeout=10)

    def lost(event: Event) -> None:
        if not noted and event.subject in (1, 8):
            met.wait()
            if event.subject == 1:
                raise Rewind(clock.now() - dt.timedelta(hours=1), lambda: noted.append(1))

    post.answer = lost
    assert drain(instance)
    told = post.told()
    assert sorted(set(told)) == [(number, 1) for number in range(1, 9)]
    assert told.count((8, 1)) == 2, "the other one was told before it was known what was lost"


def test_a_receiver_that_hangs_holds_up_neither_handlers_of_the_database_nor_other_receivers(
    instance: Instance, boss: Caller, post: Post
):
    free, other = threading.Event(), []
    post.answer = lambda _event: free.wait(60) and None

    @on(HEARD, mode="ext")
    def quick(event: Event, caller: Caller) -> None:
        other.append(event.position)

    @on(HEARD)
    def inside(event: Event, caller: Caller) -> None:
        note("inside", event)

    listen(instance, post.handler(), quick, inside, at=[CITY])
    say(boss, 1, 2, 3)
    worker = Worker(instance)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        until(lambda: len(post.arrived) == 3)  # it hangs in all three, side by side
        until(lambda: len(other) == 3 and len(heard("inside")) == 3)
    finally:
        free.set()
        worker.stop()
        thread.join(20)
    assert Subscription.get_by_id(NAME).pos == last_position(), "it was noted before the end"
    assert Subscription.get_by_id(NAME).lease_owner is None


def test_a_call_longer_than_the_lease_keeps_it(
    instance: Instance, boss: Caller, post: Post, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lifang.events.outside.RENEW", 0.02)
    monkeypatch.setattr("lifang.events.subscriptions.LEASE", dt.timedelta(seconds=0.2))
    listen(instance, post.handler(), at=[CITY])
    say(boss, 1)
    held = []

    def answer(_event: Event) -> None:
        for _look in range(6):
            time.sleep(0.1)
            held.append(Subscription.get_by_id(NAME).lease_until > clock.now())

    post.answer = answer
    assert drain(instance)
    assert all(held)
    assert post.told() == [(1, 1)]


WRITER = """
import os
from pathlib import Path
import lifang as lf

@lf.on("core.thing.heard", mode="ext")
def letter(event, caller):
    with Path(os.environ["LETHAL_LOG"]).open("a") as told:
        told.write(f"{event.subject} {event.replaying}\\n")

plugin = lf.Plugin("writer", "writer", handlers=[letter])
"""


def test_history_told_twice_reaches_other_machines_once(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install(instance, tmp_path, monkeypatch, "writer", WRITER)
    monkeypatch.setenv("LETHAL_LOG", str(tmp_path / "told"))
    say(boss, 1, 2, at=HOME)
    say(boss, 3, at=FOREIGN)
    for _time in range(2):
        switching.switch(boss, "writer", at=HOME, on=True, history="start")
        assert drain(instance)
        switching.switch(boss, "writer", at=HOME, on=False)
    assert sorted((tmp_path / "told").read_text().splitlines()) == ["1 True", "2 True"]


LETHAL = """
import os, signal
from pathlib import Path
import lifang as lf

@lf.on("core.thing.heard", mode="ext")
def lethal(event, caller):
    with Path(os.environ["LETHAL_LOG"]).open("a") as told:
        told.write(f"{event.subject} {event.key}\\n")
    if event.subject == 50:
        os.kill(os.getpid(), signal.SIGKILL)

plugin = lf.Plugin("lethal", "lethal", handlers=[lethal])
"""


def test_an_event_that_kills_the_worker_outside_is_parked_and_the_others_arrive(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install(instance, tmp_path, monkeypatch, "lethal", LETHAL)
    log = tmp_path / "told"
    monkeypatch.setenv("LETHAL_LOG", str(log))
    switching.switch(boss, "lethal", at=CITY, on=True)
    say(boss, *range(1, 101))
    with Server(instance.settings.home):
        until(lambda: Subscription.get_by_id("lethal.lethal").pos == last_position(), 120)
    told = [line.split() for line in log.read_text().splitlines()]
    assert {int(subject) for subject, _key in told} == set(range(1, 101))
    assert len({key for _subject, key in told}) == 100, "what came twice came with its key"
    assert [row[1:] for row in waiting("lethal.lethal")] == [("parked", 1)]


def test_a_word_that_no_mode_is_called_is_refused():
    with pytest.raises(ValueError, match="mode='async' is none of tx, ext"):
        on(HEARD, mode="async")
    for told in ({}, {"mode": "ext", "order": "all"}, {"order": "none"}):
        with pytest.raises(ValueError, match="apart=True needs"):
            on(HEARD, apart=True, **told)
