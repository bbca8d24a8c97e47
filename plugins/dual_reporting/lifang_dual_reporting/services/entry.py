"""What is done with service entries, and what must hold of them."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import Report, ServiceEntry
from lifang_dual_reporting.policies import refuse

LONGEST = dt.timedelta(days=1)


@lf.action("确认", moves={"submitted": "confirmed"})
def confirm(entry: ServiceEntry, caller: lf.Caller) -> lf.Data:
    """Confirm on behalf of the community that somebody served, and for how long."""
    return told(entry)


@lf.action("作废", moves={lf.ANY: "voided"})
def void(entry: ServiceEntry, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Let a service entry count no more; what happened stays on record, with the reason."""
    return told(entry)


def told(entry: ServiceEntry) -> lf.Data:
    """What an entry's events say of it; see `schemas.Served`."""
    return {
        "person": entry.person_id,
        "community": entry.community_id,
        "organization": entry.organization_id,
        "nature": entry.nature,
        "start": entry.start.isoformat(),
        "end": entry.end.isoformat(),
        "minutes": entry.minutes,
        "content": entry.content,
    }


def demand_true(entry: ServiceEntry, caller: lf.Caller) -> None:
    """An entry is of the past, of one day's length at most, and no hour of a person counts twice.

    It is made for somebody whose report the community has accepted; the employer follows from it.
    """
    if entry.state == "voided":
        return
    _demand_times(entry)
    report = Report.get_or_none(
        Report.person == entry.person_id,
        Report.community == entry.community_id,
        Report.state == "accepted",
        Report.removed_at.is_null(),
    )
    if report is None and not entry.minutes:  # whose report has ended keeps what was entered
        refuse("person", "not_reporting", _("这个人在该社区没有已接收的报到；请先接收报到"))
    if report is not None and entry.organization_id is None:
        entry.organization = report.organization
    entry.minutes = int((entry.end - entry.start).total_seconds() // 60)
    others = ServiceEntry.select().where(
        ServiceEntry.person == entry.person_id,
        ServiceEntry.removed_at.is_null(),
        ServiceEntry.state != "voided",
        ServiceEntry.start < entry.end,
        ServiceEntry.end > entry.start,
    )
    if any(other.id != entry.id for other in others):
        refuse("start", "overlaps", _("这段时间与此人的另一条服务记录重叠；同一时间只计一次"))


def _demand_times(entry: ServiceEntry) -> None:
    if entry.end <= entry.start:
        refuse("end", "before_start", _("结束时间须晚于开始时间"))
    if entry.end - entry.start > LONGEST:
        refuse("end", "too_long", _("一条记录最长 24 小时；跨天的服务请分开登记"))
    if entry.end > lf.now():
        refuse("end", "future", _("服务还没有结束，不能登记"))
