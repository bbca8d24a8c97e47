"""Deliveries that failed, and those that wait behind one: tried again, and in the end laid aside.

A delivery that has failed eight times becomes a dead letter, one that ended the process thrice is
parked. Neither holds anything back: what had queued behind it goes on, and it stays listed until
somebody deals with it.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import traceback
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import peewee as pw

from lifang.events.event import Dead, Event, Parked, RetryAfter
from lifang.events.payloads import Reader
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock, masking
from lifang.kit.errors import told_by
from lifang.store.database import ask

TRIES = 8
FIRST_WAIT, FACTOR, LONGEST_WAIT = 1.0, 4.0, 3600.0  # seconds: eight tries take an hour and a half
ERROR_LENGTH = 400
FRAMES, CAUSES = 10, 3  # how much of a stack is kept: the innermost calls, the nearest causes

Lane = tuple[str, str]
"""A subscription and an aggregate: within one, events are told in their order."""


def wait(tries: int, chance: float) -> float:
    """Seconds until the next try after so many: growing, capped, spread by `chance` (0 to 1)."""
    return min(FIRST_WAIT * FACTOR ** (tries - 1), LONGEST_WAIT) * (0.75 + 0.5 * chance)


def aggregate(event: Event) -> str:
    """What an event's order is kept within."""
    return f"{event.noun}/{event.subject}"


def _anything() -> bool:
    """Whether anything waits at all: mostly nothing does, and then nothing more is asked."""
    return bool(ask("anything waiting", (), _waiting))


def _waiting(_values: Sequence[Any]) -> Any:
    return Retry.select(Retry.pos).where(Retry.state == "waiting").limit(1)


def blocked(names: Collection[str], events: Collection[Event]) -> set[Lane]:
    """The lanes in which something waits already, so that later events must queue."""
    if not _anything():
        return set()
    aggregates = list({aggregate(event) for event in events})
    rows: Any = (
        Retry.select(Retry.sub, Retry.agg)
        .where(Retry.sub.in_(list(names)), Retry.agg.in_(aggregates), Retry.state == "waiting")
        .distinct()
        .tuples()
    )
    return set(rows)


def held(names: Collection[str]) -> set[str]:
    """Those of some subscriptions that keep the order of all and wait for what failed."""
    if not _anything():
        return set()
    waits = Retry.select(Retry.sub).where(Retry.state == "waiting")
    rows: Any = Subscription.select(Subscription.name).where(
        Subscription.name.in_(list(names)),
        Subscription.order == "all",
        Subscription.name.in_(waits),
    )
    return {row.name for row in rows}


def due(names: Collection[str], limit: int) -> list[tuple[str, int, int]]:
    """What may be tried now, in order: subscription, position, tries so far.

    A row whose lane still waits for an earlier one is left out; who keeps no order has no lanes.
    """
    if not _anything():
        return []
    now = clock.now()
    earlier: Any = Retry.alias()
    free = Subscription.select(Subscription.name).where(Subscription.order == "none")
    waiting = earlier.select(earlier.pos).where(
        earlier.sub == Retry.sub,
        earlier.sub.not_in(free),
        earlier.agg == Retry.agg,
        earlier.state == "waiting",
        earlier.pos < Retry.pos,
        earlier.next_at > now,
    )
    rows: Any = (
        Retry.select(Retry.sub, Retry.pos, Retry.tries)
        .where(
            Retry.state == "waiting",
            Retry.next_at <= now,
            Retry.sub.in_(list(names)),
            ~pw.fn.EXISTS(waiting),
        )
        .order_by(Retry.pos)
        .limit(limit)
        .tuples()
    )
    return list(rows)


def queue(subscription: str, event: Event) -> None:
    """Let an event wait behind an earlier one of its aggregate; it is due once that is told."""
    _keep(subscription, event, tries=0, next_at=clock.now(), state="waiting", error=None)


def hold(subscription: str, event: Event, seconds: float) -> None:
    """Leave a delivery to whoever has it in hand, for so long; one that waited keeps its tries."""
    until = {"next_at": clock.now() + dt.timedelta(seconds=seconds)}
    row = _at(subscription, event.position) & (Retry.state == "waiting")
    if not Retry.update(until).where(row).execute():
        _keep(subscription, event, tries=0, state="waiting", error=None, **until)


def failed(subscription: str, event: Event, tries: int, error: BaseException) -> bool:
    """Note a failed try, the `tries`-th; says whether there will be another.

    The handler may have said so itself: `Dead` ends it, `RetryAfter` names the time.
    """
    chance = random.random()  # noqa: S311 – it spreads load, it keeps no secret
    seconds = error.seconds if isinstance(error, RetryAfter) else wait(tries, chance)
    ended = "dead" if over(error, tries) else "waiting"
    state = "parked" if isinstance(error, Parked) else ended
    _keep(
        subscription,
        event,
        tries=tries,
        next_at=clock.now() + dt.timedelta(seconds=seconds),
        state=state,
        error=masking.numbers(told_by(error))[:ERROR_LENGTH],
        stack="\n".join(_stack(error)),
    )
    return not over(error, tries)


def over(error: BaseException, tries: int) -> bool:
    """Whether the `tries`-th try, which failed, was the last."""
    return isinstance(error, Dead) or tries >= TRIES


def _stack(error: BaseException | None) -> Iterable[str]:
    """Where it failed and what came before, as files, lines and code: values are never kept."""
    for _cause in range(CAUSES):
        if error is None:
            return
        yield type(error).__name__
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]:
            place = "/".join(Path(frame.filename).parts[-2:])
            yield f"  {place}:{frame.lineno} {frame.name}: {frame.line or ''}".rstrip(": ")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def as_told(subscription: str, event: Event, reader: Reader) -> Event:
    """An event as a subscriber is told it once more: its data may have been changed for it."""
    rows: Any = Retry.select(Retry.data, Retry.ver).where(_at(subscription, event.position))
    data, version = rows.tuples().first()
    if data is None:
        return event
    return instead(event, data, version, reader)


def instead(event: Event, data: str, version: int | None, reader: Reader) -> Event:
    """An event with changed data of a version, as of today."""
    told = replace(event, data=json.loads(data), version=version or 1, unreadable=None)
    return reader.today([told])[0]


def again(subscription: str, position: int, data: str | None = None, version: int = 1) -> None:
    """Let a delivery wait anew, due now and with all its tries, perhaps with changed data."""
    told = {"state": "waiting", "tries": 0, "next_at": clock.now(), "reason": None}
    told |= {"data": data, "ver": version}
    Retry.update(told).where(_at(subscription, position)).execute()


def skip(subscription: str, position: int, reason: str) -> None:
    """Give a delivery up: it is tried no more, and what queued behind it goes on."""
    told = {"state": "skipped", "reason": reason}
    Retry.update(told).where(_at(subscription, position)).execute()


def rest(subscription: str, position: int) -> None:
    """Let a delivery wait, holding nothing back, until its plugin is on at its place again."""
    Retry.update(state="off").where(_at(subscription, position)).execute()


def wake(subscriptions: Collection[str]) -> None:
    """Look once more, a switch having been turned, whether what rests can be told."""
    woken = Retry.update(state="waiting", next_at=clock.now())
    woken.where(Retry.sub.in_(list(subscriptions)), Retry.state == "off").execute()


def states(names: Collection[str], positions: Collection[int]) -> dict[tuple[str, int], str]:
    """How the deliveries of some events to some subscriptions stand, of those that failed."""
    rows: Any = Retry.select(Retry.sub, Retry.pos, Retry.state)
    found = rows.where(Retry.sub.in_(list(names)), Retry.pos.in_(list(positions))).tuples()
    return {(name, position): state for name, position, state in found}


def settled(subscription: str, position: int) -> None:
    """Forget a delivery that succeeded, or that no longer concerns anyone."""
    Retry.delete().where(_at(subscription, position)).execute()


def _at(subscription: str, position: int) -> Any:
    return (Retry.sub == subscription) & (Retry.pos == position)


def _keep(subscription: str, event: Event, **told: Any) -> None:
    if not Retry.update(told).where(_at(subscription, event.position)).execute():
        Retry.insert(sub=subscription, pos=event.position, agg=aggregate(event), **told).execute()
