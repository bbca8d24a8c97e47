"""单位双报到情况统计表: what units come to, by the rates that their reviews have too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import peewee as pw

import lifang as lf
from lifang import _
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import ServiceEntry, UnitReport
from lifang_dual_reporting.resources import unit_reports
from lifang_dual_reporting.services import counting, rates

T = TypeVar("T")


def day_of(asked: lf.Sheet.Asked) -> dt.date:
    """The last day that a sheet tells of: its period's, or today while it runs."""
    last = asked.period.last if asked.period is not None else lf.today()
    return min(last, lf.today())


def units_of(asked: lf.Sheet.Asked) -> list[UnitReport]:
    """The units that report there on the sheet's day, the first accepted first."""
    day, row = day_of(asked), UnitReport
    stands = (row.accepted_on <= day) & (row.ended_on.is_null() | (row.ended_on > day))
    query = row.select(row, lf.Organization).join(lf.Organization)
    found = query.where(*asked.only(unit_reports, ever=True), stands)
    return list(found.order_by(row.accepted_on, row.id))


def rule_of(asked: lf.Sheet.Asked, setting: lf.Setting[T]) -> T:
    """What the place of a sheet has set, or the one to which its unit reports."""
    place: Any = asked.community
    if place is None and (units := units_of(asked)):
        place = units[-1].community
    return setting(place, day_of(asked))


def headings(asked: lf.Sheet.Asked) -> list[str]:
    """Where only party members should report, that many are what is divided by."""
    party = rule_of(asked, settings.scope) == "party_members"
    return [
        _("单位"), _("党员数") if party else _("应报到人数"), _("已报到"), _("报到率（%）"),
        _("人均时长（小时）"), _("达标人数"), _("完成率（%）"),
    ]  # fmt: skip


def rows(asked: lf.Sheet.Asked) -> Iterator[tuple[Any, ...]]:
    """Each unit's rates as its review has them, and all of them together."""
    units, denominator = units_of(asked), rule_of(asked, settings.denominator)
    hours = bool(rule_of(asked, settings.annual_hours))
    listed = {one.organization_id: one.members_total for one in units}
    found = counting.figures_of(listed, day_of(asked), asked=hours)
    minutes = minutes_of(list(found), asked)
    for one in units:
        unit = one.organization_id
        name = str(one.organization.name)
        yield _row(name, found[unit], minutes.get(unit, 0), denominator)
    if len(units) > 1:
        whole = rates.Figures(
            sum(one.members_total for one in found.values()),
            sum(one.accepted for one in found.values()),
            sum(one.reached or 0 for one in found.values()) if hours else None,
        )
        yield _row(_("合计"), whole, sum(minutes.values()), denominator)


def _row(name: str, figures: rates.Figures, minutes: int, by: str) -> tuple[Any, ...]:
    head = rates.per_head(minutes, figures.accepted)
    reporting, completion = rates.kept(figures.reporting()), rates.kept(figures.completion(by))
    told = (
        name, figures.members_total, figures.accepted, reporting, head, figures.reached, completion,
    )  # fmt: skip
    return tuple("—" if one is None else one for one in told)


def minutes_of(units: Sequence[int], asked: lf.Sheet.Asked) -> dict[int, int]:
    """The confirmed minutes of units' people in the period, wherever they served."""
    assert asked.period is not None  # noqa: S101 – the sheet is of one
    span = counting.between(asked.period.first, asked.period.last, asked.caller)
    query: Any = ServiceEntry.select(ServiceEntry.organization, pw.fn.SUM(ServiceEntry.minutes))
    query = query.where(*span, ServiceEntry.organization.in_(list(units)))
    found = query.group_by(ServiceEntry.organization).tuples()
    return {unit: int(minutes) for unit, minutes in found}


def note(asked: lf.Sheet.Asked) -> str:
    """By what the rates were divided, and why there is none."""
    by = rates.DENOMINATORS[rule_of(asked, settings.denominator)]
    hours = rule_of(asked, settings.annual_hours)
    none = "" if hours else _("本地没有规定年度服务时长，所以没有达标人数和完成率。")
    return none + _(
        "报到率＝已报到人数÷应报到人数；完成率＝到期末当年服务时长达标的人数÷{by}（按{day}的本地规定）；"
        "人均时长＝本期已确认的服务时长÷已报到人数。各单位的人住在哪里、在哪个社区服务都计。",
        by=_(by),
        day=day_of(asked),
    )
