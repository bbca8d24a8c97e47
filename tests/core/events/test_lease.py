"""One dispatcher moves a subscription at a time; whoever died gives it up at once."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
from dataclasses import replace

import time_machine

from lifang.entities.caller import Caller
from lifang.events import subscriptions
from lifang.events.audience import Audience, Here
from lifang.events.dispatch import Dispatcher
from lifang.events.event import Event, on
from lifang.events.log import Place
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock
from lifang.services.delivery import audience_of, dispatcher_of, drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from tests.core.events.listeners import HEARD, heard, listen, note, position, say


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
