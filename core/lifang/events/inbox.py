"""What was taken in already, by its source and number, so that a second copy has no effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import peewee as pw

from lifang.events import log
from lifang.events.log import Place
from lifang.events.tables import EventRow, Inbox
from lifang.kit import clock

AT_ONCE = 500
KEPT = dt.timedelta(days=30)
"""For how long it is known what was taken in, and so how far back something can be told again."""


def take_in(name: str, source: str, numbers: Collection[str]) -> set[str]:
    """Note messages in the running transaction; gives those that were not known before."""
    fresh = set(numbers) - known(name, source, numbers)
    rows = [{"sub": name, "source": source, "id": one, "at": clock.now()} for one in sorted(fresh)]
    for batch in pw.chunked(rows, AT_ONCE):
        Inbox.insert_many(batch).on_conflict_ignore().execute()
    return fresh


def known(name: str, source: str, numbers: Collection[str]) -> set[str]:
    """Those of some messages that were taken in before."""
    found: set[str] = set()
    for batch in pw.chunked(sorted(numbers), AT_ONCE):
        own = (Inbox.sub == name) & (Inbox.source == source) & Inbox.id.in_(batch)
        rows: Any = Inbox.select(Inbox.id).where(own).tuples()
        found |= {number for (number,) in rows}
    return found


def forget(name: str, source: str, since: dt.datetime) -> Place | None:
    """Let events of this log be told again that were told since a moment.

    Gives the place before the first of them; not of those that lie back further than others are
    known here at all.
    """
    told = (Inbox.sub == name) & (Inbox.source == source) & (Inbox.at >= since)
    positions: Any = Inbox.select(Inbox.id.cast("BIGINT")).where(told)
    first = log.first(EventRow.pos.in_(positions), EventRow.at > clock.now() - KEPT)
    Inbox.delete().where(told).execute()
    return first
