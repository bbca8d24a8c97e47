"""A handler that is told inside a transaction may not wait for the network meanwhile."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.services.instance import Instance
from lifang.testing.events import Events
from lifang.testing.world import CITY
from tests.core.events.listeners import HEARD, Note, listen, note, position, say


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def post(port: int) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()


def look_up(port: int) -> None:
    socket.getaddrinfo("localhost", port)


def send(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"1", ("127.0.0.1", port))


@pytest.mark.parametrize("reach", [connect, post, look_up, send])
def test_reaching_for_the_network_fails_the_test_and_leaves_no_effect(
    instance: Instance, boss: Caller, events: Events, port: int, reach: Callable[[int], None]
):
    @on(HEARD)
    def sends(event: Event, caller: Caller) -> None:
        note("sends", event)
        try:
            reach(port)
        except Exception:
            note("sends", event)

    listen(instance, sends, at=[CITY])
    stands = position("probe.sends")
    say(boss, 1)
    with pytest.raises(pytest.fail.Exception, match=r'probe.sends reaches .*mode="ext"'):
        events.deliver()
    assert Note.select().count() == 0
    assert position("probe.sends") == stands
    reach_outside = [connect, look_up, send]
    for one in reach_outside:
        one(port)


def test_a_socket_file_on_this_machine_is_no_network(
    instance: Instance, boss: Caller, events: Events
):
    @on(HEARD)
    def rings(event: Event, caller: Caller) -> None:
        instance.database.ring()
        note("rings", event)

    listen(instance, rings, at=[CITY])
    say(boss, 1)
    events.deliver()
    assert Note.select().count() == 1


def test_outside_transactions_the_network_is_open(
    instance: Instance, boss: Caller, events: Events, port: int
):
    keys: list[str] = []

    @on(HEARD, mode="ext")
    def sends(event: Event, caller: Caller) -> None:
        connect(port)
        keys.append(event.key)

    listen(instance, sends, at=[CITY])
    say(boss, 1)
    events.deliver()
    assert len(keys) == 1
