"""Disputes: frozen, judged by one, decided by another, and countered, never overwritten."""

from __future__ import annotations

from typing import Annotated

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import ServiceRecord
from lifang_volunteer_points.policies import refuse
from lifang_volunteer_points.services import points, time_bank
from lifang_volunteer_points.services.record import JUDGED, told


@lf.action("提出异议", moves=dict.fromkeys(("pending", *JUDGED), "disputed"), waits=False)
def dispute(record: ServiceRecord, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Say that a record is wrong: until that is decided nothing is made of it."""
    for name in ("confirm_due", "legal_due", "lock_due"):
        lf.timer(record, caller, name, None)
    points.freeze(record, caller)
    return told(record)


@lf.action("提出处理意见", event="proposed", among={"state": "disputed"}, not_by="owner")
def propose(
    record: ServiceRecord,
    caller: lf.Caller,
    *,
    minutes: Annotated[int, "应认定时长（分钟）", "0 表示作废"],
    decision: Annotated[str, "处理意见"],
) -> None:
    """The auditor says what is right; a second person decides."""
    if record.state != "disputed":
        raise lf.Conflict(_("只有「有异议」的记录可以处理"))
    if not 0 <= minutes <= record.real_minutes:
        refuse("minutes", "range", _("认定时长不能超过实际时长 {n} 分钟", n=record.real_minutes))
    record.decided_minutes, record.decision = minutes, decision[:200]
    record.decided_by = caller.name


@lf.action("更正", moves={"disputed": "corrected"}, not_by=("owner", "propose"))
def correct(record: ServiceRecord, caller: lf.Caller) -> lf.Data:
    """Let a record count as the auditor said: what it earned is countered and earned anew."""
    minutes = _decided(record)
    if minutes == 0:
        raise lf.Conflict(_("处理意见是作废；请用「作废」"))
    points.take_back(record, caller, record.decision or "")
    time_bank.take_back(record, caller, record.decision or "")
    record.minutes = minutes
    points.post(record, caller, f"record/{record.id}/{record.version}")
    time_bank.save(record, caller)
    return told(record)


@lf.action("作废", moves={"disputed": "voided"}, not_by=("owner", "propose"))
def void(record: ServiceRecord, caller: lf.Caller) -> lf.Data:
    """Let a record count no more: hours 0, points countered, and nothing overwritten."""
    if _decided(record):
        raise lf.Conflict(_("处理意见不是作废；请用「更正」"))
    points.take_back(record, caller, record.decision or "")
    time_bank.take_back(record, caller, record.decision or "")
    record.minutes = 0
    return told(record)


def _decided(record: ServiceRecord) -> int:
    if record.decided_minutes is None:
        raise lf.Conflict(_("请先由审核人提出处理意见"))
    minutes = int(record.decided_minutes)
    record.decided_minutes = record.decided_by = None
    return minutes
