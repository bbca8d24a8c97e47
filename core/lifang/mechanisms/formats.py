"""Formats that other systems read, each as one function over the records of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.resources.resource import Resource
from lifang.services.order import make_cursor
from lifang.services.plans import Listing
from lifang.services.query import MOST, SORTED_BY_DEFAULT, Query
from lifang.store.record import Record


@dataclass(frozen=True)
class Taken:
    """What a file is about: how many records, of which community's code or all, taken when."""

    number: int
    within: str | None
    at: dt.datetime


@dataclass(frozen=True)
class Format:
    """A format in which a list is handed over, beside CSV, XLSX and JSON.

    `type` is its media type and `suffix` that of its files. `write(records, caller, taken)` yields
    the bytes piece by piece. The records are those the caller may export, ordered by number, read
    a page at a time: keep none of them. Sensitive fields are sealed. What else is needed for one,
    look up by `lf.each`, which lets the caller see what they may.
    """

    label: str
    type: str
    suffix: str
    write: Callable[[Iterable[Any], Caller, Taken], Iterable[bytes]]

    def pieces(
        self, caller: Caller, resource: Resource[Any], query: Query, number: int
    ) -> Iterator[bytes]:
        """The file of a list, each piece made with a connection of its own thread."""
        records = _records(caller, resource, replace(query, sort=SORTED_BY_DEFAULT))
        taken = Taken(number, query.within, clock.now())
        made = iter(self.write(records, caller, taken))
        while True:
            with caller.instance.database.connection():
                piece = next(made, None)
            if piece is None:
                return
            yield piece


def _records(caller: Caller, resource: Resource[Any], query: Query) -> Iterator[Record]:
    model: Any = resource.model
    while True:
        rows = Listing(caller, resource, query, ["id"], limit=MOST).rows()
        ids = [row[0] for row in rows]
        yield from list(model.select().where(model.id.in_(ids)).order_by(model.id))
        if len(ids) < MOST:
            return
        query = replace(query, cursor=make_cursor(ids[-1], ids[-1]))
