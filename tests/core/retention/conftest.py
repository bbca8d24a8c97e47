"""What tests of retention share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.publish import publish
from lifang.testing.world import HOME
from tests.core.events.listeners import HEARD
from tests.core.retention.aged import LONG_AGO, TODAY, Publish, positions


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TODAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def old(boss: Caller) -> Publish:
    """Publish events of nine months ago about some subjects; gives all positions there are."""

    def tell(*subjects: int, type: str = HEARD, **data: Any) -> list[int]:
        with time_machine.travel(LONG_AGO, tick=False), boss.instance.database.transaction():
            home = int(Community.get(Community.code == HOME).id)
            for subject in subjects:
                about = f"core.thing/{subject}"
                publish(type, about, data, caller=boss, communities=[home])
        return positions()

    return tell
