"""A plugin of four handlers that write down what they are told, and their trouble with it."""

from __future__ import annotations

from collections import Counter

import peewee as pw

from lifang.entities.caller import Caller
from lifang.events.event import Dead, Event, RetryAfter
from lifang.events.publish import publish
from lifang.events.tables import Retry
from lifang.store.fields import IdField
from lifang.store.record import Table
from lifang.testing.events import Crash
from lifang.testing.world import FOREIGN, HOME, NEIGHBOUR

HEARD, SEEN, ECHO = "core.thing.heard", "core.thing.seen", "history.thing.echoed"
SUBJECTS: dict[int, tuple[tuple[str, ...], str | None]] = {
    1: ((HOME,), HOME),
    2: ((HOME,), FOREIGN),
    3: ((FOREIGN,), None),
    4: ((NEIGHBOUR, FOREIGN), NEIGHBOUR),
    5: ((), None),
}
"""Where each record lies, and the community under `old` in the data of its events."""

HANDLERS = {
    "lined": ((HEARD, SEEN), "aggregate", False),
    "free": ((HEARD,), "none", False),
    "strict": ((HEARD, SEEN), "all", False),
    "left": ((HEARD,), "aggregate", True),
}
PLUGIN = """
import lifang as lf
from tests.walks import listening

@lf.on("core.thing.heard", "core.thing.seen")
def lined(event, caller):
    listening.hear("lined", event, caller)

@lf.on("core.thing.heard", order="none")
def free(event, caller):
    listening.hear("free", event, caller)

@lf.on("core.thing.heard", "core.thing.seen", order="all")
def strict(event, caller):
    listening.hear("strict", event, caller)

@lf.on("core.thing.heard", at="old")
def left(event, caller):
    listening.hear("left", event, caller)

plugin = lf.Plugin("history", "history", handlers=[lined, free, strict, left])
"""


class Effect(Table):
    """What a handler has done with an event."""

    id = IdField()
    handler = pw.CharField()
    pos = pw.BigIntegerField()
    subject = pw.IntegerField()
    said = pw.IntegerField(null=True)

    class Meta:
        table_name = "history_effect"


class Trouble:
    """What goes wrong when a handler is told an event, until it is over."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[str, int], tuple[str, int]] = {}
        self.ever: set[tuple[str, int]] = set()  # what may have made a dead letter
        self.crashes: Counter[tuple[str, int]] = Counter()
        self.ended: Counter[tuple[str, int]] = Counter()
        """How many processes have ended while it was noted that they are telling something."""
        self.over = False

    def strike(self, handler: str, position: int) -> None:
        kind, number = self.kinds.get((handler, position), ("", 0))
        if self.over or not kind:
            return
        if kind == "crash" and self.crashes[handler, position] < number:
            self.crashes[handler, position] += 1
            raise Crash
        row = Retry.get_or_none(Retry.sub == f"history.{handler}", Retry.pos == position)
        if kind == "dead" and row is None:
            raise Dead("no use")
        if kind == "later" and (row is None or not row.tries):
            raise RetryAfter(number)
        if kind == "fail" and (row is None or row.tries < number):
            raise ValueError(f"{handler} cannot stand {position}")


trouble = Trouble()


def hear(handler: str, event: Event, caller: Caller) -> None:
    """Write down that a handler was told, and only then fail, if it is to."""
    Effect.create(
        handler=handler, pos=event.position, subject=event.subject, said=event.data.get("n")
    )
    if handler == "lined":
        publish(ECHO, f"history.thing/{event.subject}", {}, caller=caller)
    trouble.strike(handler, event.position)
