"""What an employer is told of those of its people who report to a community."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import lifang as lf
from lifang_dual_reporting.models import AnnualReview, Feedback, Report
from lifang_dual_reporting.services import counting


@dataclass(frozen=True)
class Line:
    """What an employer is told of one of its people; nothing else, least of all where they live."""

    name: str
    service: counting.Service
    grade: str | None


def days_of(feedback: Feedback) -> tuple[dt.date, dt.date]:
    """Which days a sheet is about: its quarter, or the year up to the day on which it ended."""
    if feedback.report is None:
        return counting.days_of(feedback.period)
    ended = feedback.report.ended_on or lf.today()
    return dt.date(ended.year, 1, 1), ended


def lines(feedback: Feedback, caller: lf.Caller) -> list[Line]:
    """The people of an employer who report there, in the order in which they were accepted.

    A quarter's are those who reported when it ended: who left before had a last sheet then.
    """
    first, last = days_of(feedback)
    mine: Any = Report.id == feedback.report_id
    if feedback.report_id is None:
        mine = counting.standing_on(last) & (Report.organization == feedback.organization_id)
        mine &= Report.community == feedback.community_id
    found = list(Report.select(Report, lf.Person).join(lf.Person).where(mine).order_by(Report.id))
    whose = [one.person_id for one in found]
    done = counting.served(whose, (first, last), caller, feedback.community_id)
    rows: Any = AnnualReview.select(AnnualReview.report, AnnualReview.grade).where(
        AnnualReview.report.in_([one.id for one in found]), AnnualReview.year == last.year
    )
    grades = dict(rows.tuples())
    return [Line(str(o.person.name), done[o.person_id], grades.get(o.id)) for o in found]
