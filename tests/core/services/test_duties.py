"""What a plugin does again and again: in the worker, beside everything else, where it is on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

import lifang as lf
from lifang.entities.caller import Caller
from lifang.events.tables import Inbox
from lifang.kit.errors import Busy
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from lifang.upkeep.working import Worker
from tests.core.events.listeners import heard, listen, note, say, switch

Duty = Callable[[Caller], bool]


@contextmanager
def at_work(instance: Instance, *duties: Duty) -> Iterator[Worker]:
    """A worker beside a plugin that listens and has duties."""

    @lf.on("core.thing.heard")
    def inside(event: lf.Event, caller: lf.Caller) -> None:
        note("inside", event)

    listen(instance, inside, at=[CITY]).duties = duties
    worker = Worker(instance)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(20)


def test_a_duty_is_called_as_its_plugin_again_and_again_and_no_more_where_it_is_off(
    instance: Instance,
):
    called = threading.Semaphore(0)
    callers: list[Caller] = []

    def look(caller: Caller) -> bool:
        callers.append(caller)
        called.release()
        return True

    with at_work(instance, look):
        assert all(called.acquire(timeout=10) for _time in range(3))
        switch("probe", CITY, on=False, instance=instance)
        while called.acquire(timeout=1.5):
            pass  # those that were on their way
        assert not called.acquire(timeout=1.5)
        switch("probe", CITY, on=True, instance=instance)
        assert called.acquire(timeout=10)
    assert {(one.plugin, one.name, one.cause) for one in callers} == {
        ("probe", "plugin:probe", None)
    }


def test_a_duty_that_hangs_or_fails_holds_up_nobody_and_is_tried_again(
    instance: Instance, boss: Caller
):
    free, failed = threading.Event(), threading.Semaphore(0)

    def hang(_caller: Caller) -> bool:
        return not free.wait(30)

    def fail(_caller: Caller) -> bool:
        failed.release()
        raise ZeroDivisionError

    with at_work(instance, hang, fail):
        try:
            say(boss, 1, 2)
            until = [failed.acquire(timeout=10) for _time in range(2)]
            assert all(until)
            assert len(heard("inside")) == 2
        finally:
            free.set()


def test_a_message_of_another_system_has_its_effect_once(instance: Instance, boss: Caller):
    done: list[str] = []
    fresh = [
        lf.take_in(boss, "there", number, partial(done.append, number))
        for number in ("1", "1", "2", "1")
    ]
    assert fresh == [True, False, True, False]
    assert lf.take_in(boss, "elsewhere", "1")
    assert done == ["1", "2"]


def test_a_message_whose_effect_fails_is_not_known(instance: Instance, boss: Caller):
    def fail() -> None:
        raise Busy("later")

    with pytest.raises(Busy):
        lf.take_in(boss, "there", "1", fail)
    assert Inbox.select().count() == 0
    assert lf.take_in(boss, "there", "1")


def test_two_who_take_in_the_same_message_at_once_take_it_in_once(instance: Instance, boss: Caller):
    fresh: list[bool] = []
    start = threading.Barrier(4)

    def take() -> None:
        with instance.database.connection():
            start.wait(10)
            fresh.extend(lf.take_in(boss, "there", str(number)) for number in range(20))

    threads = [threading.Thread(target=take) for _one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(fresh), sum(fresh)) == (80, 20)
