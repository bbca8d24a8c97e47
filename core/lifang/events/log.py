"""Reading the event log: positions after a place, and whole events by their positions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import peewee as pw

from lifang.events.event import ANY, Event
from lifang.events.tables import EventRow, EventScope
from lifang.store.database import ask, embedded
from lifang.store.fields import read_instant
from lifang.store.statements import padded

AT_ONCE = 500


SETTLED = pw.SQL("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
"""Every transaction before this one has ended: what it told is all there, and stays in order."""


class Place(NamedTuple):
    """How far one has read: positions are ordered within the transaction that told them."""

    xid: int
    position: int


def end() -> Place:
    """The place of the newest event that no running transaction may still precede."""
    rows: Any = EventRow.select(EventRow.xid, EventRow.pos).where(*_settled())
    last = rows.order_by(*_backwards()).tuples().first()
    return Place(*last) if last else Place(0, 0)


def out_of_place() -> bool:
    """Whether an event was told by a transaction that this server has not come to yet."""
    next = pw.SQL("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return not embedded() and EventRow.select().where(EventRow.xid >= next).exists()


def held_since() -> dt.datetime | None:
    """When the first event happened that some running transaction may still precede."""
    waiting: Any = EventRow.select(EventRow.at).where(EventRow.xid >= SETTLED)
    return None if embedded() else waiting.order_by(*_onwards()).limit(1).scalar()


def before(instant: dt.datetime) -> Place:
    """The place just before the first event that happened at an instant or later."""
    return first(EventRow.at >= instant) or end()


def first(*told: Any) -> Place | None:
    """The place just before the first event of which something is told, if there is any."""
    rows: Any = EventRow.select(EventRow.xid, EventRow.pos).where(*told)
    found = rows.order_by(*_onwards()).tuples().first()
    return Place(found[0], found[1] - 1) if found else None


def place_of(position: int) -> Place:
    """Where an event stands, by its position."""
    row: Any = EventRow.select(EventRow.xid).where(EventRow.pos == position)
    return Place(row.scalar(), position)


def ahead_of(place: Place) -> Any:
    """Which events come after a place, as a condition."""
    if embedded():
        return EventRow.pos > place.position
    return pw.Tuple(EventRow.xid, EventRow.pos) > pw.Tuple(*place)


def of_types(types: Collection[str]) -> Any:
    """Which events a handler of some types is meant by, as a condition."""
    return EventRow.pos > 0 if ANY in types else EventRow.type.in_(list(types))


def after(place: Place, limit: int) -> list[tuple[Place, str]]:
    """Place and type of the next events, in the order every subscriber reads them.

    Under the write lock of the embedded database the order of positions is that of the commits.
    Where writers work side by side, one that began earlier may commit later, with a lower position:
    so the order is (transaction, position), and what a running transaction may still precede is
    left for later.
    """
    values = place[1:] if embedded() else place

    def build(told: Sequence[int]) -> Any:
        rows: Any = EventRow.select(EventRow.xid, EventRow.pos, EventRow.type)
        ahead = ahead_of(Place(told[0], told[-1]))
        return rows.where(ahead, *_settled()).order_by(*_onwards()).limit(limit)

    found = ask(("events after", limit), values, build)
    return [(Place(xid, position), type) for xid, position, type in found]


def _settled() -> list[Any]:
    return [EventRow.pos > 0] if embedded() else [EventRow.xid < SETTLED]


def _onwards() -> list[Any]:
    return [EventRow.pos] if embedded() else [EventRow.xid, EventRow.pos]


def _backwards() -> list[Any]:
    return [column.desc() for column in _onwards()]


def read(positions: Collection[int]) -> list[Event]:
    """The events at some positions, in order; those no longer kept are left out."""
    found: list[Event] = []
    wanted = sorted(positions)
    for start in range(0, len(wanted), AT_ONCE):
        some = padded(wanted[start : start + AT_ONCE])
        scopes: dict[int, tuple[int, ...]] = {}
        for position, community in ask("scopes", some, _scopes):
            scopes[position] = (*scopes.get(position, ()), community)
        rows = ask("events", some, _rows)
        found += [_event(row, scopes.get(row[0], ())) for row in rows]
    return found


def _scopes(positions: Sequence[int]) -> Any:
    places: Any = EventScope.select(EventScope.pos, EventScope.community_id)
    return places.where(EventScope.pos.in_(positions)).order_by(EventScope.community_id)


def _rows(positions: Sequence[int]) -> Any:
    columns: Any = [field for field in EventRow._meta.sorted_fields if field.name != "xid"]
    return EventRow.select(*columns).where(EventRow.pos.in_(positions)).order_by(*_onwards())


def _event(row: tuple[Any, ...], communities: tuple[int, ...]) -> Event:
    """Tell a row as an event; its data is shared by all its handlers and cannot be changed."""
    position, type, version, agg, sequence, *led, at, data = row
    noun, _slash, subject = agg.rpartition("/")
    told: list[Any] = [position, type, version, noun, int(subject), sequence, *led]
    told += [read_instant(at), MappingProxyType(json.loads(data)), communities]
    return Event(*told)
