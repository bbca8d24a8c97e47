"""Commands run in this process on the test's own instance, by an account tied to its user."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from typing import Any

import pytest

from lifang.cli.hands import Hands
from lifang.cli.main import run
from lifang.services.accounts import first_administrator
from lifang.services.instance import Instance


@dataclass(frozen=True)
class Said:
    """What a command said, and how it left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def problem(self) -> Any:
        return json.loads(self.err)


Command = Callable[..., Said]


class Screen(io.TextIOWrapper):
    """A stream that keeps what is written, and may say that it is a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), "utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def told(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def say(hands: Callable[[], Hands], *words: str, terminal: bool = False) -> Said:
    """Run one command."""
    out, err = Screen(terminal=terminal), Screen()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(hands, words)
    return Said(code, out.told(), err.told())


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the tests happens to say is not what they are about."""
    for name in [name for name in os.environ if name.startswith("LIFANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIFANG_LANG", "zh")


@pytest.fixture
def lifang(instance: Instance) -> Iterator[Command]:
    """Run a command as the first administrator, `boss`: `lifang("people", "list")`."""
    first_administrator(instance, "boss", home_code="620100000000", system_user=os.getuid())

    def refuse(*given: Any, **named: Any) -> Any:
        raise AssertionError("this command has no business with the folder")

    def hands() -> Hands:
        others = {field.name: refuse for field in fields(Hands) if field.name != "opened"}
        return Hands(opened=lambda: nullcontext(instance), **others)

    def command(*words: str, terminal: bool = False) -> Said:
        return say(hands, *words, terminal=terminal)

    yield command


@pytest.fixture
def worker(lifang: Command) -> str:
    """An account of a community worker at 畅家巷, by its name."""
    made = lifang(
        "accounts", "create", "wang", "--role", "community_worker", "--at", "620102001001"
    )
    assert made.code == 0, made.err
    return "wang"
