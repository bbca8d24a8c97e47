"""A receiver that hangs is left to itself where each aggregate is a receiver of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from lifang.entities.caller import Caller
from lifang.events.event import Event
from lifang.events.tables import Inbox, Retry, Subscription
from lifang.kit import clock
from lifang.services.delivery import Outsiders, drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from tests.core.events.listeners import last_position, listen, say, waiting
from tests.core.events.posts import NAME, Post, until


@pytest.fixture
def hanging(post: Post) -> Iterator[threading.Event]:
    """The receiver of aggregate 1 hangs until it is let go; the others answer at once."""
    free = threading.Event()
    post.answer = lambda event: event.subject == 1 and free.wait(30) and None
    yield free
    free.set()


def test_a_receiver_of_its_own_that_hangs_is_left_to_itself_and_told_once_in_its_order(
    instance: Instance, boss: Caller, post: Post, hanging: threading.Event
):
    listen(instance, post.handler(apart=True), at=[CITY])
    outsiders = Outsiders(instance)
    say(boss, 1, 2, 1)
    outsiders.step()
    assert outsiders.hang
    say(boss, 2, 1, 3)
    began = time.monotonic()
    for _time in range(5):
        outsiders.step()
    assert time.monotonic() - began < 0.8, "nobody waits for it any more"
    assert sorted(post.told()) == [(1, 1), (2, 1), (2, 2), (3, 1)]
    assert Subscription.get_by_id(NAME).pos == last_position()
    hanging.set()
    until(lambda: outsiders.step() or not outsiders.hang)
    until(lambda: not outsiders.step() and len(post.arrived) == 6)
    assert [pair for pair in post.told() if pair[0] == 1] == [(1, 1), (1, 2), (1, 3)]
    assert waiting(NAME) == []
    assert Inbox.select().count() == 6


def test_what_hung_and_failed_counts_as_one_try_and_is_told_again_with_its_key(
    instance: Instance, boss: Caller, post: Post
):
    listen(instance, post.handler(apart=True), at=[CITY])
    free, failing = threading.Event(), [OSError("no route")]

    def answer(_event: Event) -> None:
        if failing:
            free.wait(30)
            raise failing.pop()

    post.answer = answer
    say(boss, 1, 1)
    outsiders = Outsiders(instance)
    outsiders.step()
    assert [row[1:] for row in waiting(NAME)] == [("waiting", 0)] * 2
    free.set()
    until(lambda: outsiders.step() and not outsiders.hang)
    assert [row[1:] for row in waiting(NAME)] == [("waiting", 1), ("waiting", 0)]
    Retry.update(next_at=clock.now()).execute()
    assert drain(instance)
    assert post.told() == [(1, 1), (1, 1), (1, 2)]
    assert len({one.key for one in post.arrived}) == 2
    assert waiting(NAME) == []


def test_what_hung_when_its_process_ended_is_told_again_with_its_key(
    instance: Instance, boss: Caller, post: Post, hanging: threading.Event
):
    listen(instance, post.handler(apart=True), at=[CITY])
    say(boss, 1, 2)
    Outsiders(instance).step()  # and nobody ever asks these how it went
    hanging.set()
    assert drain(instance)
    assert sorted(post.told()) == [(1, 1), (2, 1)], "it may still be in somebody's hands"
    Retry.update(next_at=clock.now()).execute()
    assert drain(instance)
    assert sorted(post.told()) == [(1, 1), (1, 1), (2, 1)]
    assert len({one.key for one in post.arrived}) == 2
