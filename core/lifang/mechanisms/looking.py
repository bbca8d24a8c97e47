"""Where somebody looks for figures, and whether they may: a whole place, or one organization."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import SEGMENT, Community, path_end
from lifang.entities.person import Affiliation
from lifang.kit import ranges
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _
from lifang.mechanisms.indicator import Indicator, Measure
from lifang.services import branches
from lifang.services.query import demand_community

MOST = 2_000
"""Lines of a table."""


@dataclass(frozen=True)
class Spot:
    """A place, or an organization's records there, and the community whose rules hold for it.

    The organization may be the caller's `own`.
    """

    place: Community
    ruled: Community
    unit: int | None = None
    own: bool = False


def reach(caller: Caller, asked: Indicator, measure: Measure) -> ranges.Ranges:
    """Where a caller reads everything that a measure counts, and the indicator's plugin is on."""
    there = policy.rights(caller, measure.resource, "read").tree
    return ranges.intersect(there, caller.snapshot.where(asked.plugin))


def of_units(asked: Indicator) -> bool:
    """Whether all that is counted for an indicator says to which organization it belongs."""
    return all(one.of_units for one in asked.measures)


def units_of(caller: Caller, asked: Indicator) -> list[int]:
    """The organizations a caller stands for and reads all of what is counted of them."""
    rights = [policy.rights(caller, one.resource, "read") for one in asked.measures]
    if not caller.snapshot.where(asked.plugin) or not of_units(asked):
        return []
    return [unit for unit in rights[0].units if all(one.on and unit in one.units for one in rights)]


def spot(caller: Caller, asked: Indicator, within: str | None, unit: int | None) -> Spot:
    """The place of a code, by default where the caller's part begins.

    Who sees only what is counted of their own organization looks at it everywhere by default: then
    the rules of the community where it sits hold. Raises Invalid for an unknown place.
    """
    own = units_of(caller, asked)
    if unit is None and own and not all(reach(caller, asked, one) for one in asked.measures):
        unit = own[0]
    if unit is None or unit not in own or within is not None:
        place = place_of(caller, within)
        return Spot(place, place, unit, unit in own)
    top, seat = _seat(unit)
    return Spot(top, seat, unit, own=True)


def on_for(caller: Caller, asked: Indicator) -> ranges.Ranges:
    """Where an indicator's plugin is on, and those of all that it counts."""
    names = {asked.plugin, *(one.resource.plugin for one in asked.measures)}
    return reduce(ranges.intersect, map(caller.snapshot.where, names))


def demand_whole(caller: Caller, asked: Indicator, there: Spot) -> ranges.Ranges:
    """The part of a place where figures are counted, if the caller reads all behind them."""
    here = ((there.place.path, path_end(there.place.path)),)
    on = ranges.intersect(on_for(caller, asked), here)
    own = there.own and there.unit in units_of(caller, asked)
    reaches = () if own else (reach(caller, asked, one) for one in asked.measures)
    demand_all(there.place, reduce(ranges.intersect, reaches, on), on)
    return on


def demand_all(place: Community, seen: ranges.Ranges, on: ranges.Ranges) -> None:
    """Raise NotFound where nothing of what is on at a place is seen, Forbidden where a part is."""
    if not seen:
        raise NotFound(_("没有找到"))
    if seen != on:
        raise Forbidden(_("您只能看到「{name}」的一部分；请指明您管辖的社区", name=place.name))


def place_of(caller: Caller, code: str | None) -> Community:
    """The community of a code, by default where the caller's part begins; else raises Invalid."""
    if code is None and (tops := branches.tops(caller)):
        code = tops[0].code
    return demand_community(caller, code or "", "within", past=True)


def _seat(unit: int) -> tuple[Community, Community]:
    """The top of the tree where an organization sits, and its community there."""
    link: Any = Affiliation
    sits = Community.select().join(link).where(link.organization == unit, policy.current(link))
    seat = sits.order_by(link.primary.desc(), link.id).first()
    tops = Community.select().where(Community.parent.is_null(), Community.valid_to.is_null())
    above = Community.path == seat.path[:SEGMENT] if seat else True
    top: Community = tops.where(above).order_by(Community.code).get()
    return top, seat or top
