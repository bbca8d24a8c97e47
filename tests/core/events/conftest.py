"""What tests of the event bus share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifang.entities.community import Community
from lifang.services.instance import Instance


@pytest.fixture
def place_id(instance: Instance) -> Callable[[str], int]:
    """The id of a community by its code."""
    return lambda code: int(Community.get(Community.code == code).id)
