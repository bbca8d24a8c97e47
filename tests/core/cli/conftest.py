"""Commands run in this process on the test's own instance, by an account tied to its user."""

from __future__ import annotations

import pytest

from lifang.testing.commands import Command as Command
from lifang.testing.commands import Said as Said
from lifang.testing.commands import say as say


@pytest.fixture(autouse=True)
def in_a_plain_environment(plain_environment: None) -> None:
    """For those, too, that ask for no instance."""


@pytest.fixture
def lifang(run: Command) -> Command:
    """Run a command as the first administrator, `boss`: `lifang("people", "list")`."""
    return run


@pytest.fixture
def worker(lifang: Command) -> str:
    """An account of a community worker at 畅家巷, by its name."""
    made = lifang(
        "accounts", "create", "wang", "--role", "community_worker", "--at", "620102001001"
    )
    assert made.code == 0, made.err
    return "wang"
