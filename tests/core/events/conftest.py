"""What tests of the event bus share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifang.entities.community import Community
from lifang.services.instance import Instance
from lifang.testing.events import Clock


@pytest.fixture
def place_id(instance: Instance) -> Callable[[str], int]:
    """The id of a community by its code."""
    return lambda code: int(Community.get(Community.code == code).id)


@pytest.fixture
def later(clock: Clock) -> Callable[..., None]:
    """Stop the clock, so that no retry falls due before the test says so: `later(seconds=2)`."""
    return clock.later
