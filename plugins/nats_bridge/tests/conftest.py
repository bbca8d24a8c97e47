"""A broker for each test, and an instance whose bridge is switched on in one district."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lifang.testing import world
from lifang_nats_bridge.line import hang_up
from plugins.nats_bridge.tests.broker import Broker


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Broker]:
    """A broker that was not started."""
    one = Broker(tmp_path / "broker")
    yield one
    hang_up()
    one.kill()


@pytest.fixture
def broker(stopped: Broker) -> Broker:
    """A broker that answers."""
    stopped.start()
    return stopped


@pytest.fixture
def bridge(instance: Any, enable: Callable[..., None], stopped: Broker) -> Callable[..., Any]:
    """Switch the bridge on in Chengguan, with some settings beside the broker's address."""

    def switched_on(*, at: str = world.CHENGGUAN, **told: Any) -> Any:
        instance.settings = replace(instance.settings, broker=stopped.url, **told)
        enable("nats_bridge", at=at)
        return instance

    return switched_on
