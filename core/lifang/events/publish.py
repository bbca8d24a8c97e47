"""Publishing: an event exists if and only if its change committed."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import peewee as pw

from lifang.events import personal
from lifang.events.event import Data
from lifang.kit import clock

if TYPE_CHECKING:
    from lifang.entities.caller import Caller
    from lifang.store.database import Database

TRACEPARENT = re.compile(
    "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})"
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Pending(NamedTuple):
    """An event on its way into the log, encoded already."""

    type: str
    ver: int
    agg: str
    actor: str
    corr: str | None
    cause: int | None
    trace: str
    data: str
    communities: tuple[int, ...]
    database: Database


def publish(
    type: str, agg: str, data: Data, *, caller: Caller, communities: Iterable[int] = ()
) -> None:
    """Add an event to the running transaction; `agg` is `<plugin>.<record>/<id>`.

    The caller holds the record's row lock, so the numbers of one aggregate cannot collide. Of what
    is confidential the log keeps that something happened, and nothing of what. Raises
    TypeError when the data cannot be told as JSON, Invalid when it is not as the type's payload was
    declared.
    """
    if agg.partition("/")[0] in caller.instance.registry.confidential:
        data = {}
    database, kept, version = caller.instance.database, dict(data), 1
    declared = caller.instance.plugins.payloads.get(type)
    if declared is not None:
        declared.demand(data)
        keys, version = caller.instance.keys, declared.version
        kept = personal.put_aside(data, declared.erasable, agg, database, keys)
    led = caller.correlation or caller.request_id
    told = (caller.name, led, caller.cause, _trace(caller, led), _encode(kept))
    unit, places = database.unit, tuple(dict.fromkeys(communities))
    unit.collect("events", Pending(type, version, agg, *told, places, database), _flush)
    if database.ring not in unit.after:
        unit.after.append(database.ring)


def _trace(caller: Caller, led: str | None) -> str:
    """An event's W3C traceparent: a span of its own in the trace that led to it.

    What came along malformed starts a new trace, as the standard asks; without any, everything that
    one request leads to is one trace all the same.
    """
    came = TRACEPARENT.fullmatch(caller.trace) if caller.trace else None
    trace, flags = came.groups() if came else (None, "01")
    if trace is None:
        trace = _trace_of(led) if led else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


@lru_cache(maxsize=1_000)
def _trace_of(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()[:32]


def _flush(events: list[Pending]) -> None:
    """Write the transaction's events just before its COMMIT, in the order they happened.

    Each gets its number within its aggregate from one look into the index.
    """
    database, at = events[0].database, clock.fixed(clock.now())
    rows = [
        (one.type, one.ver, one.agg, one.agg, one.agg, *one[3:7], at, one.data) for one in events
    ]
    positions = database.append(_TOLD, "pos", rows)
    scopes = [
        (position, community)
        for position, event in zip(positions, events, strict=True)
        for community in event.communities
    ]
    database.insert("event_scope", ("pos", "community_id"), scopes)


_TOLD = """
    INSERT INTO "event" ("type", "ver", "agg", "seq", "actor", "corr", "cause", "trace", "at",
                         "data")
    VALUES (?, ?, ?, (SELECT COALESCE(MAX("last"), 0) + 1 FROM (
        SELECT MAX("seq") AS "last" FROM "event" WHERE "agg" = ?
        UNION ALL SELECT "seq" FROM "event_number" WHERE "agg" = ?) AS "told"), ?, ?, ?, ?, ?, ?)
"""
"""The number goes on behind the newest one of the aggregate, be it in the log or removed."""


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
