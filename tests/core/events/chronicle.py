"""A plugin of its own package that writes down what it is told, where it is switched on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import time_machine

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.publish import publish
from lifang.lifecycle import switching
from lifang.testing.world import FOREIGN, HOME, NEIGHBOUR
from tests.core.events.listeners import HEARD, Note, say

STREET = "620102001000"

CHRONICLE = """
import os, signal, time
import lifang as lf
from tests.core.events.listeners import note

@lf.on("core.thing.heard")
def chronicle(event, caller):
    if os.environ.get("CHRONICLE_DIES") == str(event.subject):
        os.environ.pop("CHRONICLE_DIES")
        os.kill(os.getpid(), signal.SIGKILL)
    if event.data.get("frail") and not event.data["frail"] in os.environ:
        raise ValueError("not yet")
    note("chronicle", event, process=int(event.replaying))

@lf.on("core.thing.heard", at="old")
def left(event, caller):
    note("left", event)

plugin = lf.Plugin("chronicle", "chronicle", handlers=[chronicle, left])
"""

Switch = Callable[..., switching.Listed]


def told(handler: str = "chronicle") -> list[int]:
    """The subjects a handler was told of, in order."""
    rows = Note.select().where(Note.handler == handler).order_by(Note.id)
    return [int(row.agg.rpartition("/")[2]) for row in rows]


def replayed() -> list[int]:
    rows = Note.select().where(Note.process == 1).order_by(Note.id)
    return [int(row.agg.rpartition("/")[2]) for row in rows]


def say_both(caller: Caller, subject: int, *codes: str) -> None:
    places = [int(Community.get(Community.code == code).id) for code in codes]
    with caller.instance.database.transaction():
        publish(HEARD, f"core.thing/{subject}", {}, caller=caller, communities=places)


def last_month(caller: Caller) -> None:
    """What happened in August at home (1), next door (2), elsewhere (3), and in September (4)."""
    with time_machine.travel(dt.datetime(2027, 8, 15, 9, tzinfo=dt.UTC)):
        say(caller, 1, at=HOME)
        say(caller, 2, at=NEIGHBOUR)
        say(caller, 3, at=FOREIGN)
    with time_machine.travel(dt.datetime(2027, 9, 15, 9, tzinfo=dt.UTC)):
        say(caller, 4, at=HOME)
