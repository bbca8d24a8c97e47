"""The examples of `docs/events.md` run, and every test that it names is there."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from tests.core.events import registry as example
from tests.core.events.listeners import listen

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "events.md"


class Registry:
    """Somebody elsewhere, who answers as the test says and keeps what arrived."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.people: list[int] = []
        self.answers: list[int] = []
        registry = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                registry.keys.append(self.headers["Idempotency-Key"])
                registry.people.append(told["person"])
                self.send_response(registry.answers.pop(0) if registry.answers else 204)
                self.send_header("Retry-After", "600")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_told: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)


@pytest.fixture
def registry(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    one = Registry()
    monkeypatch.setattr(example, "ADDRESS", [f"http://127.0.0.1:{one.server.server_port}/"])
    thread = threading.Thread(target=one.server.serve_forever)
    thread.start()
    listen(instance, example.tell_registry, at=[world.CITY], plugin="registry")
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


@pytest.fixture
def mover(instance: Instance, registry: Registry) -> lf.Person:
    return world.person(instance, "李强")


def test_a_move_reaches_the_registry_once_whatever_fails_between(
    instance: Instance, events: Events, clock: Clock, registry: Registry, mover: lf.Person
):
    world.move(instance, mover, to=world.NEIGHBOUR)
    registry.answers = [500, 429]
    events.deliver()  # 500: waits a second
    clock.later(seconds=2)
    events.deliver()  # 429: waits ten minutes, as the registry asks
    clock.later(minutes=9)
    events.deliver()
    assert len(registry.keys) == 2
    clock.later(minutes=9)
    events.deliver()
    assert registry.people == [mover.id] * 3
    assert len(set(registry.keys)) == 1, "the registry can tell that it is one and the same"


def test_a_crash_after_sending_sends_it_again_with_the_same_key(
    instance: Instance, events: Events, registry: Registry, mover: lf.Person
):
    world.move(instance, mover, to=world.NEIGHBOUR)
    with events.crashing(example.tell_registry):
        events.deliver()
    events.again(events.published("core.person.moved")[0])
    assert len(registry.keys) == 3
    assert len(set(registry.keys)) == 1


def test_what_it_will_never_take_is_a_dead_letter_and_can_be_replayed(
    instance: Instance, events: Events, registry: Registry, mover: lf.Person
):
    world.move(instance, mover, to=world.NEIGHBOUR)
    registry.answers = [422]
    events.deliver()
    [letter] = events.letters(example.tell_registry)
    assert (letter.state, letter.error) == ("dead", "the registry does not know this person")
    events.replay(example.tell_registry)
    events.deliver()
    assert events.letters() == []
    assert registry.people == [mover.id] * 2


# the end of the examples


def test_a_registry_that_is_away_makes_no_letter(
    instance: Instance, events: Events, registry: Registry, mover: lf.Person, monkeypatch
):
    monkeypatch.setattr(example, "ADDRESS", ["http://127.0.0.1:9/"])
    world.move(instance, mover, to=world.NEIGHBOUR)
    events.deliver()
    assert (events.letters(), registry.keys) == ([], [])


def test_the_past_is_not_sent(instance: Instance, registry: Registry, events: Events):
    event = lf.Event(
        1, "core.person.moved", 1, "core.person", 1, 1, None, None, None, None,
        dt.datetime.now(dt.UTC), {"date": "2026-11-30"}, (), replaying=True,
    )  # fmt: skip
    example.tell_registry(event, world.boss(instance))
    assert registry.keys == []


def test_every_test_that_the_page_names_is_there_and_its_code_is_included():
    text = PAGE.read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", text))
    folders = (ROOT / "tests", ROOT / "plugins")
    sources = [one.read_text("utf-8") for place in folders for one in place.rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.M)}
    assert len(named) > 20
    assert named - there == set()
    assert "```python" not in text, "code is included from where it is run"
