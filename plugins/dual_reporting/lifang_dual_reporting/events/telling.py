"""Who is told of what happens, each once: an event that is told again says nothing anew.

What concerns many of a unit's people on one day is told to its liaison once, about the first of
them: a liaison of sixty has one paper to read, not sixty.
"""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting import notices
from lifang_dual_reporting.models import AnnualReview, UnitTask
from lifang_dual_reporting.resources import (
    annual_reviews,
    feedbacks,
    post_claims,
    reminders,
    reports,
    unit_reports,
    unit_reviews,
    unit_tasks,
)
from lifang_dual_reporting.services import counting, employer

OWN = "dual_reporting"
REPORT = f"{OWN}.report"
YEARS: dict[str, lf.Resource[Any]] = {"annual_review": annual_reviews, "unit_review": unit_reviews}
UNKNOWN = "—"


@lf.on(f"{REPORT}.accepted", f"{OWN}.unit_report.accepted")
def tell_receipt(event: lf.Event, caller: lf.Caller) -> None:
    """Who reported, and the employer, know the number of the receipt."""
    for report in _report_of(event, caller):
        told = {"place": report.community.name, "number": event.data["receipt_no"]}
        told |= {"who": _who(report)}
        notices.receipt.send(report, caller, **_once(event), to=_all(report), **told)


@lf.on(f"{REPORT}.rejected", f"{OWN}.unit_report.rejected")
def tell_rejection(event: lf.Event, caller: lf.Caller) -> None:
    """Who is sent back learns where they belong, as far as that is known."""
    for report in _report_of(event, caller):
        to = _all(report) if _noun(event) == "unit_report" else report.person
        right = getattr(report, "suggested", None)
        told = {"place": report.community.name, "right": right.name if right else UNKNOWN}
        notices.rejected.send(report, caller, **_once(event), to=to, who=_who(report), **told)


@lf.on(f"{REPORT}.transfer_proposed")
def tell_proposal(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever moved house is asked whether the report moves along."""
    for report in _report_of(event, caller):
        if report.transfer_to is not None:
            told = {"place": report.transfer_to.name}
            notices.proposed.send(report, caller, **_once(event), to=report.person, **told)


@lf.on(f"{REPORT}.transfer_asked")
def tell_request(event: lf.Event, caller: lf.Caller) -> None:
    """The old community knows until when it can release somebody."""
    for report in _report_of(event, caller):
        if report.transfer_due is not None:
            told = {**_way(event), "until": report.transfer_due}
            notices.asked.send(report, caller, **_once(event), to="community_worker", **told)


@lf.on(f"{REPORT}.transferred", at="old")
def tell_release(event: lf.Event, caller: lf.Caller) -> None:
    """Who was released knows, and so does the employer."""
    for report in _report_of(event, caller):
        told = {**_way(event), "who": report.person}
        notices.transferred.send(report, caller, **_once(event), to=_all(report), **told)


@lf.on(f"{REPORT}.suspended")
def tell_suspension(event: lf.Event, caller: lf.Caller) -> None:
    """The employer learns for which days nothing is asked, never why."""
    for report in _report_of(event, caller):
        days = {"since": event.data["since"], "until": event.data.get("until") or UNKNOWN}
        to = [*_unit(report), report.person]
        notices.suspended.send(report, caller, **_once(event), to=to, who=report.person, **days)


@lf.on(f"{REPORT}.resumed")
def tell_return(event: lf.Event, caller: lf.Caller) -> None:
    """The employer knows from when on somebody serves again."""
    for report in _report_of(event, caller):
        told = {"who": report.person, "since": event.data["date"]}
        notices.resumed.send(report, caller, **_once(event), to=_all(report), **told)


@lf.on(f"{REPORT}.ended")
def tell_end(event: lf.Event, caller: lf.Caller) -> None:
    """Whose report ended knows, whoever ended it, and the employer does."""
    for report in _report_of(event, caller):
        told = {"who": report.person, "place": report.community.name}
        notices.ended.send(report, caller, **_once(event), to=_all(report), **told)


@lf.on(f"{OWN}.reminder.deadline_near")
def tell_deadline(event: lf.Event, caller: lf.Caller) -> None:
    """Who has not reported is reminded, and their unit once for all of them."""
    for one in lf.each(reminders, caller, id=event.subject):
        told = {"until": one.period, "days": one.days_left or 0}
        if one.person is not None:
            notices.deadline.send(one, caller, to=one.person, key=one.key, **told)
        else:
            told |= {"people": one.people, "place": one.community.name}
            notices.unit_deadline.send(one, caller, to=_unit(one), key=one.key, **told)


@lf.on(f"{OWN}.reminder.half_year_missed", f"{OWN}.reminder.visits_missed")
def tell_missed(event: lf.Event, caller: lf.Caller) -> None:
    """Who did not serve in a half-year, or which unit came too seldom in a quarter."""
    for one in lf.each(reminders, caller, id=event.subject):
        since, until = counting.days_of(one.period)
        if one.person is not None:
            told: dict[str, Any] = {"since": since, "until": until}
            notices.half_year.send(one, caller, to=one.person, key=one.key, **told)
        else:
            told = {"since": since, "until": until, "place": one.community.name}
            notices.visits.send(one, caller, to=_unit(one), key=one.key, times=one.people, **told)


@lf.on(f"{OWN}.feedback.sent")
def tell_feedback(event: lf.Event, caller: lf.Caller) -> None:
    """The employer is asked to say that a sheet has come."""
    for one in lf.each(feedbacks, caller, id=event.subject):
        since, until = employer.days_of(one)
        told: dict[str, Any] = {"place": one.community.name, "since": since, "until": until}
        due = event.data["receipt_due"]
        notices.feedback.send(one, caller, **_once(event), to=_unit(one), due=due, **told)


@lf.on(*(f"{OWN}.{noun}.fed_back" for noun in YEARS))
def tell_year(event: lf.Event, caller: lf.Caller) -> None:
    """Somebody's year has been graded: they know, and the employer is asked for a receipt."""
    for one in lf.each(YEARS[_noun(event)], caller, id=event.subject):
        if isinstance(one, AnnualReview):
            notices.reviewed.send(one, caller, **_once(event), to=one.person, year=one.year)
        due = event.data.get("receipt_due")
        if due is not None:
            told = {"place": one.community.name, "year": one.year, "due": due}
            notices.review_sheet.send(first_of(one), caller, to=_unit(one), key=due, **told)


@lf.on(*(f"{OWN}.{noun}.opened" for noun in YEARS))
def tell_opening(event: lf.Event, caller: lf.Caller) -> None:
    """Who is reviewed writes their own part, the employer that of those who lead."""
    for one in lf.each(YEARS[_noun(event)], caller, id=event.subject):
        told = {"place": one.community.name, "year": one.year}
        if not isinstance(one, AnnualReview):
            notices.opened.send(one, caller, **_once(event), to=_unit(one), **told)
            continue
        notices.opened.send(one, caller, **_once(event), to=one.person, **told)
        notices.leader.send(first_of(one), caller, to=_unit(one), key="opened", **told)


@lf.on(*(f"{OWN}.{noun}.overdue" for noun in (*YEARS, "feedback")))
def tell_overdue(event: lf.Event, caller: lf.Caller) -> None:
    """The subdistrict learns which employer has not said in time that something has come."""
    nouns: dict[str, lf.Resource[Any]] = {**YEARS, "feedback": feedbacks}
    for one in lf.each(nouns[_noun(event)], caller, id=event.subject):
        about = first_of(one)
        told = {"unit": one.organization.name, "place": one.community.name, "due": one.receipt_due}
        key = f"overdue/{one.receipt_due}"
        notices.overdue.send(about, caller, to="subdistrict_admin", key=key, **told)


@lf.on(f"{OWN}.unit_task.issued")
def tell_tasks(event: lf.Event, caller: lf.Caller) -> None:
    """A unit has its list of the month: told once for all that stands on it."""
    for one in lf.each(unit_tasks, caller, id=event.subject):
        told = {"place": one.community.name, "month": one.month}
        notices.tasks.send(first_of(one), caller, to=_unit(one), key=one.month, **told)


@lf.on(f"{OWN}.post_claim.promoted")
def tell_promotion(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever waited for a post has it."""
    for one in lf.each(post_claims, caller, id=event.subject):
        notices.promoted.send(one, caller, **_once(event), to=one.person, post=one.post.name)


def first_of(one: Any) -> Any:
    """Of a unit's records of one community and year, or month, the first: it stands for all."""
    model: Any = type(one)
    by = {AnnualReview: "year", UnitTask: "month"}.get(model)
    if by is None:
        return one
    same = [
        getattr(model, name) == one.__data__[name] for name in ("organization", "community", by)
    ]
    rows = model.select().where(model.removed_at.is_null(), *same)
    return rows.order_by(model.id).first() or one


def _noun(event: lf.Event) -> str:
    return event.type.split(".")[1]


def _report_of(event: lf.Event, caller: lf.Caller) -> Any:
    of: lf.Resource[Any] = unit_reports if _noun(event) == "unit_report" else reports
    return lf.each(of, caller, id=event.subject)


def _unit(one: Any) -> list[lf.Organization]:
    return [one.organization] if one.organization_id is not None else []


def _who(report: Any) -> Any:
    return report.person if hasattr(report, "person_id") else report.organization


def _all(report: Any) -> list[Any]:
    """The employer, and the person, where it is a person's."""
    return [*_unit(report), *([report.person] if hasattr(report, "person_id") else [])]


def _way(event: lf.Event) -> dict[str, str]:
    old, new = (lf.Community.get_by_id(event.data[name]) for name in ("old", "new"))
    return {"old": old.name, "new": new.name}


def _once(event: lf.Event) -> dict[str, str]:
    """Once for each event, however often it is told."""
    return {"key": str(event.position)}


handlers = [
    tell_receipt, tell_rejection, tell_proposal, tell_request, tell_release, tell_suspension,
    tell_return, tell_end, tell_deadline, tell_missed, tell_feedback, tell_year, tell_opening,
    tell_overdue, tell_tasks, tell_promotion,
]  # fmt: skip
