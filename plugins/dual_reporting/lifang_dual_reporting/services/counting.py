"""What somebody served and was asked, counted anew from what is kept: never added up."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import peewee as pw

import lifang as lf
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import (
    AnnualReview,
    Report,
    ServiceEntry,
    ServiceRating,
    Suspension,
    UnitActivity,
    UnitReport,
)
from lifang_dual_reporting.policies import midnight
from lifang_dual_reporting.services.entry import local_day
from lifang_dual_reporting.services.rates import Figures
from lifang_dual_reporting.services.unit_activity import days_of as quarter

ONE_DAY = dt.timedelta(days=1)
PERIOD = re.compile(r"20\d\d-(Q[1-4]|H[12])")


@dataclass
class Service:
    """What somebody did: minutes on the whole and of their own will, and residents' stars."""

    minutes: int = 0
    voluntary: int = 0
    stars: float | None = None


def standing_on(day: dt.date) -> Any:
    """The condition of reports that a community had accepted and that had not ended on a day."""
    left = Report.ended_on.is_null() | (Report.ended_on > day)
    return Report.removed_at.is_null() & (Report.accepted_on <= day) & left


def year_of(year: int) -> tuple[dt.date, dt.date]:
    """The first and the last day of a year."""
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of `2026-Q3` or `2026-H2`; ValueError for anything else."""
    if not PERIOD.fullmatch(period):
        raise ValueError(period)
    year, number = period[:4], int(period[-1])
    if "Q" in period:
        return quarter(period)
    return quarter(f"{year}-Q{number * 2 - 1}")[0], quarter(f"{year}-Q{number * 2}")[1]


def ended_before(day: dt.date, *, half: bool = False) -> str:
    """The last quarter, or half-year, that was over when a day began: `2026-Q3` on 1 October."""
    if half:
        return f"{day.year - 1}-H2" if day.month <= 6 else f"{day.year}-H1"
    before = (day.month - 1) // 3
    return f"{day.year}-Q{before}" if before else f"{day.year - 1}-Q4"


def confirmed(
    people: Collection[int], days: tuple[dt.date, dt.date], caller: lf.Caller
) -> list[Any]:
    """The conditions of people's confirmed service that began on those days."""
    return [ServiceEntry.person.in_(list(people)), *between(*days, caller)]


def between(first: dt.date, last: dt.date, caller: lf.Caller) -> list[Any]:
    """The conditions of anybody's confirmed service that began on those days."""
    return [
        ServiceEntry.state == "confirmed",
        ServiceEntry.removed_at.is_null(),
        ServiceEntry.start >= midnight(first, caller),
        ServiceEntry.start < midnight(last + ONE_DAY, caller),
    ]


def served(
    people: Collection[int],
    days: tuple[dt.date, dt.date],
    caller: lf.Caller,
    community: int | None = None,
) -> dict[int, Service]:
    """What people did in confirmed service that began on those days, perhaps for one community."""
    found: dict[int, Service] = defaultdict(Service)
    where = confirmed(people, days, caller)
    if community is not None:
        where.append(ServiceEntry.community == community)
    rows: Any = ServiceEntry.select(ServiceEntry.person, ServiceEntry.nature, ServiceEntry.minutes)
    for person, nature, minutes in rows.where(*where).tuples():
        found[person].minutes += minutes
        found[person].voluntary += minutes if nature == "voluntary" else 0
    said: dict[int, list[int]] = defaultdict(list)
    rated: Any = ServiceRating.select(ServiceEntry.person, ServiceRating.stars).join(ServiceEntry)
    for person, stars in rated.where(*where, ServiceRating.removed_at.is_null()).tuples():
        said[person].append(stars)
    for person, told in said.items():
        found[person].stars = round(sum(told) / len(told), 1)
    return found


def who_served(days: tuple[dt.date, dt.date], caller: lf.Caller) -> Any:
    """The people who have confirmed service that began on those days."""
    return ServiceEntry.select(ServiceEntry.person).where(
        ServiceEntry.state == "confirmed",
        ServiceEntry.removed_at.is_null(),
        ServiceEntry.start >= midnight(days[0], caller),
        ServiceEntry.start < midnight(days[1] + ONE_DAY, caller),
        ServiceEntry.minutes > 0,
    )


def reached_on(
    person: int, minutes: int, days: tuple[dt.date, dt.date], caller: lf.Caller
) -> dt.date | None:
    """On which of those days somebody's confirmed service came to so many minutes, if it did."""
    rows: Any = ServiceEntry.select(ServiceEntry.start, ServiceEntry.minutes)
    rows = rows.where(*confirmed([person], days, caller)).order_by(ServiceEntry.start)
    for start, one in rows.tuples():
        minutes -= one
        if minutes <= 0:
            return local_day(start, caller)
    return None


def suspended_days(person: int, days: tuple[dt.date, dt.date]) -> int:
    """On how many days of a period nothing was asked of somebody, whichever report says so."""
    rows = Suspension.select().where(
        Suspension.person == person, Suspension.removed_at.is_null(), Suspension.since <= days[1]
    )
    found: set[int] = set()
    for one in rows:
        since, until = max(one.since, days[0]), min(one.until or days[1], days[1])
        found.update(range(since.toordinal(), until.toordinal() + 1))
    return len(found)


def target(hours: int, year: int, suspended: int) -> int:
    """Minutes asked in a year: the hours, in proportion to the days that were not suspended.

    The exact figure is rounded up to a minute: whole minutes reach the one when they reach the
    other.
    """
    days = 366 if calendar.isleap(year) else 365
    exact = Fraction(hours * 60 * (days - suspended), days)
    return -(-exact.numerator // exact.denominator)


def unit_figures(organization: int, community: int, year: int) -> Figures:
    """How a unit's people report and serve, wherever that is: as of today, or the year's end.

    How many should report is what the unit's own report to this community says, and whether hours
    are asked what this community's rule is.
    """
    first, last = year_of(year)
    day = min(last, lf.today())
    unit: Any = UnitReport.select(UnitReport.members_total).where(
        UnitReport.organization == organization,
        UnitReport.community == community,
        UnitReport.accepted_on <= day,
        UnitReport.ended_on.is_null() | (UnitReport.ended_on > first),
        UnitReport.removed_at.is_null(),
    )
    total = unit.order_by(UnitReport.id.desc()).limit(1).scalar()
    asked = bool(settings.annual_hours(community, day))
    return figures_of({organization: int(total or 0)}, day, asked=asked)[organization]


def figures_of(units: Mapping[int, int], day: dt.date, *, asked: bool) -> dict[int, Figures]:
    """How the people of units reported on a day and had served in its year, wherever that is.

    `units` says how many of each should report, `asked` whether hours are asked of people at all.
    """
    theirs = standing_on(day) & Report.organization.in_(list(units))
    each: Any = Report.select(Report.organization, pw.fn.COUNT(Report.id)).where(theirs)
    accepted = dict(each.group_by(Report.organization).tuples())
    done: Any = AnnualReview.select(Report.organization, pw.fn.COUNT(AnnualReview.id)).join(Report)
    done = done.where(
        theirs,
        AnnualReview.year == day.year,
        AnnualReview.reached_on <= day,
        AnnualReview.removed_at.is_null(),
    )
    reached = dict(done.group_by(Report.organization).tuples())
    return {
        unit: Figures(total, accepted.get(unit, 0), reached.get(unit, 0) if asked else None)
        for unit, total in units.items()
    }


def unit_activities(organization: int, community: int, year: int) -> int:
    """How often a unit did something at its community in a year, confirmed."""
    rows = UnitActivity.select().where(
        UnitActivity.organization == organization,
        UnitActivity.community == community,
        UnitActivity.state == "confirmed",
        UnitActivity.removed_at.is_null(),
        UnitActivity.day.between(*year_of(year)),
    )
    return int(rows.count())
