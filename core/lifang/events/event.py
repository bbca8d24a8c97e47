"""What a handler gets, and how a handler is declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from lifang.entities.caller import Caller
from lifang.kit.causes import why

Data = Mapping[str, Any]
"""What an action returns and an event carries: chosen fields, never everything."""


@dataclass(frozen=True)
class Event:
    """A fact: `type` in the past tense, about one record (`noun`, `subject`), at one moment.

    `position` is its place in the log and never reused; `sequence` counts without gaps within the
    record; `trace` is its W3C traceparent; `communities` are the ids of all places it concerns.
    Told outside a transaction, it has a `key` that stays the same whenever this handler is told it
    again, for a receiver that would otherwise take in a second copy.
    `unreadable` says why its data cannot be told in today's version; handlers never get such a one.
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
    key: str = ""
    unreadable: str | None = None

    @cached_property
    def replayed(self) -> Event:
        """The same event as it is told to those who are new: made once for all of them."""
        return replace(self, replaying=True)


class Dead(Exception):
    """Raised by a handler for an event that no further try can help: it becomes a dead letter."""

    def __init__(self, reason: str) -> None:
        """Keep why, for whoever looks through the dead letters."""
        super().__init__(reason)
        self.reason = reason


class Parked(Dead):
    """Said of what no handler can be told: it ended the process each time, or cannot be read."""


class RetryAfter(Exception):
    """Raised by a handler that knows when to be asked again; it counts as a try like any other."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        """Keep how long to wait, in seconds, and why."""
        super().__init__(reason or f"asked again after {seconds:g} s")
        self.seconds = seconds


class Away(Exception):
    """Raised by a handler outside transactions when nothing can be told just now, this or another.

    Its subscription waits where it is and no try is counted, so a receiver that is away for days
    makes no dead letters. `lf.Away.why(error)` says in words why a connection failed.
    """

    why = staticmethod(why)


class Rewind(Exception):
    """Raised by a handler outside transactions whose receiver has lost what it was told.

    It is told everything again that it was told at `since` or later, each with the key it had;
    what had happened more than thirty days before is left out. `noted` is called in the transaction
    that turns it back: what the handler keeps there, it keeps if and only if it is told again.
    """

    def __init__(self, since: dt.datetime, noted: Callable[[], object] = lambda: None) -> None:
        """Keep from when on it is told again; the time must know its zone."""
        super().__init__(f"told again what it was told since {since:%Y-%m-%d %H:%M:%S%z}")
        self.since, self.noted = since, noted


ORDERS = ("aggregate", "none", "all")
"""What waits while one event's handler fails: later ones of its aggregate, nothing, or all."""

MODES = ("tx", "ext")
"""Where a handler runs: in the transaction that moves its cursor, or outside of any."""

ANY = "*"
"""Any type of event, those still to come included; of an action's states, any but its target."""


def wanted(types: Collection[str], type: str) -> bool:
    """Whether a handler of some types is meant by an event of one."""
    return type in types or ANY in types


Reaction = Callable[[Event, Caller], None]
R = TypeVar("R", bound=Reaction)


@dataclass(frozen=True)
class Handler:
    """A reaction to events: which types, where it must be switched on, and the function."""

    types: tuple[str, ...]
    react: Reaction
    at: str | None
    order: str = "aggregate"
    mode: str = "tx"
    apart: bool = False

    @property
    def name(self) -> str:
        """The function's own name; with its plugin's id it names the subscription."""
        return self.react.__name__


def on(
    *types: str,
    at: str | None = None,
    order: str = "aggregate",
    mode: str = "tx",
    apart: bool = False,
) -> Callable[[R], R]:
    """Declare a reaction to events, run once after the commit, retried when it fails.

    A type is written out whole, as `core.person.moved`; `lf.ANY` stands for every type, and there
    are no other wildcards. `at` names the key
    of the event's data that holds the community where the plugin must be on; without it, any of
    the event's communities will do.

    `order` is what a failure holds back until it succeeds or is laid aside: "aggregate" the later
    events of the same record, "none" nothing, "all" every later event of this handler.

    With `mode` "tx" the handler runs in the transaction that moves its cursor: what it writes is
    written once. With "ext" it runs outside of any and may call other machines, in a thread beside
    those of other aggregates: what it does there is done at least once, with the event's `key`.
    `apart` says that each aggregate is a receiver of its own: whoever takes longer than a second
    is left to itself, and the others are told on meanwhile.

    Raises ValueError for another word, or where `apart` has nothing to part.
    """
    for word, known, told in (("order", ORDERS, order), ("mode", MODES, mode)):
        if told not in known:
            raise ValueError(f"{word}={told!r} is none of {', '.join(known)}")
    if apart and (order, mode) != ("aggregate", "ext"):
        raise ValueError("apart=True needs order='aggregate' and mode='ext'")

    def declare(react: R) -> R:
        react.__dict__["handler"] = Handler(types, react, at, order, mode, apart)
        return react

    return declare


def handler_of(react: Reaction) -> Handler:
    """Find what `on` declared; raises TypeError for a function that was never declared."""
    handler = react.__dict__.get("handler")
    if not isinstance(handler, Handler):
        raise TypeError(f"{react.__name__} is not declared with @lf.on(...)")
    return handler
