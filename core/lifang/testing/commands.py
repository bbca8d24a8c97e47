"""Commands run in this process on the test's own instance."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from typing import Any

from lifang.cli.hands import Hands
from lifang.cli.main import run
from lifang.services.instance import Instance


@dataclass(frozen=True)
class Said:
    """What a command said, and how it left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer to `--json`."""
        return json.loads(self.out)

    @property
    def problem(self) -> Any:
        """Its refusal with `--json`."""
        return json.loads(self.err)


Command = Callable[..., Said]
"""Runs a command: `run("people", "list", "--json")`."""


class Screen(io.TextIOWrapper):
    """A stream that keeps what is written, and may say that it is a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        """Begin empty."""
        super().__init__(io.BytesIO(), "utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        """Whether it says that it is a terminal."""
        return self.terminal

    def told(self) -> str:
        """What was written so far."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)  # noqa: S101 – told to the type checker
        return self.buffer.getvalue().decode()


def say(hands: Callable[[], Hands], *words: str, terminal: bool = False) -> Said:
    """Run one command."""
    out, err = Screen(terminal=terminal), Screen()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(hands, words)
    return Said(code, out.told(), err.told())


def hands_on(instance: Instance) -> Callable[[], Hands]:
    """The hands of a command that works on an open instance, and has no business elsewhere."""

    def refuse(*given: Any, **named: Any) -> Any:
        raise AssertionError("this command has no business with the folder")

    told: dict[str, Any] = {one.name: refuse for one in fields(Hands)}
    return lambda: Hands(**told | {"opened": lambda: nullcontext(instance)})
