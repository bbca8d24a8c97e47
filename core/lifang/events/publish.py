"""Publishing: an event exists if and only if its change committed."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import peewee as pw

from lifang.events import personal
from lifang.events.event import Data
from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.store.record import moment

if TYPE_CHECKING:
    from lifang.entities.caller import Caller
    from lifang.store.database import Database

TRACEPARENT = re.compile(
    "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})"
)


@dataclass(frozen=True)
class Pending:
    """An event on its way into the log, encoded already."""

    type: str
    agg: str
    actor: str
    corr: str | None
    cause: int | None
    trace: str
    ver: int
    data: str
    communities: tuple[int, ...]
    database: Database
    first: bool


def publish(
    type: str,
    agg: str,
    data: Data,
    *,
    caller: Caller,
    communities: Iterable[int] = (),
    first: bool = False,
) -> None:
    """Add an event to the running transaction; `agg` is `<plugin>.<record>/<id>`.

    The caller holds the record's row lock, so the numbers of one aggregate cannot collide; `first`
    says that this is the first event of it there ever was. Raises TypeError when the data cannot be
    told as JSON, Invalid when it is not as the type's payload was declared.
    """
    database, kept = caller.instance.database, dict(data)
    declared = caller.instance.plugins.payloads.get(type)
    if declared is not None:
        declared.demand(data)
        keys = caller.instance.keys
        kept = personal.put_aside(data, declared.erasable, agg, database, keys)
    pending = Pending(
        type=type,
        agg=agg,
        actor=caller.name,
        corr=caller.correlation or caller.request_id,
        cause=caller.cause,
        trace=_trace(caller),
        ver=declared.version if declared is not None else 1,
        data=json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
        communities=tuple(dict.fromkeys(communities)),
        database=database,
        first=first,
    )
    database.unit.collect("events", pending, _flush)
    if database.ring not in database.unit.after:
        database.unit.after.append(database.ring)


def _trace(caller: Caller) -> str:
    """An event's W3C traceparent: a span of its own in the trace that led to it.

    What came along malformed starts a new trace, as the standard asks; without any, everything that
    one request leads to is one trace all the same.
    """
    came = TRACEPARENT.fullmatch(caller.trace or "")
    trace, flags = came.groups() if came else (None, "01")
    if trace is None:
        led = caller.correlation or caller.request_id
        trace = hashlib.sha256(led.encode()).hexdigest()[:32] if led else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def _flush(events: list[Pending]) -> None:
    """Write the transaction's events just before its COMMIT, in the order they happened."""
    database = events[0].database
    at = moment(clock.now())
    numbers = dict.fromkeys((event.agg for event in events), 0)
    numbers |= last_numbers(database, {event.agg for event in events if not event.first})
    rows: list[tuple[Any, ...]] = []
    scopes: list[tuple[int, int]] = []
    for position, event in zip(database.allocate(EventRow, len(events)), events, strict=True):
        number = numbers[event.agg] = numbers[event.agg] + 1
        rows.append(
            (position, event.type, event.ver, event.agg, number, event.actor, event.corr)
            + (event.cause, event.trace, at, event.data)
        )
        scopes += [(position, community) for community in event.communities]
    database.insert("event", _COLUMNS, rows)
    database.insert("event_scope", ("pos", "community_id"), scopes)


_COLUMNS = ("pos", "type", "ver", "agg", "seq", "actor", "corr", "cause", "trace", "at", "data")


def last_numbers(database: Database, aggregates: set[str]) -> dict[str, int]:
    """The last sequence number of each aggregate that has one, also of events that were removed."""
    numbers: dict[str, int] = {}
    for batch in pw.chunked(sorted(aggregates), 400):
        among = f"agg IN ({', '.join([database.engine.param] * len(batch))})"
        asked = f"SELECT agg, max(seq) FROM event WHERE {among} GROUP BY agg"  # noqa: S608 – no value is in it
        asked += f" UNION ALL SELECT agg, seq FROM event_number WHERE {among}"  # noqa: S608 – no value is in it
        for agg, seq in database.engine.execute_sql(asked, [*batch, *batch]).fetchall():
            numbers[agg] = max(seq, numbers.get(agg, 0))
    return numbers
