"""Sheets (台账、一览表): what an office keeps on paper of a place or a unit, declared once.

Whoever reads the records of a sheet throughout a place, or those of their unit, sees it. What may
be on it besides follows from who looks: references that they cannot read stay empty, and sensitive
fields are masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.entities.organization import Organization
from lifang.kit import ranges
from lifang.kit.errors import Malformed, NotFound
from lifang.kit.words import _
from lifang.mechanisms.looking import demand_all, place_of
from lifang.mechanisms.period import Period
from lifang.mechanisms.rollup import happened
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.branches import key_of
from lifang.services.instance import Instance
from lifang.services.query import MOST, Query, conditions, read_filters, sort_names
from lifang.store.record import Record

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}\.[a-z][a-z0-9_]{1,59}")
BY = ("place", "unit")
PLACE, UNIT = BY

Column = str | Callable[[Sequence[Any], "AskedFor"], Mapping[int, Any]]


@dataclass(frozen=True)
class AskedFor:
    """What a sheet is asked for: by whom, of which community or organization or both, and when."""

    caller: Caller
    sheet: Sheet
    community: Community | None = None
    organization: Organization | None = None
    period: Period | None = None

    @property
    def subject(self) -> Community | Organization:
        """Whose sheet it is."""
        found = self.community or self.organization
        assert found is not None  # noqa: S101 – one of them is always found
        return found

    @property
    def within(self) -> str | None:
        """The community's code, as lists are asked for it."""
        where = self.community
        return key_of(where.code, where.valid_to) if where is not None else None

    def only(self, resource: Resource[Any], *, ever: bool = False, **filters: Any) -> list[Any]:
        """Conditions for a query's `where`: the records asked for that the caller may read.

        They lie in the place, are the unit's, match the filters, and, unless `ever`, are of the
        period: `Visit.select(…).where(*asked.only(visits, state="done")).group_by(…)`.
        """
        query = Query(filters=read_filters(filters.items()), within=self.within)
        told = conditions(self.caller, resource, query)
        if self.organization is not None:
            on = self.caller.snapshot.where(resource.plugin)
            theirs = policy.Rights(on=on, units=(int(self.organization.id),))
            told += policy.wheres(resource, policy.condition(self.caller, resource, theirs))
        dated = self.sheet.dated if resource is self.sheet.of else None
        if self.period is not None and not ever and dated != "":
            day, said = happened(resource, dated)
            told += [day >= said(self.period.first), day < said(self.period.end)]
        return told

    def each(self, resource: Resource[Any], *, ever: bool = False, **filters: Any) -> Iterator[Any]:
        """The records that `only` leaves, by number, some at a time."""
        model: Any = resource.model
        query, last = model.select().where(*self.only(resource, ever=ever, **filters)), 0
        while True:
            found = list(query.where(model.id > last).order_by(model.id).limit(MOST))
            yield from found
            if len(found) < MOST:
                return
            last = int(found[-1].id)

    def all_of(self, resource: Resource[Any], verb: str) -> bool:
        """Whether the caller may do something to every record asked for, wherever it lies."""
        reach = policy.rights(self.caller, resource, verb)
        if self.community is None:
            assert self.organization is not None  # noqa: S101 – one of them is always found
            return bool(reach) and int(self.organization.id) in reach.units
        here = ((self.community.path, path_end(self.community.path)),)
        on = ranges.intersect(self.caller.snapshot.where(self.sheet.plugin), here)
        on = ranges.intersect(on, self.caller.snapshot.where(resource.plugin))
        return bool(on) and ranges.intersect(reach.tree, on) == on


class Sheet:
    """A table that is kept on paper: who is on it, what stands in its columns, what is below it.

    `name` is `<plugin>.<sheet>`, `of` the resource whose readers see it. Either `columns` are told
    of the records that the filters in `where` leave (those of `lf.each`, or a function of what is
    asked that gives them), in the `order` of a list; each is a heading with a path over references
    (`"person.name"`), or with a function of some records and of what is asked that gives a value
    for each record's number, missing ones empty.
    Or `rows` is a function of what is asked (`lf.Sheet.Asked`) that gives rows of cells, under
    `headings`, themselves perhaps such a function. 序号 comes first without being named.

    `by` says of what it is made: of a "place" with all below it, of a "unit" (where `of` has one),
    or both. With `period` it is of a month, quarter, half-year or year, by the day that `dated`
    names, else as `of` is dated; with `dated=""` the period is for its functions only. `note` is
    printed under it, a text or a function of what is asked.
    Raises ValueError for what cannot be told.
    """

    Asked: TypeAlias = AskedFor

    def __init__(  # noqa: PLR0913 – a declaration says many things, each by name
        self,
        name: str,
        label: str,
        *,
        of: Resource[Any],
        columns: Iterable[tuple[str, Column]] = (),
        where: Mapping[str, Any] | Callable[[AskedFor], Mapping[str, Any]] | None = None,
        order: str = "id",
        rows: Callable[[AskedFor], Iterable[Sequence[Any]]] | None = None,
        headings: Sequence[str] | Callable[[AskedFor], Sequence[str]] = (),
        by: Iterable[str] = (PLACE,),
        period: bool = False,
        dated: str | None = None,
        note: str | Callable[[AskedFor], str] = "",
    ) -> None:
        """Keep the declaration."""
        self.name, self.label, self.of = name, label, of
        self.columns, self.where, self.order = tuple(columns), where or {}, order
        self.rows, self.headings, self.note = rows, headings, note
        self.by, self.period, self.dated = tuple(by), period, dated
        self.plugin = name.partition(".")[0]
        if wrong := self._wrong():
            raise ValueError(f"sheet {name}: {wrong}")

    def _wrong(self) -> str:
        """What cannot be kept of the declaration, or nothing."""
        heads = {way.partition(".")[0] for _head, way in self.columns if isinstance(way, str)}
        fixed = () if callable(self.where) else self.where
        named = {one.partition("__")[0] for one in fixed} | {self.dated or "id"}
        unknown = heads | named
        unknown -= {*self.of.by_name, "id", "created_at", "updated_at"}
        told = {
            "its name is <plugin>.<name> in small letters": not NAME.fullmatch(self.name),
            "either columns, or rows with headings": bool(self.columns) == bool(self.rows),
            "rows need headings": bool(self.rows) and not self.headings,
            f"by is among {BY}": not self.by or not set(self.by) <= set(BY),
            f"{self.of.noun} has no unit": UNIT in self.by and self.of.unit is None,
            f"{self.of.noun} has no {sorted(unknown)}": bool(unknown),
            f"{self.of.noun} is not sorted by {self.order}": (
                self.order.removeprefix("-") not in sort_names(self.of)
            ),
            "what is confidential stands on no sheet": self.of.confidential is not None,
        }
        return "; ".join(sentence for sentence, wrong in told.items() if wrong)

    @property
    def words(self) -> list[str]:
        """What it says by itself: its headings, label and note, without what functions say."""
        said = [] if callable(self.headings) else self.headings
        told = [*said, *(head for head, _way in self.columns), self.label, self.note]
        return [one for one in told if one and isinstance(one, str)]

    def on(self, caller: Caller) -> ranges.Ranges:
        """Where its plugin is on, and that of its records."""
        where = caller.snapshot.where
        return ranges.intersect(where(self.plugin), where(self.of.plugin))

    def visible(self, caller: Caller) -> bool:
        """Whether a caller can see it of anything at all."""
        reach, on = policy.rights(caller, self.of, "read"), self.on(caller)
        theirs = UNIT in self.by and reach.units and ranges.intersect(reach.on, on)
        return bool(theirs or ranges.intersect(reach.tree, on))


def sheets(caller: Caller) -> list[Sheet]:
    """What a caller can see of anything, in the order in which plugins declare it."""
    loaded = caller.instance.plugins.loaded.values()
    declared: Iterable[Sheet] = (one for plugin in loaded for one in plugin.sheets.values())
    return [one for one in declared if one.visible(caller)]


def sheet(caller: Caller, name: str) -> Sheet:
    """The sheet of a name; raises NotFound alike where there is none or nothing to see."""
    found = declared(caller.instance, name.replace("-", "_"))
    if found is None or not found.visible(caller):
        raise NotFound(_("没有找到"))
    return found


def declared(instance: Instance, name: str) -> Sheet | None:
    """The sheet of a name, of a plugin that is loaded."""
    plugin = instance.plugins.loaded.get(name.partition(".")[0])
    return plugin.sheets.get(name) if plugin is not None else None


def asked(
    caller: Caller,
    name: str,
    *,
    within: str | None = None,
    unit: int | None = None,
    period: str | None = None,
) -> AskedFor:
    """A sheet of a place, by default where the caller's part begins, of a unit, and of a period.

    Whoever stands for a unit sees it of that unit, wherever; others of a unit within a place.
    Raises NotFound for an unknown one and for what the caller sees nothing of, Forbidden where they
    see only a part, Invalid for an unknown place, Malformed for what it is not made of.
    """
    found = sheet(caller, name)
    reach = policy.rights(caller, found.of, "read")
    alone = PLACE not in found.by or (within is None and not reach.tree)
    if unit is None and alone and len(reach.units) == 1:
        unit = reach.units[0]
    if unit is None and alone:
        raise Malformed(_("「{label}」是一个单位的；请指明 unit", label=_(found.label)))
    if unit is not None and UNIT not in found.by:
        raise Malformed(_("「{label}」不分单位；请去掉 unit", label=_(found.label)))
    if period is not None and not found.period:
        raise Malformed(_("「{label}」不分统计期；请去掉 period", label=_(found.label)))
    registry = caller.instance.registry
    whose = reading.get(caller, registry.of(Organization), unit) if unit is not None else None
    place = None
    if within is not None or unit not in reach.units:
        place = place_of(caller, within)
        here = ((place.path, path_end(place.path)),)
        on = ranges.intersect(found.on(caller), here)
        demand_all(place, ranges.intersect(reach.tree, on), on)
    span = (Period.read(period) if period else Period.quarter()) if found.period else None
    return AskedFor(caller, found, place, whose, span)


def asked_of(caller: Caller, found: Sheet, record: Record) -> AskedFor:
    """A sheet of a community or an organization, as it is asked for again."""
    if isinstance(record, Community):
        return AskedFor(caller, found, community=record)
    return AskedFor(caller, found, organization=record)  # type: ignore[arg-type]


def seen_of(caller: Caller, name: str, record: Record) -> bool:
    """Whether a caller sees a sheet of a community or an organization, as it was issued.

    That of an organization is seen by whoever stands for it, or reads everything it is made of.
    """
    found = declared(caller.instance, name)
    if found is None or not found.visible(caller):
        return False
    mine = asked_of(caller, found, record).all_of(found.of, "read")
    if mine or isinstance(record, Community):
        return mine
    on = found.on(caller)
    return ranges.intersect(policy.rights(caller, found.of, "read").tree, on) == on
