"""What a handler gets, and how a handler is declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lifang.entities.caller import Caller

Data = Mapping[str, Any]
"""What an action returns and an event carries: chosen fields, never everything."""


@dataclass(frozen=True)
class Event:
    """A fact: `type` in the past tense, about one record (`noun`, `subject`), at one moment.

    `position` is its place in the log and never reused; `sequence` counts without gaps within the
    record; `trace` is its W3C traceparent; `communities` are the ids of all places it concerns.
    """

    position: int
    type: str
    version: int
    noun: str
    subject: int
    sequence: int
    actor: str | None
    correlation: str | None
    cause: int | None
    trace: str | None
    at: dt.datetime
    data: Data
    communities: tuple[int, ...]
    replaying: bool = False


class Dead(Exception):
    """Raised by a handler for an event that no further try can help: it becomes a dead letter."""

    def __init__(self, reason: str) -> None:
        """Keep why, for whoever looks through the dead letters."""
        super().__init__(reason)
        self.reason = reason


class Parked(Dead):
    """Said for a handler that ended its whole process each time it was told of an event."""


class RetryAfter(Exception):
    """Raised by a handler that knows when to be asked again; it counts as a try like any other."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        """Keep how long to wait, in seconds, and why."""
        super().__init__(reason or f"asked again after {seconds:g} s")
        self.seconds = seconds


ORDERS = ("aggregate", "none", "all")
"""What waits while one event's handler fails: later ones of its aggregate, nothing, or all."""

Reaction = Callable[[Event, Caller], None]
R = TypeVar("R", bound=Reaction)


@dataclass(frozen=True)
class Handler:
    """A reaction to events: which types, where it must be switched on, and the function."""

    types: tuple[str, ...]
    react: Reaction
    at: str | None
    order: str = "aggregate"

    @property
    def name(self) -> str:
        """The function's own name; with its plugin's id it names the subscription."""
        return self.react.__name__


def on(*types: str, at: str | None = None, order: str = "aggregate") -> Callable[[R], R]:
    """Declare a reaction to events, run once after the commit, retried when it fails.

    A type is written out whole, as `core.person.moved`; there are no wildcards. `at` names the key
    of the event's data that holds the community where the plugin must be on; without it, any of
    the event's communities will do.

    `order` is what a failure holds back until it succeeds or is laid aside: "aggregate" the later
    events of the same record, "none" nothing, "all" every later event of this handler. Raises
    ValueError for another word.
    """
    if order not in ORDERS:
        raise ValueError(f"order={order!r} is none of {', '.join(ORDERS)}")

    def declare(react: R) -> R:
        react.__dict__["handler"] = Handler(types, react, at, order)
        return react

    return declare


def handler_of(react: Reaction) -> Handler:
    """Find what `on` declared; raises TypeError for a function that was never declared."""
    handler = react.__dict__.get("handler")
    if not isinstance(handler, Handler):
        raise TypeError(f"{react.__name__} is not declared with @lf.on(...)")
    return handler
