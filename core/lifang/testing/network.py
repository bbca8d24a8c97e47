"""No network inside a transaction: a handler that reaches out from one fails its test.

While it waits for an answer it would hold every other writer up, and what it has sent cannot be
rolled back. Python tells an audit hook of every connection; production has none and pays nothing.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import pytest

ASKING = ("socket.getaddrinfo", "socket.gethostbyname")
REACHING = (*ASKING, "socket.connect", "socket.sendto")


@cache
def watch() -> None:
    """Refuse it from now on, as long as this process lives: a hook cannot be taken away."""
    sys.addaudithook(_heard)


def _heard(what: str, told: tuple[Any, ...], reaching: tuple[str, ...] = REACHING) -> None:
    if what not in reaching:  # bound here: the hook outlives this module
        return
    where = told[0] if what in ASKING else told[1]
    if what not in ASKING and isinstance(where, str | bytes):
        return  # a socket's file on this machine, as the doorbell is
    if (name := _telling()) is not None:
        pytest.fail(
            f"{name} reaches for the network ({where}) inside the transaction in which it is told: "
            'declare it with @lf.on(..., mode="ext"), and it is called outside of any'
        )


def _telling() -> str | None:
    """The handler which this thread is running within a transaction, if it is."""
    dispatch: Any = sys.modules.get("lifang.events.dispatch")
    telling = dispatch and dispatch.Dispatcher._react.__code__
    frame: Any = sys._getframe() if telling else None
    while frame is not None:
        if frame.f_code is telling:
            inside = frame.f_locals["self"].database.in_transaction
            return frame.f_locals["delivery"].subscriber.name if inside else None
        frame = frame.f_back
    return None
