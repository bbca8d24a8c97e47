"""One dispatcher moves a subscription at a time; whoever died gives it up at once."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import time_machine

from lifang.entities.caller import Caller
from lifang.events import dispatch, subscriptions
from lifang.events.audience import Audience, Here
from lifang.events.dispatch import Dispatcher
from lifang.events.event import Event, on
from lifang.events.log import Place
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock
from lifang.services.delivery import audience_of, dispatcher_of, drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from lifang.upkeep.working import Duty
from tests.core.events.listeners import HEARD, heard, listen, note, position, say, waiting


@on(HEARD)
def hears(event: Event, caller: Caller) -> None:
    note("hears", event)


def lease(owner: str | None, *, seconds: float = 5) -> None:
    until = clock.now() + dt.timedelta(seconds=seconds)
    Subscription.update(lease_owner=owner, lease_until=until).execute()


def somebody_alive() -> str:
    """The process that runs the tests' parent: alive, and not us."""
    parent = os.getppid()
    return f"{socket.gethostname()[:40]}/{parent}/{subscriptions._started(parent)}"


def test_a_subscription_in_anothers_hands_is_left_alone_until_its_lease_runs_out(
    instance: Instance, boss: Caller
):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    lease(somebody_alive())
    dispatcher = dispatcher_of(instance)
    assert not dispatcher.step()
    assert not drain(instance, timeout=0.1)
    assert heard("hears") == []
    with time_machine.travel(clock.now() + dt.timedelta(seconds=6)):
        assert dispatcher.step()
    assert len(heard("hears")) == 1


def test_a_lease_on_another_host_is_respected(instance: Instance, boss: Caller):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    lease("another-host/1/1")
    assert not dispatcher_of(instance).step()


def test_the_lease_of_a_dead_process_is_taken_over_at_once(instance: Instance, boss: Caller):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    owner = f"{socket.gethostname()[:40]}/{child.pid}/{subscriptions._started(child.pid)}"
    lease(owner)
    assert not dispatcher_of(instance).step()
    child.kill()
    child.wait()
    assert dispatcher_of(instance).step()
    assert len(heard("hears")) == 1


def test_a_process_that_got_the_number_of_a_dead_one_does_not_inherit_its_lease(
    instance: Instance, boss: Caller
):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    lease(f"{socket.gethostname()[:40]}/{os.getppid()}/1")
    assert dispatcher_of(instance).step()


def test_a_batch_that_another_dispatcher_has_told_meanwhile_is_not_told_again(
    instance: Instance, boss: Caller
):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    with instance.database.transaction():
        taken = subscriptions.claim(
            ["probe.hears"], "me", place=Place(0, position("probe.hears") + 1)
        )
    assert taken == set()


def test_draining_gives_its_leases_back(instance: Instance, boss: Caller):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    assert Subscription.get_by_id("probe.hears").lease_owner is None


def test_two_dispatchers_letting_the_same_newcomer_in_make_one_subscription(
    instance: Instance, boss: Caller
):
    plugin = listen(instance, hears, at=[CITY])
    newcomers = [subscriptions.Subscriber(plugin.id, handler) for handler in plugin.handlers]
    say(boss, 1)
    before = position("probe.hears")
    with instance.database.transaction():
        subscriptions.subscribe(newcomers)
        subscriptions.subscribe(newcomers)
    assert position("probe.hears") == before
    assert Subscription.select().count() == 1


def test_the_name_of_this_process_fits_its_column():
    assert len(subscriptions.this_process()) <= 80
    assert not subscriptions.gone(subscriptions.this_process())


def test_a_lease_that_somebody_takes_in_the_last_moment_is_respected(
    instance: Instance, boss: Caller
):
    @on(HEARD)
    def hears_too(event: Event, caller: Caller) -> None:
        note("hears_too", event)

    listen(instance, hears, hears_too, at=[CITY])
    say(boss, 1, at=CITY)

    def gather() -> Audience:
        audience = audience_of(instance)

        def decides(plugin: str, community: int) -> Here | None:
            until = clock.now() + dt.timedelta(seconds=5)
            Subscription.update(lease_owner=somebody_alive(), lease_until=until).where(
                Subscription.name == "probe.hears"
            ).execute()
            return audience.decides(plugin, community)

        return replace(audience, decides=decides)

    assert Dispatcher(instance.database, gather).step()
    assert heard("hears") == []
    assert len(heard("hears_too")) == 1


def test_who_finds_everything_taken_has_nothing_to_do(instance: Instance, boss: Caller):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    with instance.database.transaction():
        Retry.create(
            sub="probe.hears", pos=1, agg="core.thing/1", next_at=clock.now(), state="waiting"
        )
    lease(somebody_alive())
    assert not dispatcher_of(instance).step()
    assert heard("hears") == []


def test_who_has_nothing_to_tell_for_a_while_holds_no_lease(
    instance: Instance, boss: Caller, monkeypatch: pytest.MonkeyPatch
):
    listen(instance, hears, at=[CITY])
    dispatcher = dispatcher_of(instance)
    say(boss, 1)
    assert dispatcher.step()
    assert not dispatcher.step()
    assert Subscription.get().lease_owner == dispatcher.owner, "something may follow at once"
    monkeypatch.setattr(dispatch, "REST", 0.0)
    assert not dispatcher.step()
    assert Subscription.get().lease_owner is None
    say(boss, 2)
    assert dispatcher_of(instance).step(), "so another need not take this one for dead"
    assert len(heard("hears")) == 2


def test_a_lease_that_ran_out_on_another_host_makes_wary_and_an_idle_one_does_not(
    instance: Instance, boss: Caller, caplog: pytest.LogCaptureFixture
):
    listen(instance, hears, at=[CITY])
    say(boss, 1)
    assert dispatcher_of(instance).step()
    lease("another-host/1/1", seconds=-1)
    say(boss, 2, 3)
    assert drain(instance)
    assert caplog.text.count("ended amid it") == 1
    say(boss, 4)
    assert drain(instance)
    assert caplog.text.count("ended amid it") == 1
    assert len(heard("hears")) == 4


@pytest.mark.served
def test_a_handler_that_is_silent_for_longer_than_a_transaction_may_be_is_parked(
    instance: Instance, boss: Caller, monkeypatch: pytest.MonkeyPatch
):
    """Else the event would be told, cut off and told again for ever, and nothing behind it."""
    calls: list[int] = []

    @on(HEARD)
    def silent(event: Event, caller: Caller) -> None:
        calls.append(event.subject)
        if event.subject == 2:
            time.sleep(3)
        note("silent", event)

    listen(instance, silent, hears, at=[CITY])
    say(boss, 1, 2, 3)
    engine = instance.database.engine
    engine.execute_sql("SET idle_in_transaction_session_timeout = '1s'")
    options = engine.connect_params["options"]
    monkeypatch.setitem(
        engine.connect_params, "options", options.replace("timeout=6s", "timeout=1s")
    )
    delivery = Duty("delivery", dispatcher_of(instance).step, ready=instance.database.mend, every=0)
    until = time.monotonic() + 120
    while len(heard("silent")) < 2 or len(heard("hears")) < 3:
        assert time.monotonic() < until
        delivery._next = 0.0
        delivery.turn()
        instance.database.mend()
    assert heard("silent") == [("core.thing/1", 1), ("core.thing/3", 1)]
    assert [row[1:] for row in waiting("probe.silent")] == [("parked", 1)]
    assert calls.count(2) == 3
