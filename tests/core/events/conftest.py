"""What tests of the event bus share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.lifecycle import switching
from lifang.services.instance import Instance
from lifang.testing.events import Clock
from tests.core.events.chronicle import CHRONICLE, Switch
from tests.core.events.packages import install
from tests.core.events.posts import Post


@pytest.fixture
def place_id(instance: Instance) -> Callable[[str], int]:
    """The id of a community by its code."""
    return lambda code: int(Community.get(Community.code == code).id)


@pytest.fixture
def later(clock: Clock) -> Callable[..., None]:
    """Stop the clock, so that no retry falls due before the test says so: `later(seconds=2)`."""
    return clock.later


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifang.events.retry.FIRST_WAIT", 0.0)
    monkeypatch.setattr("lifang.events.retry.FACTOR", 1.0)


@pytest.fixture
def turn(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Switch:
    """Switch the plugin as an administrator does."""
    install(instance, tmp_path, monkeypatch, "chronicle", CHRONICLE)

    def turn(code: str, *, on: bool = True, history: str | None = None) -> switching.Listed:
        return switching.switch(boss, "chronicle", at=code, on=on, history=history)

    return turn
