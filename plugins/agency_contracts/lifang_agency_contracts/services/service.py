"""Staff, what was promised, and the services that are logged, supervised and confirmed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.models import Contract, Indicator, ServiceLog, StaffMember
from lifang_agency_contracts.models.contract import RUNNING
from lifang_agency_contracts.services.filling import same_contract

COUNTED = ("recorded", "supervised", "accepted")
LONGEST = 24 * 60
"""Minutes of one service at most."""


@lf.action("重新登记", event="renewed")
def renew(
    member: StaffMember,
    caller: lf.Caller,
    *,
    date: dt.date,
    valid_to: Annotated[dt.date, "登记有效期至"],
) -> None:
    """A certificate was renewed from a day on: what is done from then counts again."""
    if date > lf.today() or valid_to < date:
        raise lf.Invalid(_("重新登记日期不能晚于今天，有效期须在其后"))
    member.lapsed_from = member.lapsed_from or member.valid_to  # what lay between stays marked
    member.renewed_on, member.valid_to = date, valid_to
    watch_certificate(member, caller)


@lf.action("证书过期", event="lapsed")
def lapse(
    member: StaffMember, caller: lf.Caller, *, valid_to: Annotated[dt.date, "登记有效期至"]
) -> None:
    """A certificate has run out: what is done after its last day is no professional service."""
    member.lapsed_from, member.renewed_on = valid_to, None  # type: ignore[assignment]  # peewee knows no null
    member.valid_to = valid_to


@lf.action("离岗", moves={"working": "left"}, waits=False)
def leave(member: StaffMember, caller: lf.Caller, *, date: dt.date) -> None:
    """Somebody works on a contract no more after a day."""
    if date < member.since or date > lf.today():
        raise lf.Invalid(_("离岗日期须在到岗日期和今天之间"))
    member.until = date
    lf.timer(member, caller, "certificate_expiring", None)


def watch_certificate(member: StaffMember, caller: lf.Caller) -> None:
    """Tell some days before a certificate runs out (setting `certificate_days`)."""
    if member.valid_to is None:
        return
    place = Contract.get_by_id(member.contract_id).community_id
    ahead = dt.timedelta(days=settings.certificate_days(place))
    at = policies.midnight(member.valid_to - ahead, caller)
    lf.timer(member, caller, "certificate_expiring", at, valid_to=member.valid_to.isoformat())


def demand_renewed(member: StaffMember, caller: lf.Caller) -> None:
    """A certificate lasts longer only when it was renewed, which says from which day on."""
    before = StaffMember.get_or_none(StaffMember.id == member.id)
    if before is None or before.valid_to is None or before.renewed_on != member.renewed_on:
        return
    if member.valid_to is None or member.valid_to > before.valid_to:
        refuse("valid_to", "renewal", _("延长登记有效期请用「重新登记」操作"))


def has_lapsed(member: StaffMember, on: dt.date) -> bool:
    """Whether a worker's certificate had run out on a day and was not renewed by then."""
    renewed = member.renewed_on
    lapsed = member.lapsed_from is not None and on > member.lapsed_from
    if lapsed and (renewed is None or on < renewed):
        return True
    return member.valid_to is not None and on > member.valid_to


@lf.action("督导通过", moves={"recorded": "supervised"}, not_by="create")
def supervise(log: ServiceLog, caller: lf.Caller) -> None:
    """The provider's supervisor vouches for a service: there is something that shows it."""
    if not log.evidence and not lf.attached(log, "evidence"):
        raise lf.Conflict(_("请先填写或上传证明材料，例如签到表、照片"))


@lf.action("确认", moves={"supervised": "accepted"})
def confirm(log: ServiceLog, caller: lf.Caller) -> lf.Data:
    """The community confirms that a service was rendered there."""
    return {
        "contract": log.contract_id,
        "indicator": log.indicator_id,
        "quantity": log.quantity,
        "lapsed": log.lapsed,
    }


@lf.action("退回", moves={"recorded": "rejected", "supervised": "rejected"}, waits=False)
def reject(log: ServiceLog, caller: lf.Caller, *, reason: str) -> lf.Data:
    """A service does not count, and why."""
    return {"contract": log.contract_id, "reason": reason}


@lf.action("由活动计入", moves={"recorded": "accepted"}, event="counted")
def count(log: ServiceLog, caller: lf.Caller) -> lf.Data:
    """Another plugin has confirmed already that a service was rendered."""
    return {"contract": log.contract_id, "indicator": log.indicator_id, "quantity": log.quantity}


@lf.action("标记证书", event="marked")
def mark(log: ServiceLog, caller: lf.Caller) -> None:
    """See anew whether the worker's certificate had run out; `demand_true` does."""


def demand_promised(indicator: Indicator, caller: lf.Caller) -> None:
    """A promise is a number above nothing, made before the contract begins to run."""
    if indicator.target <= 0:
        refuse("target", "minimum", _("目标须大于 0"))
    contract = Contract.get_by_id(indicator.contract_id)
    if contract.state not in ("procured", "signed", "filed"):
        raise lf.Conflict(_("合同已经开始履行，指标不能再改"))


def demand_true(log: ServiceLog, caller: lf.Caller) -> None:
    """A service is of the past, within the contract, and nobody renders two at the same time."""
    if log.state == "rejected":
        return
    contract = Contract.get_by_id(log.contract_id)
    same_contract(log, Indicator.get_by_id(log.indicator_id))
    on = policies.day_of(log.start, caller)
    if log.state == "recorded":
        _demand_running(log, contract, on)
    if log.staff_member_id is None:
        return
    member = StaffMember.get_by_id(log.staff_member_id)
    same_contract(log, member)
    if on < member.since or (member.until is not None and on > member.until):
        refuse("staff_member", "away", _("这名社工当天不在岗"))
    log.lapsed = has_lapsed(member, on)
    _demand_once(log)


def _demand_running(log: ServiceLog, contract: Contract, on: dt.date) -> None:
    if contract.state not in RUNNING:
        raise lf.Conflict(_("合同不在履行中，不能登记服务"))
    first, last = contract.starts_on, contract.ends_on
    if first is None or last is None or not first <= on <= last:
        refuse(
            "start", "range", _("服务日期须在合同期 {first} 至 {last} 内", first=first, last=last)
        )
    if not 1 <= log.minutes <= LONGEST or log.quantity < 1 or log.users < 0:
        refuse("minutes", "range", _("时长为 1 至 1440 分钟，计入数量至少为 1"))
    if log.start + dt.timedelta(minutes=log.minutes) > lf.now():
        refuse("start", "future", _("服务还没有结束，不能登记"))
    above: lf.Community = lf.Community.get_by_id(contract.community_id)
    place: lf.Community = lf.Community.get_by_id(log.community_id)
    if not place.path.startswith(above.path):
        refuse("community", "outside", _("服务社区不在合同的购买地区内"))


def _demand_once(log: ServiceLog) -> None:
    ends = log.start + dt.timedelta(minutes=log.minutes)
    near = log.start - dt.timedelta(minutes=LONGEST)
    others = ServiceLog.select().where(
        ServiceLog.staff_member == log.staff_member_id,
        ServiceLog.removed_at.is_null(),
        ServiceLog.state.in_(COUNTED),
        ServiceLog.id != log.id,
        ServiceLog.start < ends,
        ServiceLog.start > near,
    )
    for other in others:
        if other.start + dt.timedelta(minutes=other.minutes) > log.start:
            told = {"number": other.id}
            sentence = _("与第 {number} 号服务日志的社工和时间重复；同一时间只计一次", **told)
            refuse("start", "overlaps", sentence)


def refuse(field: str, code: str, sentence: str) -> None:
    """Refuse a field's value with a sentence."""
    raise lf.Invalid.about(field, code, sentence)
