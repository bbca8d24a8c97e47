"""Commands run in this process on the test's own instance, by an account tied to its user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lifang.app.instance import create
from lifang.services.accounts import first_administrator
from lifang.testing import world
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


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an instance with a tree and its first administrator, `boss`; closed."""
    home = tmp_path / "home"
    monkeypatch.setenv("LIFANG_HOME", str(home))
    instance = create(home)
    first_administrator(instance, "boss", home_code=world.CITY, system_user=os.getuid())
    with instance.database.connection():
        world.plant(instance)
    instance.close()
    return home
