"""What is counted anew when somebody serves, is suspended, moves or leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import lifang as lf
from lifang_dual_reporting.models import Report, Suspension
from lifang_dual_reporting.resources import annual_reviews, feedbacks, reports, unit_reviews
from lifang_dual_reporting.services import feedback, review, unit_review
from lifang_dual_reporting.services.entry import local_day

OWN = "dual_reporting"


@lf.on(f"{OWN}.report.accepted")
def begin_year(event: lf.Event, caller: lf.Caller) -> None:
    """Somebody whom a community has accepted has a year to be counted, once."""
    report = lf.find(reports, caller, id=event.subject)
    if report is None or report.accepted_on is None:
        return
    begin_review(report.id, report.accepted_on.year, caller)
    _recount(report.person_id, [report.accepted_on.year], caller)


def begin_review(report: int, year: int, caller: lf.Caller) -> None:
    """Begin a year of a report unless it has begun."""
    if lf.find(annual_reviews, caller, report=report, year=year) is None:
        lf.write(annual_reviews, "create", caller, {"report": report, "year": year})


@lf.on(f"{OWN}.unit_report.accepted")
def begin_unit_year(event: lf.Event, caller: lf.Caller) -> None:
    """A unit that a community has accepted has a year to be reviewed, once."""
    begin_unit_review(event.data["organization"], event.communities[0], event.at.year, caller)


def begin_unit_review(unit: int, place: int, year: int, caller: lf.Caller) -> None:
    """Begin a year of a unit unless it has begun."""
    told = {"organization": unit, "community": place, "year": year}
    if lf.find(unit_reviews, caller, **told) is None:
        lf.write(unit_reviews, "create", caller, told)


@lf.on(f"{OWN}.service_entry.confirmed", f"{OWN}.service_entry.voided")
def count_service(event: lf.Event, caller: lf.Caller) -> None:
    """What somebody served follows from the entries that stand."""
    start = dt.datetime.fromisoformat(event.data["start"])
    _recount(event.data["person"], [local_day(start, caller).year], caller)


@lf.on(*(f"{OWN}.suspension.{what}" for what in ("created", "updated", "removed")))
def count_suspension(event: lf.Event, caller: lf.Caller) -> None:
    """What somebody is asked follows from the days on which nothing is."""
    one = Suspension.get_or_none(Suspension.id == event.subject)
    if one is not None and one.person_id is not None:
        _recount(one.person_id, None, caller)


@lf.on(f"{OWN}.report.updated")
def follow_employer(event: lf.Event, caller: lf.Caller) -> None:
    """Whose employer was corrected is counted with the right one."""
    report = lf.find(reports, caller, id=event.subject)
    if report is not None and "organization" in event.data["fields"]:
        _recount(report.person_id, None, caller)


@lf.on("core.person.merged")
def count_together(event: lf.Event, caller: lf.Caller) -> None:
    """Two records of one person are one: what both served is theirs."""
    _recount(event.data["into"], None, caller)


def _recount(person: int, years: Collection[int] | None, caller: lf.Caller) -> None:
    where: dict[str, Any] = {} if years is None else {"year": list(years)}
    for one in lf.each(annual_reviews, caller, person=person, state=list(review.RUNNING), **where):
        review.count_anew(one, caller)


@lf.on(*(f"{OWN}.report.{what}" for what in ("ended", "transferred", "rejected")))
def close_year(event: lf.Event, caller: lf.Caller) -> None:
    """Whose report is over has a year that stays as it stands, and a last sheet to the employer."""
    report = lf.find(reports, caller, id=event.subject)
    if report is None or report.ended_on is None:
        return
    for one in lf.each(annual_reviews, caller, report=report.id, year__gte=report.ended_on.year):
        if one.state == "serving":
            lf.act(review.close, one, caller)
        elif one.until != review.over_on(one):
            lf.act(review.cut_off, one, caller)
    if report.accepted_on is not None and report.organization_id is not None:
        send_sheet(report.organization_id, report.community_id, last_of(report), caller)


def last_of(report: Report) -> str:
    """What the last sheet about a report is called: `last-7`."""
    return f"{feedback.LAST}{report.id}"


def send_sheet(unit: int, place: int, period: str, caller: lf.Caller) -> None:
    """Send a sheet to an employer, unless it was sent."""
    told = {"organization": unit, "community": place, "period": period}
    if lf.find(feedbacks, caller, **told) is None:
        lf.write(feedbacks, "create", caller, told)


@lf.on(f"{OWN}.annual_review.reviewed")
def feed_back(event: lf.Event, caller: lf.Caller) -> None:
    """What was signed goes to the employer."""
    one = lf.find(annual_reviews, caller, id=event.subject, state="reviewed")
    if one is not None:
        lf.act(review.feed_back, one, caller)


@lf.on(f"{OWN}.unit_review.reviewed")
def feed_back_to_unit(event: lf.Event, caller: lf.Caller) -> None:
    """What was signed goes to the unit."""
    one = lf.find(unit_reviews, caller, id=event.subject, state="reviewed")
    if one is not None:
        lf.act(unit_review.feed_back, one, caller)


handlers = [
    begin_year, begin_unit_year, count_service, count_suspension, follow_employer, count_together,
    close_year, feed_back, feed_back_to_unit,
]  # fmt: skip
