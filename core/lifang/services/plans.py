"""Which way a list is read: along its order, or from its subtree outwards; never another answer.

A list of a large part of the tree is soonest read along its order, each row judged by itself; one
of a small part by gathering that part by its indexes. Which is which no share tells: the people of
a place lie together, for they were imported together. So both are tried in turn, neither further
than a bound, and then again twenty times as far. What is larger still is gathered if it is no more
than a good part of the table, and else the table is walked to the end (`decisions.md` 46).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.kit import ranges
from lifang.resources import schema
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.order import Order, read_cursor
from lifang.services.query import Query, asked_by, conditions, is_narrow, part

Rows = list[tuple[Any, ...]]
Way = Callable[["Listing"], Rows | None]

BOUNDS = 2_000, 40_000
"""Ids looked at on the way, and places, links and records gathered."""
REMEMBERED = 1_000


class Listing:
    """The rows of one page of a list, as the database gives them."""

    def __init__(
        self,
        caller: Caller,
        resource: Resource[Any],
        query: Query,
        columns: Sequence[str],
        *,
        limit: int,
    ) -> None:
        """Ask for so many rows; raises Malformed for what cannot be asked."""
        self.caller, self.resource, self.query, self.columns = caller, resource, query, columns
        self.order, self.limit = Order.read(resource, query.sort), limit
        self.at = read_cursor(query.cursor) if query.cursor else None
        self.by_id = self.order.field == "id"
        asked = asked_by(caller, resource, query)
        page = (query.sort, limit, tuple(columns), None if self.by_id else query.cursor)
        self.question = None if asked is None else (asked, page)

    def rows(self) -> Rows:
        """Read them the first way that answers; a small subtree is gathered at once next time."""
        plans = self.caller.instance.plans
        known: tuple[Way, ...] | None = plans.get(self.question)
        ways = known or self.ways()
        for number, way in enumerate(ways):
            found = way(self)
            if found is not None:
                if known is None and number < 2 and self.question is not None:
                    if len(plans) >= REMEMBERED:
                        plans.clear()
                    plans[self.question] = ways[number:]
                return found
        raise AssertionError("the last way always answers")

    def ways(self) -> tuple[Way, ...]:
        """What is tried, in order; the last way always answers."""
        reach = policy.rights(self.caller, self.resource, "read")
        placed = bool(self.query.within)
        everything = reach.tree == ranges.EVERYWHERE and not placed
        if everything or is_narrow(self.caller, self.resource, replace(self.query, narrow=False)):
            return (along,)
        if self.query.narrow:
            near = self.order.indexed(self.resource)
            first = (partial(along, within=BOUNDS[0]),) if near else ()
            return (*first, picked) if isinstance(self.resource.scope, str) else (along,)
        if not (reach.tree or placed):
            return (gathered,)
        bounded = [partial(way, within=bound) for bound in BOUNDS for way in (along, gathered)]
        tried = bounded if self.order.indexed(self.resource) else []
        if tried and (self.query.filters or self.query.q):  # it was they that kept the page empty
            return (*tried, along)
        share = max(BOUNDS[-1], 1 << (self.last() // 4).bit_length())
        return (*tried, partial(gathered, within=share), along)

    def between(self, within: int | None) -> tuple[int, ...]:
        """From which id to which the page lies; nothing for another order than that of ids."""
        if not self.by_id:
            return ()
        low, high, at = 1, schema.LARGEST, self.at[1] if self.at else None
        if self.order.descending:
            high = high if at is None else at - 1
            if within is not None:
                high = min(high, self.last())
                low = max(low, high - within + 1)
            return low, high
        low = low if at is None else max(low, min(at, high - 1) + 1)
        return low, high if within is None else min(high, low + within - 1)

    def ends(self, between: tuple[int, ...]) -> bool:
        """Whether there is nothing after these ids."""
        return between[0] == 1 if self.order.descending else between[1] >= self.last()

    def last(self) -> int:
        """The last id there is."""
        model: Any = self.resource.model
        asked = ("last", self.resource.id)
        database = self.caller.instance.database
        rows = database.ask(asked, (), lambda _none: model.select(pw.fn.MAX(model.id)))
        return int(rows[0][0] or 0)

    def ask(self, way: str, between: tuple[int, ...], told: Callable[[], list[Any]]) -> Rows:
        """Answer with the conditions of one way."""
        model: Any = self.resource.model

        def build(ids: Sequence[int]) -> Any:
            where = told()
            if ids:
                where.append(model.id.between(*ids))
            elif self.query.cursor:
                where.append(self.order.after(model, self.query.cursor))
            select = model.select(*(getattr(model, name) for name in self.columns)).where(*where)
            return select.order_by(*self.order.columns(model)).limit(self.limit)

        database = self.caller.instance.database
        if self.question is None:
            return database.rows(build(between))
        return database.ask((self.question, way), between, build)

    def holds_at_most(self, most: int) -> bool:
        """Whether the subtree has so few places, links and records that gathering is quick."""
        model: Any = self.resource.model

        def build(_none: object) -> Any:
            sets: list[Any] = []

            def bounded(key: Any, rows: Any, column: Any, *told: Any) -> Any:
                sets.append(rows.select(column).where(*told).limit(most + 1))
                return key.in_(sets[-1])

            whole = part(self.caller, self.resource, self.query, bounded)
            told = policy.wheres(self.resource, whole)
            counted = isinstance(self.resource.scope, Linked)  # by the links: there are no fewer
            if not sets or not counted:
                standing = model.removed_at.is_null()
                sets.append(model.select(model.id).where(standing, *told).limit(most + 1))
            one = pw.fn.COUNT(pw.SQL("1"))
            counts = [pw.Select((held.alias("held"),), (one,)) for held in sets]
            beyond = [(pw.fn.COALESCE(count, 0) > most, 0) for count in counts]
            return pw.Select((), (pw.Case(None, beyond, 1),)).bind(database.engine)

        database = self.caller.instance.database
        if self.question is None:
            return bool(database.rows(build(()))[0][0])
        return bool(database.ask((self.question, most), (), build)[0][0])


def along(listing: Listing, within: int | None = None) -> Rows | None:
    """Along the order, each row judged by itself; with `within`, at most so many ids of it."""
    caller, resource, query = listing.caller, listing.resource, listing.query
    between = listing.between(within)
    window = None if listing.by_id else within

    def told() -> list[Any]:
        where = conditions(caller, resource, query, gathering=False)
        if window is not None:
            where.append(listing.order.window(resource.model, query.cursor, window))
        return where

    rows = listing.ask(f"along {window}", between, told)
    if within is None or len(rows) >= listing.limit or (between and listing.ends(between)):
        return rows
    return None


def picked(listing: Listing) -> Rows | None:
    """By the index of places and of what is filtered by, and only then put in order."""
    asked = listing.caller, listing.resource, listing.query

    def told() -> list[Any]:
        return [policy.set_apart(asked[1].model, conditions(*asked, gathering=True, apart=False))]

    return listing.ask("picked", listing.between(None), told)


def gathered(listing: Listing, within: int | None = None) -> Rows | None:
    """From the subtree outwards; with `within`, if it holds at most so much."""
    if within is not None and not listing.holds_at_most(within):
        return None
    asked = listing.caller, listing.resource, listing.query
    whole = listing.between(None)
    return listing.ask("gathered", whole, lambda: conditions(*asked, gathering=True))
