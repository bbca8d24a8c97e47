"""What units do at their community, and who has not come in a quarter."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import UnitActivity, UnitReport
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.settings import unit_visits


def demand_past(activity: UnitActivity, caller: lf.Caller) -> None:
    """What is entered has happened."""
    if activity.day > lf.today():
        refuse("day", "future", _("活动还没有举行，不能登记"))
    if activity.people < 0:
        refuse("people", "negative", _("参加人数不能小于 0"))


@lf.action("确认", moves={"submitted": "confirmed"})
def confirm(activity: UnitActivity, caller: lf.Caller) -> lf.Data:
    """Confirm on behalf of the community that a unit did this."""
    return told(activity)


@lf.action("作废", moves={lf.ANY: "voided"}, waits=False)
def void(activity: UnitActivity, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Let an activity count no more; it stays on record, with the reason."""
    return told(activity)


@lf.action("计入", moves={"submitted": "confirmed"}, waits=False)
def count_in(
    activity: UnitActivity, caller: lf.Caller, *, source: Annotated[str, "来源"]
) -> lf.Data:
    """Count what was done elsewhere; the plugin does so, once for each source."""
    activity.source = source
    return told(activity)


def told(activity: UnitActivity) -> lf.Data:
    """What an activity's events say of it; see `schemas.Visited`."""
    return {
        "organization": activity.organization_id,
        "community": activity.community_id,
        "day": activity.day.isoformat(),
        "kind": activity.kind,
    }


def missing_visits(community: int, quarter: str) -> list[tuple[UnitReport, int]]:
    """The units of a community that came less often in a quarter (`2026-Q3`) than it asks.

    Each with how often it came. Only units whose report stood all quarter are asked; the rule is
    that of the quarter's last day. None is missing where nothing is asked.
    """
    first, last = days_of(quarter)
    asked = unit_visits(community, last)
    if not asked:
        return []
    stood = (UnitReport.state == "accepted") | (UnitReport.ended_on > last)
    units = UnitReport.select().where(
        UnitReport.community == community,
        UnitReport.removed_at.is_null(),
        UnitReport.accepted_on.is_null() | (UnitReport.accepted_on <= first),
        stood,
    )
    came = [(one, visits(one.organization_id, community, first, last)) for one in units]
    return [(one, number) for one, number in came if number < asked]


def visits(organization: int, community: int, first: dt.date, last: dt.date) -> int:
    """How many confirmed activities of a unit at a community there were, both days included."""
    rows = UnitActivity.select().where(
        UnitActivity.organization == organization,
        UnitActivity.community == community,
        UnitActivity.state == "confirmed",
        UnitActivity.removed_at.is_null(),
        UnitActivity.day.between(first, last),
    )
    return int(rows.count())


def days_of(quarter: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of a quarter: `2026-Q3` → 1 July, 30 September."""
    year, number = int(quarter[:4]), int(quarter[-1])
    after = dt.date(year + number // 4, number % 4 * 3 + 1, 1)
    return dt.date(year, number * 3 - 2, 1), after - dt.timedelta(days=1)
