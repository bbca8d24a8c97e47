"""Days on which nothing is asked of somebody: said by the secretary, told to the employer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import Report, Suspension
from lifang_dual_reporting.policies import midnight, refuse

Cause = Annotated[str, "原因", "", Suspension.reason]
ONE_DAY = dt.timedelta(days=1)


@lf.action("暂停服务", moves={"active": "suspended"}, among={"state": "active"}, waits=False)
def suspend(
    report: Report,
    caller: lf.Caller,
    *,
    cause: Cause,
    since: Annotated[dt.date, "自"],
    until: Annotated[dt.date | None, "至", "最后一天；不填则到恢复为止"] = None,
    note: Annotated[str, "说明"] = "",
) -> lf.Data:
    """Ask nothing of somebody who is ill, seconded or has a child; the employer is told the days.

    With a last day the report goes on by itself on the day after it.
    """
    _demand_order(since, until)
    if since > lf.today():
        refuse("since", "future", _("开始日期不能晚于今天；到那天再办理"))
    if until is not None and until < lf.today():
        refuse("until", "past", _("已经过去的暂停请在「暂停记录」中补记"))
    again = None if until is None else midnight(until + ONE_DAY, caller)
    lf.timer(report, caller, "resume_due", again)
    return {"person": report.person_id, "organization": report.organization_id}


@lf.action(
    "恢复",
    moves={"suspended": "active"},
    event="resumed",
    among={"state": "suspended"},
    waits=False,
)
def resume(
    report: Report,
    caller: lf.Caller,
    *,
    date: Annotated[dt.date | None, "恢复日期", "不填则为今天"] = None,
) -> lf.Data:
    """Let somebody go on: from this day on they are asked again."""
    day = date or lf.today()
    if day > lf.today():
        refuse("date", "future", _("恢复日期不能晚于今天"))
    lf.timer(report, caller, "resume_due", None)
    told = {"person": report.person_id, "organization": report.organization_id}
    return {**told, "date": day.isoformat()}


def demand_days(suspension: Suspension, caller: lf.Caller) -> None:
    """Days are in order, and no day is told twice; what is entered by hand is over."""
    suspension.person = suspension.report.person
    _demand_order(suspension.since, suspension.until)
    if caller.plugin is None and (suspension.until is None or suspension.until >= lf.today()):
        refuse(
            "until", "running", _("现在起的暂停请用报到记录的「暂停服务」操作；这里补记已经结束的")
        )
    others: list[Suspension] = list(
        Suspension.select().where(
            Suspension.report == suspension.report_id, Suspension.removed_at.is_null()
        )
    )
    last = suspension.until or dt.date.max
    if any(one.days(suspension.since, last) for one in others if one.id != suspension.id):
        refuse("since", "overlaps", _("这段时间与另一条暂停记录重叠"))


def _demand_order(since: dt.date, until: dt.date | None) -> None:
    if until is not None and until < since:
        refuse("until", "order", _("结束日期早于开始日期"))
