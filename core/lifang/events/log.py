"""Reading the event log: positions after a place, and whole events by their positions."""

from __future__ import annotations

import json
from collections.abc import Collection
from types import MappingProxyType
from typing import Any

import peewee as pw

from lifang.events.event import Event
from lifang.events.tables import EventRow, EventScope

AT_ONCE = 500


def end() -> int:
    """The position of the newest event, 0 while there is none."""
    last: Any = EventRow.select(pw.fn.MAX(EventRow.pos)).scalar()
    return int(last or 0)


def after(position: int, limit: int) -> list[tuple[int, str]]:
    """Position and type of the next events, in the order every subscriber reads them.

    Positions are given under the write lock, so their order is the order of the commits. Where
    writers commit side by side (PostgreSQL), the order is (xid, pos), the subscription keeps both,
    and this is the one place that must leave out what a running transaction may still precede.
    """
    rows: Any = (
        EventRow.select(EventRow.pos, EventRow.type)
        .where(EventRow.pos > position)
        .order_by(EventRow.pos)
        .limit(limit)
        .tuples()
    )
    return list(rows)


def read(positions: Collection[int]) -> list[Event]:
    """The events at some positions, in order; those no longer kept are left out."""
    found: list[Event] = []
    for batch in pw.chunked(sorted(positions), AT_ONCE):
        scopes: dict[int, list[int]] = {}
        places: Any = EventScope.select().where(EventScope.pos.in_(batch))
        for position, community in places.order_by(EventScope.community_id).tuples():
            scopes.setdefault(position, []).append(community)
        rows: Any = EventRow.select().where(EventRow.pos.in_(batch)).order_by(EventRow.pos)
        found += [_event(row, scopes.get(row.pos, [])) for row in rows]
    return found


def _event(row: Any, communities: list[int]) -> Event:
    """Tell a row as an event; its data is shared by all its handlers and cannot be changed."""
    noun, _slash, subject = row.agg.rpartition("/")
    return Event(
        position=row.pos,
        type=row.type,
        version=row.ver,
        noun=noun,
        subject=int(subject),
        sequence=row.seq,
        actor=row.actor,
        correlation=row.corr,
        cause=row.cause,
        at=row.at,
        data=MappingProxyType(json.loads(row.data)),
        communities=tuple(communities),
    )
