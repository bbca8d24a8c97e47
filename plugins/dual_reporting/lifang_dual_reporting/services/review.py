"""The yearly review of people: counted while they serve, judged in five parts, fed back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents, settings
from lifang_dual_reporting.models import AnnualReview
from lifang_dual_reporting.models.report import STANDING
from lifang_dual_reporting.models.review import PASSED
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.services import counting, parts

COUNTED = (
    "organization", "since", "until", "minutes", "voluntary_minutes", "asked_hours",
    "target_minutes", "reached", "reached_on",
)  # fmt: skip
RUNNING = ("serving", "reviewing", "closed")
"""States in which figures are still counted anew; what was signed stays as it was signed."""
Points = Annotated[int | None, "积分", "本地按积分评定的请填写；不设上限"]


def begin(review: AnnualReview, caller: lf.Caller) -> None:
    """A rule: a new review is of a report and a year, and all else follows from them."""
    if review.since is not None:
        return
    report, today = review.report, lf.today()
    if not 2000 <= review.year <= today.year:
        refuse("year", "range", _("年度不能晚于今年"))
    if report.ended_on is not None and report.ended_on.year < review.year:
        refuse("report", "ended", _("这份报到在该年度之前已经结束"))
    if report.accepted_on is None and report.state not in STANDING:
        refuse("report", "rejected", _("这份报到已退回，不能评议"))
    if report.accepted_on is not None and report.accepted_on.year > review.year:
        refuse("year", "before", _("这份报到是在该年度之后接收的"))
    review.person, review.community = report.person, report.community
    if report.ended_on is not None and report.ended_on.year == review.year:
        review.state = "closed"  # told late: it has ended meanwhile
    _count(review, caller)


def figures(review: AnnualReview, caller: lf.Caller, *, closing: bool = False) -> dict[str, Any]:
    """The figures of a review as they follow from what is kept elsewhere today.

    Somebody's hours are theirs, for whichever community; a closed review counts those up to the
    day on which its report ended. Where no hours are asked, nobody has reached or missed them.
    """
    report, (first, last) = review.report, counting.year_of(review.year)
    began = report.previous.ended_on if report.previous_id else report.accepted_on
    ended = report.ended_on if closing or review.state == "closed" else None
    until = min(ended, last) if ended is not None else last
    whose = review.person_id
    done = counting.served([whose], (first, until), caller)[whose]
    hours = settings.annual_hours(review.community_id, min(last, lf.today()))
    suspended = counting.suspended_days(whose, (first, last))
    asked = counting.target(hours, review.year, suspended)
    since = max(began or first, first)
    reached = counting.reached_on(whose, asked, (first, until), caller) if asked else since
    reached = reached if hours else None
    return {
        "organization": report.organization_id,
        "since": since,
        "until": over_on(review),
        "minutes": done.minutes,
        "voluntary_minutes": done.voluntary,
        "asked_hours": hours,
        "target_minutes": asked,
        "reached": done.minutes >= asked if hours else None,
        "reached_on": max(reached, since) if reached else None,
    }


def over_on(review: AnnualReview) -> dt.date:
    """From which day on a review no longer stands: its year is over, or its report is.

    Of whom no community has accepted it never does.
    """
    first, after = (counting.year_of(review.year + more)[0] for more in (0, 1))
    if review.report.accepted_on is None:
        return first
    return min(review.report.ended_on or after, after)


def count_anew(review: AnnualReview, caller: lf.Caller) -> None:
    """Let a review say what follows from what is kept, if it does not already."""
    if review.state not in RUNNING:
        return
    fresh = figures(review, caller)
    if any(review.__data__[name] != fresh[name] for name in COUNTED):
        lf.act(recount, review, caller)


@lf.action("重新统计", event="recounted", when=lambda _view: False, waits=False)
def recount(review: AnnualReview, caller: lf.Caller) -> None:
    """What is counted follows from entries, suspensions, settings and the report."""
    _count(review, caller)


def _count(review: AnnualReview, caller: lf.Caller, *, closing: bool = False) -> None:
    for name, value in figures(review, caller, closing=closing).items():
        setattr(review, name, value)


@lf.action("终止", moves={"serving": "closed"}, when=lambda _view: False, waits=False)
def close(review: AnnualReview, caller: lf.Caller) -> lf.Data:
    """The report has ended, or moved on, within the year: this stays as it stands."""
    _count(review, caller, closing=True)
    return parts.whose(review)


@lf.action("截止", event="cut_off", when=lambda _view: False, waits=False)
def cut_off(review: AnnualReview, caller: lf.Caller) -> None:
    """The report has ended while the year was judged: it stands no longer, as it was counted."""
    review.until = over_on(review)


@lf.action("启动评议", moves={"serving": "reviewing"}, event="opened", waits=False)
def open(review: AnnualReview, caller: lf.Caller) -> lf.Data:
    """Begin somebody's yearly review: from now on its five parts are given."""
    _count(review, caller)
    return parts.whose(review)


masses = parts.part("masses", "What members and residents said in their meeting.", not_by="owner")
organization = parts.part(
    "organization", "How the party organization of the community judges the year.", not_by="owner"
)


@parts.declared("own")
def own(
    review: AnnualReview,
    caller: lf.Caller,
    *,
    grade: parts.Grade,
    text: parts.Said = "",
    paper: parts.Paper = "",
) -> lf.Data:
    """What somebody says of their own year; the community enters it from their paper."""
    parts.on_behalf(review, "own", paper, own=caller.person == review.person_id)
    return parts.given(review, "own", grade, text)


@parts.declared("leader", not_by="owner")
def leader(
    review: AnnualReview,
    caller: lf.Caller,
    *,
    grade: parts.Grade,
    text: parts.Said = "",
    paper: parts.Paper = "",
) -> lf.Data:
    """What the employer says, or the community enters from its paper; of whom no unit employs,
    what the community's secretary says."""
    units = [None, *(one.organization for one in caller.standings if one.organization)]
    parts.on_behalf(review, "leader", paper, own=review.organization_id in units)
    return parts.given(review, "leader", grade, text)


@parts.declared("community", not_by="owner")
def community(
    review: AnnualReview,
    caller: lf.Caller,
    *,
    grade: parts.Grade,
    text: parts.Said = "",
    points: Points = None,
) -> lf.Data:
    """How the community judges the year, in points where the district judges by points."""
    if points is not None and points < 0:
        refuse("points", "minimum", _("积分不能小于 0"))
    review.points = review.points if points is None else points
    return parts.given(review, "community", grade, text)


@lf.action("签署评定", moves={"reviewing": "reviewed"}, not_by="owner")
def sign(review: AnnualReview, caller: lf.Caller, *, grade: parts.Grade) -> lf.Data:
    """Settle a year's grade once all five parts are there; figures stay as they are now."""
    parts.demand_all_parts(review)
    _count(review, caller)
    if grade in PASSED:
        _demand_may_pass(review)
    review.grade, review.reviewed_on = grade, lf.today()
    return parts.whose(review) | {"minutes": review.minutes, "reached": review.reached}


def _demand_may_pass(review: AnnualReview) -> None:
    """优秀 and 合格 are for those who reported, with enough points, where the district says so."""
    _first, last = counting.year_of(review.year)
    never = review.report.accepted_on is None or review.report.accepted_on > last
    if never and settings.report_to_pass(review.community_id, last):
        refuse("grade", "not_reported", _("没有报到的人不能评为优秀或合格"))
    least = settings.pass_points(review.community_id, last)
    if least and review.points is None:
        refuse("grade", "no_points", _("本地按积分评定；请先在「社区评价」中填写积分"))
    if least and (review.points or 0) < least:
        told = {"points": review.points, "least": least}
        refuse("grade", "points", _("积分 {points} 分，不到合格的 {least} 分", **told))


@lf.action("反馈", moves={"reviewed": "fed_back"}, when=lambda _view: False, waits=False)
def feed_back(review: AnnualReview, caller: lf.Caller) -> lf.Data:
    """Issue the sheet of a year; its employer is asked to say that it has come."""
    review.fed_back_on = lf.today()
    number = documents.review_number.next(review.community, caller)
    documents.review_sheet.issue(
        review, caller, number=number, issuer=review.community.name, on=lf.today(),
        holder=review.person.name,
    )  # fmt: skip
    if review.organization_id is not None:
        review.receipt_due = parts.ask_for_receipt(review, caller)
    told = parts.whose(review) | {"grade": review.grade, "number": number}
    due = review.receipt_due
    return {**told, "receipt_due": due.isoformat() if due is not None else None}


@lf.action("列为逾期", moves={"fed_back": "overdue"}, when=lambda _view: False, waits=False)
def lapse(review: AnnualReview, caller: lf.Caller) -> lf.Data:
    """Nobody has said in time that it has come: it is listed to the subdistrict."""
    return parts.whose(review)


@lf.action("回执", moves=dict.fromkeys(parts.UNRECEIPTED, "receipted"))
def receipt(review: AnnualReview, caller: lf.Caller) -> lf.Data:
    """Say on behalf of the employer that the sheet has come."""
    parts.receipted(review, caller)
    return parts.whose(review)
