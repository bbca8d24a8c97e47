"""The figures of indicators: by place or organization, by month, for who may see them.

Whoever reads the records behind a figure throughout a part of the tree sees that figure, and who
stands for an organization its own ones. A figure of several people never tells of one: see `least`
of `lf.Indicator`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, SEGMENT, Community, path_end
from lifang.entities.organization import Organization
from lifang.kit import clock, ranges
from lifang.kit.errors import Forbidden, Malformed, NotFound, demand_known
from lifang.kit.words import _
from lifang.mechanisms.cells import Row, compared, filled, withheld
from lifang.mechanisms.indicator import Indicator
from lifang.mechanisms.looking import MOST, Spot, demand_whole, on_for, reach, spot, units_of
from lifang.mechanisms.looking import of_units as of_units
from lifang.mechanisms.period import Period
from lifang.mechanisms.rollup import ELSEWHERE, WHOLE, Found, Frame, is_large, rolled_up
from lifang.plugins import said
from lifang.plugins.setting import Setting
from lifang.services.branches import key_of
from lifang.services.offers import may
from lifang.services.query import NOW, THEN
from lifang.services.then import lain_below

BELOW, MONTH, UNIT = "below", "month", "unit"
BY = (BELOW, UNIT, MONTH, *KINDS)
LONGEST = 18
"""Digits of a number that somebody may name."""


@dataclass(frozen=True)
class Rule:
    """What a local rule decided for a table: of which place, and where below it another holds."""

    setting: Setting[Any]
    value: Any
    place: str
    on: dt.date
    others: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """An indicator's figures: `total` is the place asked for, `rows` what lies below it.

    Rows are organizations `by_unit`, of whom `unit` was asked for alone.
    """

    indicator: Indicator
    period: Period
    periods: tuple[Period, ...]
    tree: str
    until: dt.datetime
    total: Row
    rows: tuple[Row, ...]
    by_unit: bool
    unit: int | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Statement:
    """The indicators of a plugin in tables with the same rows; `left` are those without units."""

    label: str
    tables: tuple[Table, ...]
    left: tuple[Indicator, ...]


@dataclass(frozen=True)
class Scope:
    """What is asked of a table.

    `within` is a community's code. `by` holds "month" for the months of the period, and one of:
    "below" for the places directly below, a kind of community for all of that kind, "unit" for
    organizations. `tree` is `now`, or `then` for places as they lay on each record's day. `unit` is
    an organization's number: only its records are counted.
    """

    within: str | None = None
    period: Period | None = None
    by: Sequence[str] = ()
    tree: str = NOW
    unit: int | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any], by: Sequence[str]) -> Scope:
        """Read what an address or a command says; raises Malformed for what is no number."""
        unit = said.get("unit")
        if unit and not (unit.isascii() and unit.isdigit() and len(unit) <= LONGEST):
            raise Malformed(_("「{label}」须为整数", label="unit"))
        period = Period.read(said.get("period"))
        return cls(
            said.get("within"), period, by, said.get("tree") or NOW, int(unit) if unit else None
        )

    @property
    def span(self) -> Period:
        """The period, this month by default."""
        return self.period or Period.read(None)

    @property
    def on(self) -> dt.date:
        """The day whose rules hold: the period's last, or today."""
        return min(self.span.last, clock.today())

    @property
    def kind(self) -> str | None:
        """By what lines are told apart; raises Malformed for what is none, or more than one."""
        kinds = [one for one in self.by if one != MONTH]
        for one in self.by:
            demand_known(f"by={one}", one, BY)
        if len(kinds) > 1:
            raise Malformed(_("「{key}」只能出现一次", key="by"))
        if self.tree not in (NOW, THEN):
            raise Malformed(_("「{key}」须为 now 或 then", key="tree"))
        return kinds[0] if kinds else None


PLAIN = Scope()


def indicators(caller: Caller) -> list[Indicator]:
    """What a caller can see figures of anywhere, in the order in which plugins declare it.

    Figures are of places: whoever reads records but no place, an auditor say, sees none.
    """
    loaded = caller.instance.plugins.loaded.values()
    declared: Iterable[Any] = (one for plugin in loaded for one in plugin.indicators.values())
    placed = may(caller, caller.instance.registry.of(Community), "read")
    return [
        one
        for one in declared
        if (placed and all(reach(caller, one, each) for each in one.measures))
        or units_of(caller, one)
    ]


def indicator(caller: Caller, name: str) -> Indicator:
    """The indicator of a name; raises NotFound alike where there is none or nothing to see."""
    asked = name.replace("-", "_")
    for one in indicators(caller):
        if one.name == asked:
            return one
    raise NotFound(_("没有找到"))


def table(caller: Caller, asked: Indicator, scope: Scope = PLAIN) -> Table:
    """Roll an indicator up, by default where the caller's part of the tree begins.

    Raises Malformed for what cannot be told apart, Invalid for a community that the caller does not
    know, Forbidden where they see only a part of it, NotFound where they see nothing.
    """
    if (scope.kind == UNIT or scope.unit is not None) and not of_units(asked):
        raise Malformed(_("「{label}」的记录不属于单位，不能按单位分列", label=_(asked.label)))
    return _tables(caller, [asked], scope, spot(caller, asked, scope.within, scope.unit))[0]


def statement(caller: Caller, plugin: str, scope: Scope) -> Statement:
    """All indicators of a plugin whose figures the caller sees there; each measure is asked once.

    Lines are places, organizations or months. Raises NotFound where there are none, Malformed for
    lines of two sorts, and whatever `table` raises.
    """
    known = [one for one in indicators(caller) if one.plugin == plugin.replace("-", "_")]
    if not known:
        raise NotFound(_("没有找到"))
    if scope.kind and MONTH in scope.by:
        raise Malformed(_("「{key}」只能出现一次", key="by"))
    there = spot(caller, known[0], scope.within, scope.unit)
    seen: list[Indicator] = []
    refused: NotFound | Forbidden | None = None
    for one in known:
        try:
            demand_whole(caller, one.at(there.ruled, scope.on), there)
        except (NotFound, Forbidden) as error:
            refused = error
        else:
            seen.append(one)
    if refused and not seen:
        raise refused
    by_units = scope.kind == UNIT or there.unit is not None
    left = [one for one in seen if by_units and not of_units(one)]
    told = [one for one in seen if one not in left]
    if not told:
        raise Malformed(_("「{label}」的记录不属于单位，不能按单位分列", label=_(left[0].label)))
    label = caller.instance.plugins.loaded[told[0].plugin].label
    return Statement(label, tuple(_tables(caller, told, scope, there)), tuple(left))


def _tables(caller: Caller, asked: Sequence[Indicator], scope: Scope, there: Spot) -> list[Table]:
    """Tables with the same rows: one statement asks each measure once, whatever it is for."""
    kind, span, place, monthly = scope.kind, scope.span, there.place, MONTH in scope.by
    settled = [one.at(there.ruled, scope.on) for one in asked]
    leasts = [cast(int, one.least) for one in settled]
    wheres = [demand_whole(caller, one, there) for one in settled]
    if scope.tree == THEN:  # what lay there then may lie elsewhere today
        wheres = [on_for(caller, one) for one in settled]
    where = ranges.union(one for each in wheres for one in each)
    by_unit, periods = kind == UNIT, span.split() if monthly else (span.before(), span)
    nodes = _nodes(caller, place, kind, span, scope.tree, where) if kind and not by_unit else []
    frame = Frame(
        place, {int(node.id): node.path for node in nodes}, periods, scope.tree, where, any(leasts),
        by_unit=by_unit, unit=there.unit, large=is_large(where),
    )  # fmt: skip
    every = {
        (one.key, part): (one, replace(frame, where=part))
        for indicator, part in zip(settled, wheres, strict=True) for one in indicator.measures
    }  # fmt: skip
    found = dict(zip(every, rolled_up(caller, list(every.values())), strict=True))
    lines = _lines(there, nodes, found.values(), by_unit=by_unit)
    told = [
        [filled(one, line, [found[each.key, part] for each in one.measures], periods)
         for line in lines]
        for one, part in zip(settled, wheres, strict=True)
    ]  # fmt: skip
    rest = [cell.numerator for rows in told for cell in rows[-1].cells if rows[-1].own]
    if lines[-1][1].own and not any(rest):
        told = [rows[:-1] for rows in told]
    pairs = zip(told, leasts, strict=True)
    told = [withheld(rows, least, monthly=monthly) if least else rows for rows, least in pairs]
    if not monthly:
        told = [[compared(row) for row in rows] for rows in told]
    shown = periods if monthly else (span,)
    rules = [[_rule(each.setting, there.ruled, scope.on) for each in one.choices] for one in asked]
    return [
        Table(one, span, shown, scope.tree, clock.now(), rows[0], tuple(rows[1:]), by_unit,
              there.unit, tuple(decided))
        for one, decided, rows in zip(settled, rules, told, strict=True)
    ]  # fmt: skip


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
    found = list(query.order_by(Community.code).limit(MOST + 1))
    if len(found) > MOST:
        raise Malformed(_("一张表最多 {n} 个地方；请用 within 缩小范围", n=MOST))
    on = [ranges.intersect(where, ((node.path, path_end(node.path)),)) for node in found]
    return [node for node, here in zip(found, on, strict=True) if here or tree == THEN]


def _lines(
    there: Spot, nodes: Sequence[Any], found: Iterable[Found], *, by_unit: bool
) -> list[tuple[int, Row]]:
    """The number and the empty row of each line: the whole, what is below it, and what is not."""
    place = there.place
    counted = {key for one in found for (key, _number), (amount, _heads) in one.items() if amount}
    whole = Row(key_of(place.code, place.valid_to), place.name, ())
    if there.unit is not None:
        known = _named([there.unit] if there.own or WHOLE in counted else [])
        name = known.get(there.unit, f"#{there.unit}")
        whole = replace(whole, name=_("{name}（{place}）", name=name, place=place.name))
    lines = [(int(node.id), Row(key_of(node.code, node.valid_to), node.name, ())) for node in nodes]
    if by_unit:
        named = _named([key for key in counted if key > 0])
        ordered = sorted(named, key=lambda key: (named[key], key))
        lines = [(key, Row(str(key), named[key], ())) for key in ordered]
    own = [(ELSEWHERE, replace(whole, own=True))] if lines or by_unit else []
    return [(WHOLE, whole), *lines, *own]


def _named(units: Sequence[int]) -> dict[int, str]:
    """The names of organizations that are counted; raises Malformed for too many in one table."""
    if len(units) > MOST:
        raise Malformed(_("一张表最多 {n} 个单位；请用 within 缩小范围", n=MOST))
    asked: Any = Organization.select(Organization.id, Organization.name)
    return dict(asked.where(Organization.id.in_(units)).tuples()) if units else {}


def _rule(setting: Setting[Any], place: Community, on: dt.date) -> Rule:
    """What a setting comes to, and which places below have another rule of their own."""
    value = setting(place, on=on)
    inside = (Community.path > place.path) & (Community.path < path_end(place.path))
    standing = Community.removed_at.is_null() & Community.valid_to.is_null()
    words = list(said.words(setting.plugin, setting.name))
    query = Community.select().where(Community.id.in_(words), inside, standing)
    below = query.order_by(Community.code) if words else ()
    others = tuple(node.name for node in below if setting(node, on=on) != value)
    return Rule(setting, value, place.name, on, others)
