"""A delivery that ends its process is parked with its cause, and everything else flows."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from lifang.app.dispatcher import Dispatcher as Server
from lifang.entities.caller import Caller
from lifang.events import log, retry, subscriptions
from lifang.events.dispatch import BATCH
from lifang.events.event import Dead, Event, on
from lifang.events.publish import publish
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock
from lifang.lifecycle import switching
from lifang.services.delivery import dispatcher_of, drain, lag
from lifang.services.instance import Instance
from lifang.testing.world import CITY
from tests.core.events.listeners import HEARD, heard, listen, note, say, waiting
from tests.core.events.packages import install

LETHAL = """
import os, signal, sys
from pathlib import Path
import lifang as lf
from tests.core.events.listeners import note

@lf.on("core.thing.heard")
def lethal(event, caller):
    with Path(os.environ["LETHAL_LOG"]).open("a") as told:
        told.write(f"{event.subject}\\n")
    note("lethal", event)
    if event.subject == 500:
        {end}

@lf.on("core.thing.heard")
def harmless(event, caller):
    note("harmless", event)

plugin = lf.Plugin("lethal", "lethal", handlers=[lethal, harmless])
"""

ENDS = {
    "exit": "os._exit(7)",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "import ctypes; ctypes.string_at(0)",
}


@on(HEARD)
def steady(event: Event, caller: Caller) -> None:
    note("steady", event)


def say_thousand(caller: Caller) -> None:
    with caller.instance.database.transaction():
        for subject in range(1, 1_001):
            publish(HEARD, f"core.thing/{subject}", {}, caller=caller)


def told(handler: str) -> list[int]:
    return [int(agg.rpartition("/")[2]) for agg, _seq in heard(handler)]


THE_OTHERS = [number for number in range(1, 1_001) if number != 500]


def test_of_a_thousand_with_a_poisonous_one_the_others_flow_at_once(
    instance: Instance, boss: Caller
):
    @on(HEARD)
    def frail(event: Event, caller: Caller) -> None:
        note("frail", event)
        if event.subject == 500:
            raise Dead("poison")

    listen(instance, frail, steady, at=[CITY])
    say_thousand(boss)
    assert drain(instance)
    assert told("frail") == THE_OTHERS
    assert told("steady") == list(range(1, 1_001))
    assert [row[1:] for row in waiting("probe.frail")] == [("dead", 1)]
    assert Retry.get().error == "poison"


@pytest.mark.parametrize(
    "end",
    ["exit", pytest.param("kill", marks=pytest.mark.once),
     pytest.param("segfault", marks=(pytest.mark.once, pytest.mark.trust))],
)  # fmt: skip
def test_a_delivery_that_kills_the_worker_is_parked_and_the_others_flow(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
):
    install(instance, tmp_path, monkeypatch, "lethal", LETHAL.replace("{end}", ENDS[end]))
    monkeypatch.setenv("LETHAL_LOG", str(tmp_path / "told"))
    switching.switch(boss, "lethal", at=CITY, on=True)
    say_thousand(boss)
    with Server(instance.settings.home):
        until = time.monotonic() + 150
        while len(told("lethal")) < 999 and time.monotonic() < until:
            time.sleep(0.05)
    assert told("lethal") == THE_OTHERS, "each had one effect"
    assert told("harmless") == list(range(1, 1_001))
    assert [row[1:] for row in waiting("lethal.lethal")] == [("parked", 1)]
    assert Retry.get().error == "3 processes ended while they told it"
    calls = [int(line) for line in (tmp_path / "told").read_text().split()]
    assert calls.count(500) == 3, "it was asked three times"
    assert calls.count(1_000) == 1
    [_harmless, lethal] = lag(instance)
    assert (lethal.dead, lethal.behind, lethal.retrying) == (1, 0, 0)
    assert Subscription.get_by_id("lethal.lethal").lease_owner is None


def end_amid(instance: Instance, *, of: str = "probe.steady") -> None:
    """Leave a subscription as a killed process leaves it: with the lease of somebody gone."""
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    name = dispatcher_of(instance).owner.split("/")[0]
    Subscription.update(
        lease_owner=f"{name}/{child}/1", lease_until=clock.now().replace(year=2100)
    ).where(Subscription.name == of).execute()


def test_after_an_unclean_stop_events_are_told_one_by_one_and_then_in_batches_again(
    instance: Instance, boss: Caller, caplog: pytest.LogCaptureFixture
):
    listen(instance, steady, at=[CITY])
    say(boss, 1, 2, 3)
    end_amid(instance)
    dispatcher = dispatcher_of(instance)
    for number in (1, 2, 3):
        assert dispatcher.step()
        assert told("steady") == list(range(1, number + 1))
    assert not dispatcher.step()
    say(boss, 4, 5, 6)
    assert dispatcher.step()
    assert told("steady") == [1, 2, 3, 4, 5, 6]
    assert caplog.text.count("ended amid it") == 1
    row = Subscription.get()
    assert (row.inflight_pos, row.inflight_tries) == (None, 0)
    dispatcher.release()


def test_after_a_clean_stop_events_are_told_in_batches(instance: Instance, boss: Caller):
    listen(instance, steady, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    say(boss, 2, 3)
    assert dispatcher_of(instance).step()
    assert told("steady") == [1, 2, 3]


def test_wariness_ends_past_what_the_other_could_have_had_in_its_hands(
    instance: Instance, boss: Caller
):
    listen(instance, steady, at=[CITY])
    say_thousand(boss)
    end_amid(instance)
    dispatcher = dispatcher_of(instance)
    for _each in range(BATCH):
        assert dispatcher.step()
    assert len(told("steady")) == BATCH
    assert dispatcher.step()
    assert len(told("steady")) > BATCH + 1
    assert drain(instance)
    assert told("steady") == list(range(1, 1_001))


def test_a_retry_that_kills_is_parked_too_and_told_again_when_somebody_says_so(
    instance: Instance, boss: Caller
):
    calls: list[int] = []
    ready = False

    @on(HEARD)
    def deadly(event: Event, caller: Caller) -> None:
        if not ready:
            raise ValueError("not yet")
        calls.append(event.sequence)

    listen(instance, deadly, at=[CITY])
    say(boss, 1)
    assert drain(instance)
    [(position, _state, tries)] = waiting("probe.deadly")
    ready = True
    Retry.update(next_at=clock.now()).execute()
    end_amid(instance, of="probe.deadly")
    Subscription.update(inflight_pos=position, inflight_tries=2).execute()
    say(boss, 1)
    assert drain(instance)
    assert calls == [2], "only the one behind it"
    assert waiting("probe.deadly") == [(position, "parked", tries + 1)]
    retry.queue("probe.deadly", _event(position))
    assert drain(instance)
    assert calls == [2, 1]
    assert waiting("probe.deadly") == []


def _event(position: int) -> Event:
    return log.read([position])[0]


def test_a_note_of_another_event_counts_for_nothing(instance: Instance, boss: Caller):
    listen(instance, steady, at=[CITY])
    say(boss, 1)
    end_amid(instance)
    Subscription.update(inflight_pos=1, inflight_tries=9).execute()
    assert drain(instance)
    assert told("steady") == [1]
    assert waiting("probe.steady") == []


def test_a_note_that_a_process_leaves_when_it_stops_in_order_counts_for_nothing(
    instance: Instance, boss: Caller
):
    listen(instance, steady, at=[CITY])
    say(boss, 1)
    end_amid(instance)
    with instance.database.transaction():
        position = Subscription.get().pos + 1
        assert subscriptions.mark("probe.steady", "me", position) == 0
        subscriptions.release("me")
    row = Subscription.get()
    assert (row.lease_owner, row.inflight_pos, row.inflight_tries) == (None, None, 0)
    assert drain(instance)
    assert told("steady") == [1]
