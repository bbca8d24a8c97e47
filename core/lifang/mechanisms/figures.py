"""The figures of an indicator: by place, by month, beside the period before, for who may see them.

Whoever reads the records behind a figure throughout a part of the tree sees that figure. A figure
of several people never tells of one: see `least` of `lf.Indicator`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, SEGMENT, Community, path_end
from lifang.kit import clock, ranges
from lifang.kit.errors import FieldError, Forbidden, Invalid, Malformed, NotFound
from lifang.kit.words import _
from lifang.mechanisms.indicator import Amount, Indicator, Measure
from lifang.mechanisms.period import Period
from lifang.mechanisms.rollup import ELSEWHERE, Found, Frame, rolled_up
from lifang.resources.resource import Resource
from lifang.services import branches
from lifang.services.branches import key_of
from lifang.services.query import NOW, THEN, find_community
from lifang.services.then import lain_below

BELOW, MONTH = "below", "month"
BY = (BELOW, MONTH, *KINDS)
MOST_PLACES = 2_000


@dataclass(frozen=True)
class Cell:
    """A figure: its value, and what was divided by what; `None` where there is none.

    `withheld` says that too few people are behind it. `before` is the value of the period before.
    """

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    before: float | None = None
    withheld: bool = False
    behind: int = 0


@dataclass(frozen=True)
class Row:
    """The figures of one place, one for each period; the `own` ones of it lie in none below."""

    code: str
    name: str
    cells: tuple[Cell, ...]
    own: bool = False


@dataclass(frozen=True)
class Table:
    """An indicator's figures: `total` is the place asked for, `rows` what lies below it."""

    indicator: Indicator
    period: Period
    periods: tuple[Period, ...]
    tree: str
    until: dt.datetime
    total: Row
    rows: tuple[Row, ...]


def indicators(caller: Caller) -> list[Indicator]:
    """What a caller can see figures of anywhere, in the order in which plugins declare it."""
    loaded = caller.instance.plugins.loaded.values()
    declared: Iterable[Any] = (one for plugin in loaded for one in plugin.indicators.values())
    return [one for one in declared if all(_reach(caller, one, each) for each in one.measures)]


def indicator(caller: Caller, name: str) -> Indicator:
    """The indicator of a name; raises NotFound alike where there is none or nothing to see."""
    asked = name.replace("-", "_")
    for one in indicators(caller):
        if one.name == asked:
            return one
    raise NotFound(_("没有找到"))


def table(
    caller: Caller,
    asked: Indicator,
    *,
    within: str | None = None,
    period: Period | None = None,
    by: Sequence[str] = (),
    tree: str = NOW,
) -> Table:
    """Roll an indicator up for a community's code, by default where the caller's part begins.

    `by` holds "month" for the months of the period, "below" for the places directly below or a kind
    of community for all of that kind; both may be asked for. `tree` is `now`, or `then` for places
    as they lay on each record's day. Raises Malformed for anything else, Invalid for a community
    that the caller does not know, Forbidden where they see only a part of it.
    """
    kinds, span = _kinds(by), period or Period.read(None)
    if tree not in (NOW, THEN):
        raise Malformed(_("「{key}」须为 now 或 then", key="tree"))
    place = place_of(caller, within)
    where = demand_whole(caller, asked.plugin, [one.resource for one in asked.measures], place)
    nodes = _nodes(caller, place, kinds[0], span, tree, where) if kinds else []
    monthly = MONTH in by
    periods = span.split() if monthly else (span.before(), span)
    heads = (least := least_of(asked, place, span)) > 0
    paths = {int(node.id): node.path for node in nodes}
    frame = Frame(place, paths, periods, tree, where, heads)
    found = [rolled_up(caller, measure, frame) for measure in asked.measures]
    told = [(place, False), *((node, False) for node in nodes), *([(place, True)] if nodes else [])]
    rows = [_row(asked, node, found, periods, own=own) for node, own in told]
    rows = [row for row in rows if not row.own or any(cell.numerator for cell in row.cells)]
    if heads:
        rows = _withheld(rows, least, monthly=monthly)
    if not monthly:
        rows = [_compared(row) for row in rows]
    shown = periods if monthly else (span,)
    return Table(asked, span, shown, tree, clock.now(), rows[0], tuple(rows[1:]))


def least_of(asked: Indicator, place: Community, period: Period) -> int:
    """How many people must be behind a figure at a place; a setting's value at the period's end."""
    if isinstance(asked.least, int):
        return asked.least
    return asked.least(place, on=min(period.last, clock.today()))


def _kinds(by: Sequence[str]) -> list[str]:
    kinds = [one for one in by if one != MONTH]
    if unknown := [one for one in by if one not in BY]:
        known = _("、").join(BY)
        raise Malformed(_("「{key}」须为其中之一：{known}", key=f"by={unknown[0]}", known=known))
    if len(kinds) > 1:
        raise Malformed(_("「{key}」只能出现一次", key="by"))
    return kinds


def _reach(caller: Caller, asked: Indicator, measure: Measure) -> ranges.Ranges:
    """Where a caller reads everything that a measure counts, and the indicator's plugin is on."""
    reach = policy.rights(caller, measure.resource, "read").tree
    return ranges.intersect(reach, caller.snapshot.where(asked.plugin))


def demand_whole(
    caller: Caller, plugin: str, resources: Iterable[Resource[Any]], place: Community
) -> ranges.Ranges:
    """The part of a place where a plugin and some resources are on, if the caller reads all of it.

    Raises NotFound where they read nothing of it, Forbidden where they read a part.
    """
    on = ranges.intersect(caller.snapshot.where(plugin), ((place.path, path_end(place.path)),))
    for resource in resources:
        on = ranges.intersect(on, caller.snapshot.where(resource.plugin))
        reach = ranges.intersect(policy.rights(caller, resource, "read").tree, on)
        if not reach:
            raise NotFound(_("没有找到"))
        if reach != on:
            raise Forbidden(_("您只能看到「{name}」的一部分；请指明您管辖的社区", name=place.name))
    return on


def place_of(caller: Caller, code: str | None) -> Community:
    """The community of a code, by default where the caller's part begins; else raises Invalid."""
    found = find_community(caller, code, past=True) if code else None
    if code is None and (tops := branches.tops(caller)):
        found = find_community(caller, tops[0].code)
    if found is None:
        sentence = _("没有编号为「{code}」的社区，或您看不到它", code=code or "")
        raise Invalid(sentence, errors=[FieldError("within", "unknown", sentence)])
    return found


def _nodes(
    caller: Caller, place: Community, kind: str, period: Period, tree: str, where: ranges.Ranges
) -> list[Any]:
    """The communities of a kind below a place or directly below it, today or in the period."""
    communities = caller.instance.registry.of(Community)
    readable = policy.wheres(communities, policy.readable(caller, communities))
    query: Any = Community.select().where(Community.removed_at.is_null(), *readable)
    query = query.where(Community.id != place.id)
    if kind != BELOW:
        query = query.where(Community.kind == kind)
    if tree == THEN:
        lay = lain_below(int(place.id), period.before().first, period.last, deep=kind != BELOW)
        query = query.where(Community.id.in_(lay))
    else:
        below = (Community.path > place.path) & (Community.path < path_end(place.path))
        query = query.where(Community.valid_to.is_null(), below)
        if kind == BELOW:
            query = query.where(pw.fn.LENGTH(Community.path) == len(place.path) + SEGMENT)
    found = list(query.order_by(Community.code).limit(MOST_PLACES + 1))
    if len(found) > MOST_PLACES:
        raise Malformed(_("一张表最多 {n} 个地方；请用 within 缩小范围", n=MOST_PLACES))
    on = [ranges.intersect(where, ((node.path, path_end(node.path)),)) for node in found]
    return [node for node, here in zip(found, on, strict=True) if here or tree == THEN]


def _row(
    asked: Indicator, node: Community, found: list[Found], periods: Sequence[Period], *, own: bool
) -> Row:
    key = ELSEWHERE if own else int(node.id)
    told = [[one.get((key, number), (0, 0)) for one in found] for number in range(len(periods))]
    cells = tuple(
        _cell(asked, amounts) if period.first <= clock.today() else Cell()
        for period, amounts in zip(periods, told, strict=True)
    )
    return Row(key_of(node.code, node.valid_to), node.name, cells, own)


def _cell(asked: Indicator, amounts: Sequence[tuple[Amount, int]]) -> Cell:
    numerator = Fraction(amounts[0][0]) / asked.over
    denominator = Fraction(amounts[1][0]) if asked.per else None
    return Cell(
        asked.value(numerator, denominator),
        _number(asked, numerator),
        None if denominator is None else _number(asked, denominator),
        behind=min((heads for _amount, heads in amounts if heads), default=0),
    )


def _number(asked: Indicator, amount: Fraction) -> float:
    return int(amount) if amount.denominator == 1 else asked.rounded(amount)


def _compared(row: Row) -> Row:
    before, cell = row.cells
    return replace(row, cells=(replace(cell, before=before.value),))


def _seen(cell: Cell, withheld: bool) -> Cell:  # noqa: FBT001 – one word at its only call
    return Cell(withheld=True) if withheld else cell


def _withheld(rows: list[Row], least: int, *, monthly: bool) -> list[Row]:
    """Withhold what too few are behind, and one more where the total would tell the only one.

    Totals of a column are told, and those of the months of a row can be asked for.
    """
    behind = {
        (at, number): cell.behind
        for at, row in enumerate(rows)
        for number, cell in enumerate(row.cells)
    }
    hidden = {key for key, heads in behind.items() if 0 < heads < least}
    numbers = range(len(rows[0].cells))
    lines = [[key for key in behind if key[0] and key[1] == number] for number in numbers]
    if monthly:
        lines += [[key for key in behind if key[0] == at] for at in range(len(rows))]
    growing = bool(hidden)
    while growing:
        growing = False
        for line in lines:
            others = [key for key in line if key not in hidden and behind[key]]
            if others and len(hidden & set(line)) == 1:
                hidden.add(min(others, key=lambda key: behind[key]))
                growing = True
    return [
        replace(
            row, cells=tuple(_seen(cell, (at, n) in hidden) for n, cell in enumerate(row.cells))
        )
        for at, row in enumerate(rows)
    ]
