"""Service records: confirmed, audited and locked; disputed, corrected and voided."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import peewee as pw

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import ServiceRecord
from lifang_volunteer_points.policies import (
    RECORD_WORKING_DAYS,
    demand_serving,
    demand_title,
    local,
    refuse,
)
from lifang_volunteer_points.services import points, time_bank
from lifang_volunteer_points.services.hours import counted
from lifang_volunteer_points.settings import (
    confirm_days,
    day_hours,
    day_hours_parent,
    lock_days,
    most_hours,
    rounding,
)

LONGEST = dt.timedelta(days=1)
Hours = Annotated[int, "批准到（小时）"]
JUDGED = ("confirmed", "audited", "locked", "corrected")


def complete(record: ServiceRecord, caller: lf.Caller) -> None:
    """A new record is of the past, of voluntary service, and no hour of a person counts twice."""
    if record.recorder is not None:
        return
    demand_title(record.title, int(record.community_id))
    demand_serving(record.volunteer)
    if not record.start < record.end <= min(lf.now(), record.start + LONGEST):
        refuse("end", "times", _("服务须已经结束，结束晚于开始，一条记录最长 24 小时"))
    record.person = record.volunteer.person
    demand_once(record)
    if caller.plugin is None:
        record.source = f"manual/{record.id}"
    record.recorder = caller.name
    record.day = local(record.start, caller).date()
    place = int(record.community_id)
    record.real_minutes = int((record.end - record.start).total_seconds() // 60)
    rule = rounding(place, record.day), most_hours(place, record.day)
    record.minutes = counted(record.real_minutes, *rule)


def overlapping(person: int, start: dt.datetime, end: dt.datetime) -> bool:
    """Whether somebody has a record of some of that time: nobody serves twice at once."""
    others = ServiceRecord.select().where(
        ServiceRecord.person == person,
        ServiceRecord.removed_at.is_null(),
        ServiceRecord.state != "voided",
        ServiceRecord.start < end,
        ServiceRecord.end > start,
    )
    return bool(others.exists())


def demand_once(record: ServiceRecord) -> None:
    """No hour of a person counts twice."""
    if overlapping(int(record.person_id or 0), record.start, record.end):
        refuse("start", "overlaps", _("这段时间与此人的另一条志愿服务记录重叠；同一时间只计一次"))


def start_clocks(record: ServiceRecord, caller: lf.Caller) -> None:
    """What is recorded late says why; the organiser confirms within days, by law within ten."""
    assert record.day is not None  # noqa: S101 – completed before it was saved
    legal = lf.deadline(
        record, caller, "legal_due", start=record.day, working_days=RECORD_WORKING_DAYS
    )
    if legal <= lf.now():
        lf.timer(record, caller, "legal_due", None)
        if not record.late_reason and caller.plugin is None:
            n = RECORD_WORKING_DAYS
            refuse(
                "late_reason",
                "required",
                _("活动结束已超过 {n} 个工作日，请填写逾期记录的原因", n=n),
            )
        return
    days = confirm_days(int(record.community_id), record.day)
    lf.deadline(record, caller, "confirm_due", start=record.day, working_days=days)


def told(record: ServiceRecord) -> lf.Data:
    """What a record's events say of it; see `Hours` in `events`."""
    return {
        "person": int(record.person_id or 0),
        "community": int(record.community_id),
        "minutes": record.minutes,
        "day": str(record.day),
        "start": record.start.isoformat(),
        "end": record.end.isoformat(),
        "organization": record.organization_id,
        "title": record.title,
        "source": record.source,
    }


@lf.action("确认", moves={"pending": "confirmed"}, not_by="owner")
def confirm(record: ServiceRecord, caller: lf.Caller) -> lf.Data:
    """Vouch for a record; not for one's own, and not beyond what a day may count."""
    if record.late_reason and not record.late_approved:
        raise lf.Conflict(_("逾期记录须先由街道审批"))
    demand_approved(record)
    for name in ("confirm_due", "legal_due"):
        lf.timer(record, caller, name, None)
    days = lock_days(int(record.community_id))
    lf.deadline(record, caller, "lock_due", start=lf.today(), days=days)
    return told(record)


def demand_approved(record: ServiceRecord) -> None:
    """A day beyond the limit waits for whoever is above."""
    place = int(record.community_id)
    limit = max(day_hours(place, record.day), record.approved_hours)
    others = ServiceRecord.select(pw.fn.SUM(ServiceRecord.minutes)).where(
        ServiceRecord.person == record.person_id,
        ServiceRecord.day == record.day,
        ServiceRecord.id != record.id,
        ServiceRecord.state.in_(JUDGED),
    )
    total = record.minutes + int(others.scalar() or 0)
    if total > limit * 60:
        hours = {"total": f"{total / 60:g}", "limit": limit}
        raise lf.Conflict(
            _("当日时长合计 {total} 小时，超过 {limit} 小时；请先由上级组织审批", **hours)
        )


@lf.action("审批当日时长", event="hours_approved", among={"state": "pending"}, not_by="owner")
def approve_hours(record: ServiceRecord, caller: lf.Caller, *, hours: Hours) -> None:
    """The parent organization lets a day count beyond the limit, up to its own."""
    most = day_hours_parent(int(record.community_id), record.day)
    if hours > most:
        refuse(
            "hours", "range", _("上级组织可审批到 {n} 小时；再超过的须由省级主管部门批准", n=most)
        )
    _approve(record, hours)


@lf.action("审批逾期记录", event="late_approved", among={"state": "pending"}, not_by="owner")
def approve_late(record: ServiceRecord, caller: lf.Caller) -> None:
    """Let a record stand that was entered after the time the law gives."""
    if record.state != "pending" or not record.late_reason:
        raise lf.Conflict(_("只有「待确认」的逾期记录需要审批"))
    record.late_approved = True


@lf.action("登记省级批准", event="hours_approved", among={"state": "pending"}, not_by="owner")
def enter_approval(record: ServiceRecord, caller: lf.Caller, *, hours: Hours, basis: str) -> None:
    """Enter what the provincial department has let count, with its document."""
    _approve(record, hours)


def _approve(record: ServiceRecord, hours: int) -> None:
    if record.state != "pending":
        raise lf.Conflict(_("只有「待确认」的记录可以审批时长"))
    if not 1 <= hours <= 24:
        refuse("hours", "range", _("一天为 1 到 24 小时"))
    record.approved_hours = hours


@lf.action("审核", moves={"confirmed": "audited"}, not_by=("owner", "confirm"))
def audit(record: ServiceRecord, caller: lf.Caller) -> None:
    """The subdistrict has looked at a record, all of them or a sample."""


@lf.action(
    "锁定",
    moves={"confirmed": "locked", "audited": "locked"},
    when=lambda _view: False,
    waits=False,
)
def lock(record: ServiceRecord, caller: lf.Caller) -> lf.Data:
    """Nobody objected in time: hours stand, and points come in, once.

    The plugin does so when the time is over; the subdistrict may end it for what it has audited.
    """
    if caller.plugin is None and record.state != "audited":
        raise lf.Conflict(_("没有审核过的记录，异议期满后自动锁定"))
    points.post(record, caller, f"record/{record.id}")
    time_bank.save(record, caller)
    return told(record)


@lf.action("评价", event="evaluated", not_by="owner")
def evaluate(
    record: ServiceRecord,
    caller: lf.Caller,
    *,
    rating: Annotated[int, "星级", "1 到 5"],
    evaluation: Annotated[str, "服务评价"] = "",
) -> None:
    """Say how a service was.

    志愿服务记录与证明出具办法（试行）第十条.
    """
    if not 1 <= rating <= 5:
        refuse("rating", "range", _("评价为 1 到 5 星"))
    record.rating, record.evaluation, record.evaluated_on = rating, evaluation or None, lf.today()


@lf.action("已录入全国系统", event="synced", among={"sync_status": "pending"})
def mark_synced(record: ServiceRecord, caller: lf.Caller) -> None:
    """Note that a record is in the national system.

    志愿服务记录与证明出具办法（试行）第四条.
    """
    record.sync_status = "synced"
