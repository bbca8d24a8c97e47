"""Measures rolled up along the tree or by organization: one query for all lines and periods.

What is divided by what is read by one statement, so that a rate is of one moment.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce
from operator import add, or_
from types import SimpleNamespace
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock, ranges
from lifang.mechanisms.indicator import Amount, Measure
from lifang.mechanisms.period import Period
from lifang.resources.reach import Itself, Linked, Via
from lifang.resources.resource import Resource
from lifang.services.query import THEN, filter_of
from lifang.services.then import laid
from lifang.store.database import embedded
from lifang.store.fields import InstantField, day_of

ELSEWHERE, WHOLE = 0, -1
"""Stand for what belongs to none of the lines, and for the whole place that was asked for."""

PART = 4
NAMED = 20_000
"""Places that all measures of one statement may name together: SQLite takes 32,766 values."""

Found = dict[tuple[int, int], tuple[Amount, int]]
"""By line and number of the period: the amount, and how many people or records are behind it.

A line is a node's id or, by organization, that one's; or one of the two above.
"""


@dataclass(frozen=True)
class Frame:
    """What a table is about: the place, its nodes by id and path, the periods without a gap.

    `where` is the part of today's tree whose records are counted, `heads` whether the different
    people behind each figure are wanted. Lines are organizations `by_unit`, of whom `unit` leaves
    only one; `large` says that a good part of all places is meant.
    """

    within: Community
    nodes: dict[int, str]
    periods: Sequence[Period]
    as_of: str
    where: ranges.Ranges
    heads: bool
    by_unit: bool = False
    unit: int | None = None
    large: bool = False


def rolled_up(caller: Caller, asked: Sequence[tuple[Measure, Frame]]) -> list[Found]:
    """The amounts of each measure for each line and the place itself, in each period.

    One statement reads as many measures as it can name places for: of a district all there are.
    """
    database, found = caller.instance.database, []
    for some in pw.chunked(asked, NAMED // max(1, len(asked[0][1].nodes))):
        told = [_asked(caller, measure, frame) for measure, frame in some]
        widest = max(len(columns) for _query, columns, _nested in told)
        parts = [_part(at, query, made, widest) for at, (query, made, _nested) in enumerate(told)]
        rows: list[list[Any]] = [[] for _one in parts]
        for at, *row in database.rows(reduce(add, parts).bind(database.engine)):
            rows[at].append(row)
        for got, (measure, frame), (*_query, nested) in zip(rows, some, told, strict=True):
            found.append(_completed(_read(got, measure, frame), frame, nested=nested))
    return found


def _part(at: int, query: Any, columns: Sequence[Any], width: int) -> Any:
    """One measure's rows, numbered and made as wide as those of the others."""
    named = [one.alias(f"c{n}") for n, one in enumerate(columns)]
    inner = query.select(*named).group_by(pw.SQL("1"), pw.SQL("2")).alias(f"of_{at}")
    made = [getattr(inner.c, f"c{n}") for n in range(len(columns))]
    return pw.Select((inner,), (pw.SQL(str(at)), *made, *[pw.SQL("0")] * (width - len(made))))


def _asked(caller: Caller, measure: Measure, frame: Frame) -> tuple[Any, list[Any], bool]:
    """The records behind a measure, and its columns: line, number of the period, and amounts."""
    model: Any = measure.resource.model
    of_units = frame.by_unit or frame.unit is not None
    linked = _is_linked(caller, measure)
    linked = linked or (of_units and isinstance(measure.resource.unit, Linked))
    nested = linked or frame.heads or measure.distinct is not None
    row = measure.placed.model.alias() if measure.at else model
    query, node = _lying(caller, measure, row, frame, nested=nested)
    if of_units:
        query, node = _belonging(measure, frame, query, node, nested=nested)
    query = query.where(model.removed_at.is_null())
    for one in measure.filters:
        query = query.where(filter_of(caller, measure.resource, *one))
    value = getattr(model, measure.total or measure.distinct or "id")
    columns = {"root": node, "value": value, "whose": getattr(model, measure.whose)}
    if measure.standing is None:
        query, columns["number"] = _happened(measure, frame.periods, query)
    else:
        columns["since"], columns["until"] = _stood(measure, row)
    if linked:  # a record that is reached over two links counts once in each node
        made = [model.id, *(column.alias(name) for name, column in columns.items())]
        inner = query.select(*made).distinct().alias("each")
        query, columns = pw.Select((inner,), ()), {name: getattr(inner.c, name) for name in columns}
    keys = [columns["root"], columns.get("number", pw.SQL("0"))]
    return query, [*keys, *_amounts(measure, frame, columns)], nested


def _is_linked(caller: Caller, measure: Measure) -> bool:
    resource = measure.placed
    while isinstance(resource.scope, Via):
        above = getattr(resource.model, resource.scope.reference).rel_model
        resource = caller.instance.registry.of(above)
    return isinstance(resource.scope, Linked)


def _lying(
    caller: Caller, measure: Measure, row: Any, frame: Frame, *, nested: bool
) -> tuple[Any, Any]:
    """Each record with the node it lies in; with `nested` also with the place asked for.

    `row` is what says where: the record itself, or that of its organization.
    """
    resource, model = measure.placed, measure.resource.model
    query: Any = model.select()
    if measure.at:
        theirs = getattr(row, str(resource.unit)) == getattr(model, str(measure.resource.unit))
        query = query.join_from(model, row, on=theirs & row.removed_at.is_null())
    if frame.as_of == THEN:
        roots = [*frame.nodes, int(frame.within.id)]
        lay = laid(caller, resource, roots).alias("lay")
        query = query.join_from(row, lay, on=lay.c.id == row.id)
        seen = policy.placed(caller, resource, frame.where, policy.gathered)
        if measure.at:
            there = partial(policy.within, frame.where)
            seen = policy.lying(caller, resource, there, policy.gathered, row)
        node = pw.Case(None, [(lay.c.root == frame.within.id, WHOLE)], lay.c.root)
        return query.where(*policy.wheres(resource, seen)), node
    spot = _spots(frame, nested=nested).cte("spot", materialized=True)
    query, place = _to_the_place(caller, resource, row, query)
    here = place == spot.c.place
    if frame.large:  # SQLite reads the left of a cross join first, others as they like
        query = query.join(spot, pw.JOIN.CROSS).where(here)
    else:
        query = query.join(spot, on=here)
    return query.with_cte(spot), spot.c.root


def is_large(where: ranges.Ranges) -> bool:
    """Whether a good part of all places is meant: place by place would cost five times as much."""
    inside = Community.select().where(policy.within(where)).count()
    return bool(inside * PART > Community.select().count())


def _belonging(
    measure: Measure, frame: Frame, query: Any, node: Any, *, nested: bool
) -> tuple[Any, Any]:
    """Each record with the organization it belongs to; with `nested` also as one of the whole."""
    model: Any = measure.resource.model
    unit = measure.resource.unit
    if isinstance(unit, Linked):
        link: Any = unit.model.alias()
        here = (getattr(link, unit.here) == model.id) & policy.current(link)
        query = query.join_from(model, link, pw.JOIN.LEFT_OUTER, on=here)
        theirs = getattr(link, unit.there)
    else:
        theirs = getattr(model, str(unit))
    if frame.unit is not None:
        query = query.where(theirs == frame.unit)
    if not frame.by_unit:
        return query, node
    line = pw.fn.COALESCE(theirs, ELSEWHERE)
    if not nested:
        return query, line
    sides = [pw.Select((), (pw.SQL(side).alias("side"),)) for side in ("0", "1")]
    twice = sides[0].union_all(sides[1]).alias("twice")
    query = query.join_from(model, twice, pw.JOIN.CROSS)
    return query, pw.Case(None, [(twice.c.side == 1, WHOLE)], line)


def _spots(frame: Frame, *, nested: bool) -> Any:
    """Which place lies in which node, today; with `nested` also each in the place asked for."""
    place = Community.alias()
    path = place.path
    if frame.large and embedded():  # SQLite takes two bounds for few places, and makes no index
        path = pw.fn.COALESCE(place.path, "")
    inside = policy.within(frame.where, SimpleNamespace(path=path))
    root = pw.SQL(str(WHOLE)).alias("root")
    whole: Any = place.select(place.id.alias("place"), root).where(inside)
    if not frame.nodes:
        return whole
    node: Any = Community.alias()
    lengths = sorted({len(path) for path in frame.nodes.values()})
    under = reduce(or_, [node.path == pw.fn.SUBSTR(place.path, 1, long) for long in lengths])
    node_or_none = pw.fn.COALESCE(node.id, ELSEWHERE).alias("root")
    among = under & node.id.in_(list(frame.nodes))
    parts: Any = place.select(place.id.alias("place"), node_or_none)
    parts = parts.join(node, pw.JOIN.LEFT_OUTER, on=among).where(inside)
    return parts.union_all(whole) if nested else parts


def _to_the_place(caller: Caller, resource: Resource[Any], at: Any, query: Any) -> tuple[Any, Any]:
    """Join what leads from a record to its place; gives the query and the place's id."""
    while isinstance(resource.scope, Via):
        field = getattr(at, resource.scope.reference)
        resource = caller.instance.registry.of(field.rel_model)
        above: Any = resource.model.alias()
        query, at = query.join_from(at, above, on=field == above.id), above
    scope = resource.scope
    if isinstance(scope, Linked):
        link: Any = scope.model.alias()
        here = (getattr(link, scope.here) == at.id) & policy.current(link)
        return query.join_from(at, link, on=here), getattr(link, scope.there)
    return query, at.id if isinstance(scope, Itself) else getattr(at, str(scope))


def _happened(measure: Measure, periods: Sequence[Period], query: Any) -> tuple[Any, Any]:
    """Keep what happened in the periods; gives the query and the number of each one's period."""
    day, told = happened(measure.resource, measure.dated)
    query = query.where(day >= told(periods[0].first), day < told(periods[-1].end))
    ends = [(day < told(period.end), number) for number, period in enumerate(periods[:-1])]
    last = len(periods) - 1
    return query, pw.Case(None, ends, last) if ends else pw.SQL(str(last))


def happened(
    resource: Resource[Any], name: str | None = None
) -> tuple[Any, Callable[[dt.date], str]]:
    """What says when a record happened, by a field or as it is dated, and how days compare to it.

    What is given turns a day into how its first moment is written there.
    """
    field: Any = getattr(resource.model, name or resource.dated or "created_at")
    if isinstance(field, InstantField):
        begins = partial(dt.datetime.combine, time=dt.time(), tzinfo=clock.zone())
        return field, lambda day: str(field.db_value(begins(day)))
    if not name and field.null:
        created: Any = resource.model.created_at
        return pw.fn.COALESCE(field, day_of(created)), dt.date.isoformat
    return field, dt.date.isoformat


def _stood(measure: Measure, row: Any) -> tuple[Any, Any]:
    """From which day a record stood and to which, as days; both, where `row` says where it lay."""
    since, until = _days(measure, measure.resource.model)
    if measure.at is None:
        return since, until
    first, last = _days(measure.at, row)
    begins = pw.Case(None, [(first > since, first), (first.is_null(is_null=False), since)])
    return begins, pw.Case(None, [(until.is_null() | (last < until), last)], until)


def _days(measure: Measure, row: Any) -> tuple[Any, Any]:
    since, until = measure.standing or (None, None)
    begins = getattr(row, since or "created_at")
    ends = getattr(row, until) if until else pw.SQL("NULL")
    days = [day_of(one) if isinstance(one, InstantField) else one for one in (begins, ends)]
    return days[0], days[1]


def _amounts(measure: Measure, frame: Frame, columns: dict[str, Any]) -> Any:
    """What is added up: for flows once, for stocks once for each period."""
    conditions: list[Any] = [None]
    if measure.standing is not None:
        since, until = columns["since"], columns["until"]
        lasts = [min(one.last, clock.today()).isoformat() for one in frame.periods]
        conditions = [since <= last for last in lasts]
        if measure.standing[1]:
            later = [until.is_null() | (until > last) for last in lasts]
            conditions = [one & other for one, other in zip(conditions, later, strict=True)]
    for told in conditions:
        value, whose = (
            columns[name] if told is None else pw.Case(None, [(told, columns[name])])
            for name in ("value", "whose")
        )
        if measure.total:
            yield pw.fn.SUM(value)
        else:
            yield pw.fn.COUNT(value if measure.distinct is None else pw.fn.DISTINCT(value))
        yield pw.fn.COUNT(pw.fn.DISTINCT(whose)) if frame.heads else pw.SQL("0")


def _read(rows: Sequence[Any], measure: Measure, frame: Frame) -> Found:
    field = measure.resource.model._meta.fields.get(measure.total)
    places = field.decimal_places if isinstance(field, pw.DecimalField) else 0
    if measure.standing is None:
        return {
            (node, number): (_exact(told, places), heads) for node, number, told, heads, *_ in rows
        }
    return {
        (node, number): (_exact(told[2 * number], places), told[2 * number + 1])
        for node, _none, *told in rows
        for number in range(len(frame.periods))
    }


def _exact(amount: Any, places: int) -> Amount:
    """An amount as either database gives it; SQLite adds up decimals as floating point numbers."""
    if amount is None or isinstance(amount, int):
        return amount or 0
    return Fraction(round(Decimal(str(amount)), places))


def _completed(found: Found, frame: Frame, *, nested: bool) -> Found:
    """Add what the place comes to, or lies in none of its nodes, where that follows from the rest.

    In today's tree and by organization its parts were counted without it; of the tree as it was,
    the rest is told only where amounts add up.
    """
    if nested or not (frame.nodes or frame.by_unit):
        return found
    sums: dict[int, Amount] = defaultdict(int)
    for (node, number), told in found.items():
        if node != WHOLE:
            sums[number] += told[0]
    if frame.by_unit or frame.as_of != THEN:
        return found | {(WHOLE, number): (amount, 0) for number, amount in sums.items()}
    whole = {number: told for (node, number), told in found.items() if node == WHOLE}
    rest = {number: told[0] - sums[number] for number, told in whole.items()}
    return found | {(ELSEWHERE, number): (amount, 0) for number, amount in rest.items()}
