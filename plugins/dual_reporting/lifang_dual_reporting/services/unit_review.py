"""The yearly review of units: rates that follow from their people, and who may be honoured."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents, settings
from lifang_dual_reporting.models import UnitReport, UnitReview
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.services import counting, parts, rates


def begin(review: UnitReview, caller: lf.Caller) -> None:
    """A rule: a review is of a unit that reports to the community, and of a year that has begun."""
    if UnitReview.select().where(UnitReview.id == review.id).exists():
        return
    if not 2000 <= review.year <= lf.today().year:
        refuse("year", "range", _("年度不能晚于今年"))
    first, last = counting.year_of(review.year)
    reported = UnitReport.select().where(
        UnitReport.organization == review.organization_id,
        UnitReport.community == review.community_id,
        UnitReport.accepted_on <= last,
        UnitReport.ended_on.is_null() | (UnitReport.ended_on > first),
        UnitReport.removed_at.is_null(),
    )
    if not reported.exists():
        refuse("organization", "not_reporting", _("该单位这一年度没有向该社区报到"))


def figures(review: UnitReview) -> dict[str, Any]:
    """The figures of a review as they are now; what rates are divided by is the place's setting."""
    _first, last = counting.year_of(review.year)
    day = min(last, lf.today())
    denominator = settings.denominator(review.community_id, day)
    least = settings.unit_pass_rate(review.community_id, day)
    whole = (review.organization_id, review.community_id, review.year)
    found = counting.unit_figures(*whole)
    return {
        "members_total": found.members_total,
        "accepted": found.accepted,
        "reached": found.reached,
        "reporting_rate": rates.kept(found.reporting()),
        "completion_rate": rates.kept(found.completion(denominator)),
        "denominator": denominator,
        "activities": counting.unit_activities(*whole),
        "eligible": found.eligible(denominator, least),
    }


def _count(review: UnitReview) -> None:
    for name, value in figures(review).items():
        setattr(review, name, value)


@lf.action("启动评议", moves={"serving": "reviewing"}, event="opened", waits=False)
def open(review: UnitReview, caller: lf.Caller) -> lf.Data:
    """Begin a unit's yearly review: its figures are counted, and the five parts are given."""
    _count(review)
    return parts.whose(review)


@lf.action(
    "重新统计",
    event="recounted",
    when=lambda view: view["state"] == "reviewing",
    among={"state": "reviewing"},
    waits=False,
)
def recount(review: UnitReview, caller: lf.Caller) -> lf.Data:
    """Count once more what was entered late, before it is signed."""
    if review.state != "reviewing":
        raise lf.Conflict(_("只有评议中的可以重新统计；签署后数字不再变"))
    _count(review)
    return parts.whose(review)


@parts.declared("own")
def own(
    review: UnitReview,
    caller: lf.Caller,
    *,
    grade: parts.Grade,
    text: parts.Said = "",
    paper: parts.Paper = "",
) -> lf.Data:
    """What a unit says of its own year; the community enters it from the unit's paper."""
    theirs = any(one.organization == review.organization_id for one in caller.standings)
    parts.on_behalf(review, "own", paper, own=theirs)
    return parts.given(review, "own", grade, text)


leader = parts.part("leader", "What those above the community say of the unit.")
masses = parts.part("masses", "What residents said in their meeting.")
community = parts.part("community", "How the community judges the unit's year.")
organization = parts.part(
    "organization", "How the party organization of the community judges the unit's year."
)


@lf.action("签署评定", moves={"reviewing": "reviewed"})
def sign(review: UnitReview, caller: lf.Caller, *, grade: parts.Grade) -> lf.Data:
    """Settle a unit's grade once all five parts are there; its figures stay as they are."""
    parts.demand_all_parts(review)
    if grade == "excellent" and review.eligible is False:
        _first, last = counting.year_of(review.year)
        told = {
            "reporting": rates.text(review.reporting_rate),
            "completion": rates.text(review.completion_rate),
            "least": settings.unit_pass_rate(review.community_id, min(last, lf.today())),
        }
        refuse(
            "grade",
            "not_eligible",
            _("报到率 {reporting}，完成率 {completion}，须都不低于 {least} % 才能评优", **told),
        )
    review.grade, review.reviewed_on = grade, lf.today()
    return parts.whose(review)


@lf.action("反馈", moves={"reviewed": "fed_back"}, when=lambda _view: False, waits=False)
def feed_back(review: UnitReview, caller: lf.Caller) -> lf.Data:
    """Issue the sheet of a unit's year; the unit is asked to say that it has come."""
    review.fed_back_on = lf.today()
    number = documents.review_number.next(review.community, caller)
    documents.unit_review_sheet.issue(
        review, caller, number=number, issuer=review.community.name, on=lf.today()
    )
    review.receipt_due = parts.ask_for_receipt(review, caller)
    told = parts.whose(review) | {"grade": review.grade, "number": number}
    return {**told, "receipt_due": review.receipt_due.isoformat()}


@lf.action("列为逾期", moves={"fed_back": "overdue"}, when=lambda _view: False, waits=False)
def lapse(review: UnitReview, caller: lf.Caller) -> lf.Data:
    """The unit has not said in time that it has come: it is listed to the subdistrict."""
    return parts.whose(review)


@lf.action("回执", moves=dict.fromkeys(parts.UNRECEIPTED, "receipted"))
def receipt(review: UnitReview, caller: lf.Caller) -> lf.Data:
    """Say on behalf of the unit that the sheet has come."""
    parts.receipted(review, caller)
    return parts.whose(review)
