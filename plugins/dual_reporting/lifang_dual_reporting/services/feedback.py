"""Sheets to employers: each quarter, and a last one when a report has ended or moved on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents, settings
from lifang_dual_reporting.models import Feedback, Report
from lifang_dual_reporting.policies import refuse
from lifang_dual_reporting.services import counting, parts
from lifang_dual_reporting.services.employer import lines

LAST = "last-"


def fill(feedback: Feedback, caller: lf.Caller) -> None:
    """A rule: a sheet is of a quarter that is over, or the last one of a report; counted once."""
    if feedback.sent_on is not None:
        return
    period = feedback.period
    if period.startswith(LAST) and caller.plugin is not None:
        feedback.report = Report.get_by_id(int(period.removeprefix(LAST)))
    elif "-Q" not in period or not counting.PERIOD.fullmatch(period):
        refuse("period", "invalid", _("期间写作 2026-Q3"))
    elif counting.days_of(period)[1] >= lf.today():
        refuse("period", "running", _("这个季度还没有结束"))
    told = lines(feedback, caller)
    if not told:
        refuse("organization", "nobody", _("该单位在该社区没有报到的人"))
    feedback.people, feedback.minutes = len(told), sum(one.service.minutes for one in told)
    feedback.sent_on = lf.today()
    days = settings.receipt_days(feedback.community_id)
    feedback.receipt_due = feedback.sent_on + dt.timedelta(days=days)


def send(feedback: Feedback, caller: lf.Caller) -> None:
    """Issue a sheet that was made just now; its receipt is waited for from today on."""
    place = feedback.community
    number = documents.feedback_number.next(place, caller)
    documents.feedback_sheet.issue(
        feedback, caller, number=number, issuer=place.name, on=lf.today()
    )
    due = parts.ask_for_receipt(feedback, caller)
    lf.tell(
        feedback, caller, "sent", **told_of(feedback), number=number, receipt_due=due.isoformat()
    )


def told_of(feedback: Feedback) -> dict[str, Any]:
    """What a sheet's events say of it; see `schemas.Sent`."""
    return {
        "organization": feedback.organization_id,
        "community": feedback.community_id,
        "period": feedback.period,
        "people": feedback.people,
        "minutes": feedback.minutes,
    }


@lf.action("列为逾期", moves={"sent": "overdue"}, when=lambda _view: False, waits=False)
def lapse(feedback: Feedback, caller: lf.Caller) -> lf.Data:
    """The employer has not said in time that it has come: it is listed to the subdistrict."""
    return told_of(feedback)


@lf.action("回执", moves={"sent": "receipted", "overdue": "receipted"})
def receipt(feedback: Feedback, caller: lf.Caller) -> lf.Data:
    """Say on behalf of the employer that the sheet has come."""
    parts.receipted(feedback, caller)
    return told_of(feedback)
