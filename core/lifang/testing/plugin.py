"""The pytest plugin: a real instance in a temporary folder, callers by role, and its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from lifang.access import passwords
from lifang.entities.caller import Caller
from lifang.kit.clock import now
from lifang.services.instance import Instance
from lifang.testing import network, served, sharing, world
from lifang.testing.events import Clock, Events


def pytest_configure(config: pytest.Config) -> None:
    """No handler reaches for the network inside a transaction; what takes long is done once."""
    network.watch()
    sharing.share()
    passwords.MEMORY_KIB, passwords.PASSES = 64, 1  # else 0.1 s and 64 MiB for every account


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only those tests are run that have an instance to keep there."""
    kept = [one for one in items if _belongs(one)]
    config.hook.pytest_deselected(items=[one for one in items if one not in set(kept)])
    items[:] = kept


def _belongs(test: pytest.Item) -> bool:
    about_served = test.get_closest_marker("served") is not None
    if not served.chosen():
        return not about_served
    keeps = not {"empty_instance", "instance"}.isdisjoint(getattr(test, "fixturenames", ()))
    elsewhere = any(test.get_closest_marker(one) for one in ("embedded", "once"))
    return about_served or (keeps and not elsewhere)


@pytest.fixture
def empty_instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance as `lifang init` leaves it: no communities yet."""
    yield from world.new_instance(tmp_path / "home")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance with a small real tree: two districts of Lanzhou and some of their places."""
    yield from world.new_instance(tmp_path / "home", planted=True)


@pytest.fixture
def caller(instance: Instance) -> Callable[..., Caller]:
    """Make a caller: `caller("grid_worker", at=CODE)`, `caller("resident", person=liqiang)`."""

    def make(role: str, **where: Any) -> Caller:
        return world.caller(instance, role, **where)

    return make


@pytest.fixture
def boss(instance: Instance) -> Caller:
    """The first administrator, with instance-wide rights."""
    return world.boss(instance)


@pytest.fixture
def enable(instance: Instance) -> Callable[..., None]:
    """Install a plugin if need be and switch it on: `enable("dual_reporting", at=CODE)`."""

    def switch_on(plugin: str, *, at: str) -> None:
        world.enable(instance, plugin, at=at)

    return switch_on


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands still until the test moves it: `clock.later(hours=2)`."""
    with time_machine.travel(now(), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def events(boss: Caller) -> Events:
    """What is published from here on, told when the test says `events.deliver()`."""
    return Events(boss)
