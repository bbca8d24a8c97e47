"""What time brings: years that begin, quarters that end, deadlines that come near.

All of it follows from what is kept, and is done where it is missing: told late, twice or only after
the plugin was off for a month, it ends in the same. A telling does so much at most; the next hour
goes on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

import peewee as pw

import lifang as lf
from lifang_dual_reporting import settings
from lifang_dual_reporting.events.counting import begin_review, begin_unit_review, send_sheet
from lifang_dual_reporting.models import (
    AnnualReview,
    Feedback,
    Reminder,
    Report,
    UnitReport,
    UnitReview,
)
from lifang_dual_reporting.resources import annual_reviews, feedbacks, reminders, unit_reviews
from lifang_dual_reporting.services import feedback, reminder, review, unit_review
from lifang_dual_reporting.services.counting import (
    days_of,
    ended_before,
    standing_on,
    suspended_days,
    who_served,
    year_of,
)
from lifang_dual_reporting.services.reminder import deadline_after, stage
from lifang_dual_reporting.services.unit_activity import missing_visits

MOST, SHEETS = 200, 50
"""So much is done at one telling (a second's work), or nobody else could write meanwhile; the hours
of the busy days go on."""
TIMES = ("core.clock.day", "core.clock.hour")
Step = Callable[[], object]
UNRECEIPTED: dict[str, tuple[Any, Any, str]] = {
    "annual_review": (annual_reviews, review.lapse, "fed_back"),
    "unit_review": (unit_reviews, unit_review.lapse, "fed_back"),
    "feedback": (feedbacks, feedback.lapse, "sent"),
}
"""What waits for a receipt: the noun, what becomes of it, and from which state."""


@lf.on(*TIMES)
def pass_year(event: lf.Event, caller: lf.Caller) -> None:
    """A new year of those who serve begins, and what a running one asks is what holds now."""
    day = _day_of(event)
    if _goes_on(event, day):
        _do(begin_years(day, caller), follow_settings(day, caller))


@lf.on(*TIMES)
def pass_quarter(event: lf.Event, caller: lf.Caller) -> None:
    """Employers are told of the quarter that is over."""
    day = _day_of(event)
    if _goes_on(event, day):
        _do(end_quarter(day, caller), most=SHEETS)


@lf.on(*TIMES)
def remind(event: lf.Event, caller: lf.Caller) -> None:
    """Who has not reported, served or come is told so."""
    day = _day_of(event)
    some = Reminder.select().where(Reminder.told_on == lf.today())
    if "date" in event.data or some.exists():
        steps = near_deadline(lf.today(), caller), end_half_year(day, caller)
        _do(*steps, count_visits(day, caller))


def _day_of(event: lf.Event) -> dt.date:
    return dt.date.fromisoformat((event.data.get("date") or event.data["at"])[:10])


def _goes_on(event: lf.Event, day: dt.date) -> bool:
    """Whether it is to be looked: each day, and each hour of a quarter's first week."""
    return "date" in event.data or (day.month % 3 == 1 and day.day <= 7)


def _do(*steps: Iterable[Step], most: int | None = None) -> None:
    for step in islice(chain(*steps), most or MOST):
        step()


def _places(rows: Iterable[tuple[int, ...]], caller: lf.Caller) -> list[int]:
    """Those of the communities that rows end with at which the plugin is on; none asks nothing."""
    found: list[int] = []
    for some in pw.chunked(sorted({row[-1] for row in rows}), 1000):
        here: Any = lf.Community.select().where(lf.Community.id.in_(some)).order_by(lf.Community.id)
        found += [int(one.id) for one in here if caller.finds("dual_reporting", one)]
    return found


def _communities(model: Any, which: Any) -> Any:
    return model.select(model.community).where(which).distinct().tuples()


def begin_years(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """A year of everybody who serves, of every unit, and of who never came where that counts."""
    begun: Any = AnnualReview.select(AnnualReview.report).where(AnnualReview.year == day.year)
    never = Report.state.in_(("pending", "submitted")) & Report.removed_at.is_null()
    waiting = _communities(Report, never)
    asked = [one for one in _places(waiting, caller) if settings.report_to_pass(one, day)]
    whose = standing_on(day) | (never & Report.community.in_(asked))
    found: Any = Report.select(Report.id, Report.community).where(whose, Report.id.not_in(begun))
    missing = list(found.order_by(Report.id).tuples())
    there = _places(missing, caller)
    for report, place in missing:
        if place in there:
            yield partial(begin_review, report, day.year, caller)
    units: Any = UnitReport.select(UnitReport.organization, UnitReport.community).where(
        UnitReport.state == "accepted", UnitReport.removed_at.is_null()
    )
    known: Any = UnitReview.select(UnitReview.organization, UnitReview.community).where(
        UnitReview.year == day.year
    )
    fresh = sorted({*units.tuples()} - {*known.tuples()})
    there = _places(fresh, caller)
    for unit, place in fresh:
        if place in there:
            yield partial(begin_unit_review, unit, place, day.year, caller)


def follow_settings(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """Where the hours that a year asks for are others now, what somebody has to serve is too."""
    running = AnnualReview.state.in_(review.RUNNING) & AnnualReview.removed_at.is_null()
    asked: Any = AnnualReview.select(
        AnnualReview.community, AnnualReview.year, AnnualReview.asked_hours
    ).where(running)
    for place, year, hours in list(asked.distinct().order_by(AnnualReview.community).tuples()):
        if settings.annual_hours(place, min(year_of(year)[1], lf.today())) == hours:
            continue
        where = {"community": place, "year": year, "asked_hours": hours}
        for one in lf.each(annual_reviews, caller, state=list(review.RUNNING), **where):
            yield partial(review.count_anew, one, caller)


def end_quarter(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """A sheet to each employer of those who reported somewhere when the last quarter ended."""
    period = ended_before(day)
    last = days_of(period)[1]
    there: Any = Report.select(Report.organization, Report.community).where(
        standing_on(last), Report.organization.is_null(is_null=False)
    )
    sent: Any = Feedback.select(Feedback.organization, Feedback.community).where(
        Feedback.period == period, Feedback.removed_at.is_null()
    )
    due = sorted({*there.distinct().tuples()} - {*sent.tuples()})
    places = _places(due, caller)
    for unit, place in due:
        if place in places and settings.quarter_feedback(place, last):
            yield partial(send_sheet, unit, place, period, caller)


def near_deadline(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """Who is on the list and has not reported, and their unit once for all of them.

    What is told late says how many days are left today.
    """
    pending = (Report.state == "pending") & Report.removed_at.is_null()
    for place in _places(_communities(Report, pending), caller):
        due = deadline_after(place, day)
        left = (due - day).days if due is not None else 0
        reached = stage(place, day, left) if due is not None else None
        if due is None or reached is None:
            continue
        rows: Any = Report.select(Report.id, Report.organization).where(
            pending, Report.community == place
        )
        listed = list(rows.order_by(Report.id).tuples())
        told = {"kind": "deadline", "community": place, "period": str(due)}
        told |= {"days_before": reached, "days_left": left}
        units = Counter(unit for _report, unit in listed if unit)
        every = [told | {"report": report} for report, _unit in listed]
        every += [told | {"organization": u, "people": n} for u, n in sorted(units.items())]
        yield from _remind(caller, every)


def end_half_year(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """Who has neither reported nor served in the last half-year, where each half-year asks it."""
    period = ended_before(day, half=True)
    first, last = days_of(period)
    listed = (Report.state == "pending") & Report.removed_at.is_null()
    told = {"kind": "half_year", "period": period}
    whose = (
        (standing_on(last) | listed)
        & Report.person.not_in(who_served((first, last), caller))
        & Report.id.not_in(reminder.reminded(**told))
    )
    for place in _places(_communities(Report, whose), caller):
        if settings.cycle(place, last) != "half_year":
            continue
        there = Report.select().where(whose, Report.community == place).order_by(Report.id)
        missed = [
            o for o in there if not _listed_later(o, last) and not _was_away(o, (first, last))
        ]
        yield from _remind(caller, [told | {"community": place, "report": o.id} for o in missed])


def _listed_later(report: Report, last: dt.date) -> bool:
    return report.accepted_on is None and report.created_at.date() > last


def _was_away(report: Report, days: tuple[dt.date, dt.date]) -> bool:
    """Whether nothing was asked of somebody on any day on which they could have served."""
    first = max(days[0], report.accepted_on or days[0])
    return suspended_days(report.person_id, (first, days[1])) > (days[1] - first).days


def count_visits(day: dt.date, caller: lf.Caller) -> Iterator[Step]:
    """Which units came less often in the last quarter than the community asks."""
    period = ended_before(day)
    for place in _places(_communities(UnitReport, UnitReport.removed_at.is_null()), caller):
        told = {"kind": "visits", "community": place, "period": period}
        missed = missing_visits(place, period)
        every = [told | {"organization": o.organization_id, "people": n} for o, n in missed]
        yield from _remind(caller, every)


def _remind(caller: lf.Caller, every: list[dict[str, Any]]) -> Iterator[Step]:
    """Say once what is of one kind and one period."""
    said = reminder.said(every)
    for told in every:
        if reminder.key_of(told) not in said:
            yield partial(lf.write, reminders, "create", caller, told)


@lf.on(*(f"dual_reporting.{noun}.receipt_due" for noun in UNRECEIPTED))
def list_unreceipted(event: lf.Event, caller: lf.Caller) -> None:
    """What no employer has said to have come in time is listed to the subdistrict."""
    resource, action, state = UNRECEIPTED[event.type.split(".")[1]]
    one = lf.find(resource, caller, id=event.subject, state=state)
    if one is not None:
        lf.act(action, one, caller)


handlers = [pass_year, pass_quarter, remind, list_unreceipted]
