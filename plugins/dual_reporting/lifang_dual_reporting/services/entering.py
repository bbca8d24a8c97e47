"""What must hold of a report that is entered: by whom, of whom, where, and with whose consent."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.models.report import (
    PARTY_MEMBERS,
    POLITICAL_STATUSES,
    SERVING,
    STANDING,
)
from lifang_dual_reporting.policies import covers, on_duty, refuse
from lifang_dual_reporting.purposes import sensitive

ALSO_CALLED = {"党员": "01", "预备党员": "02", "团员": "03", "无党派": "12", "普通居民": "13"}
SETTLED = ("organization", "post_title", "public_servant", "political_status")
"""What somebody does not change of their own report once the community has accepted it."""


def political_status(said: str) -> str:
    """A political status by its name, as its reader calls it, or its code of GB/T 4762, as kept."""
    also = ALSO_CALLED | {_(name): code for code, name in POLITICAL_STATUSES.items()}
    found = POLITICAL_STATUSES.get(also.get(said, said), said)
    if found in POLITICAL_STATUSES.values() or "*" in said:
        return found
    known = _("、").join(f"{code} {_(name)}" for code, name in POLITICAL_STATUSES.items())
    raise ValueError(_("「政治面貌」须为其中之一：{known}", known=known))


def is_own(report: Report, caller: lf.Caller) -> bool:
    """Whether the caller is the person who reports."""
    return caller.person is not None and caller.person == report.person_id


def complete(report: Report, caller: lf.Caller) -> None:
    """A rule of every report: what a new one must be, and what an accepted one stays."""
    if report.reported_on is not None and report.reported_on > lf.today():
        refuse("reported_on", "future", _("报到日期不能晚于今天"))
    before = Report.get_or_none(Report.id == report.id)
    if before is None:
        _demand_only_one(report)
        _demand_enterer(report, caller)
        _say_how(report, caller)
        demand_scope(report, caller)
        _demand_place(report, caller)
    elif before.state in SERVING:
        _demand_settled(report, before, caller)


def _demand_only_one(report: Report) -> None:
    """One person has one home community; of another one nobody learns more than that it is."""
    other = Report.get_or_none(
        Report.person == report.person_id, Report.state.in_(STANDING), Report.removed_at.is_null()
    )
    if other is not None and other.community_id == report.community_id:
        raise lf.Conflict(_("已在本社区报到，不必重复登记"))
    if other is not None:
        raise lf.Conflict(_("已在其他社区报到，请办理转移"))


def _demand_enterer(report: Report, caller: lf.Caller) -> None:
    """A unit's liaison lists its own people; that they report is for them or the community."""
    if is_own(report, caller) or on_duty(caller):
        return
    if not report.listed:
        refuse("listed", "liaison", _("单位联络员只能列入应报到名单；报到由本人提交或由社区登记"))
    seat: Any = lf.Membership
    ours = seat.person == report.person_id, seat.organization == report.organization_id
    holds = seat.to_date.is_null() | (seat.to_date > lf.today())
    if not seat.select().where(*ours, seat.removed_at.is_null(), holds).exists():
        refuse("person", "not_ours", _("这个人不是该单位的成员；请先登记成员关系"))


def _say_how(report: Report, caller: lf.Caller) -> None:
    """By whom, when and after which other report it was made."""
    own, moved = is_own(report, caller), caller.plugin is not None
    report.channel = report.channel or ("online" if own else "paper")
    if report.channel == "online" and not (own or moved):
        refuse("channel", "not_own", _("网上报到由本人提交；代为登记的请填写纸质报到单编号"))
    if report.listed:
        report.state, report.channel = "pending", None
        report.__data__["reported_on"] = None
        if report.political_status is not None or report.household_address is not None:
            refuse("listed", "sensitive", _("应报到名单不填政治面貌和住址，由本人报到时填写"))
    else:
        report.reported_on = report.reported_on or lf.today()
    moved_here = Report.person == report.person_id, Report.transfer_to == report.community_id
    left: Any = Report.select().where(*moved_here, Report.state == "transferred")
    report.previous = left.order_by(Report.id.desc()).first()


def demand_scope(report: Report, caller: lf.Caller) -> None:
    """Who should report is the district's word: party members, or every public servant."""
    if not report.id or report.listed and report.state == "pending" and report.channel is None:
        return  # a file is judged before anything sealed is there; a list says only who should
    if caller.plugin is not None or settings.scope(report.community_id) != "party_members":
        return
    status: Any = Report.political_status
    if not status.among(report, caller, PARTY_MEMBERS):
        sentence = _("本地只要求在职党员报到；请填写政治面貌，须为中共党员或中共预备党员")
        refuse("political_status", "scope", sentence)


def _demand_place(report: Report, caller: lf.Caller) -> None:
    """One reports where one lives, where one's unit is, or either, as the district says."""
    if caller.plugin is not None:
        return
    here, rule = report.community, settings.place(report.community_id)
    homes = lf.Community.tied_to(report.person, "resides")
    sites = (
        lf.Community.tied_to(report.organization, "located")
        if report.organization is not None
        else []
    )
    lives, works = (any(covers(here, one) for one in some) for some in (homes, sites))
    if rule == "residence" and not lives:
        refuse(
            "community",
            "not_home",
            _("本地在居住地报到；这个人没有登记住在「{name}」", name=here.name),
        )
    if rule == "unit" and not works:
        refuse(
            "community", "not_unit", _("本地在单位所在社区报到；单位不在「{name}」", name=here.name)
        )
    if rule == "both" and homes and sites and not (lives or works):
        refuse(
            "community", "elsewhere", _("「{name}」不是居住地，也不是单位所在地", name=here.name)
        )


def _demand_settled(report: Report, before: Report, caller: lf.Caller) -> None:
    if report.community_id != before.community_id and before.community.valid_to is None:
        raise lf.Conflict(_("已接收的报到不能改社区；请办理转移"))
    changed = [name for name in SETTLED if report.__data__.get(name) != before.__data__.get(name)]
    if changed and is_own(report, caller) and not on_duty(caller):
        raise lf.Conflict(_("报到已接收，单位、职务和政治面貌请由社区修改"))


def take_consent(report: Report, caller: lf.Caller) -> None:
    """What is sensitive is kept with a separate consent: one's own tick, or the signed slip."""
    told = report.political_status is not None or report.household_address is not None
    own = is_own(report, caller)
    if caller.plugin is not None or not (told or (report.agreed if own else report.slip_no)):
        return
    if own and not report.agreed and not sensitive.given(report.person_id, caller):
        refuse(
            "agreed",
            "consent",
            _("填写政治面貌或居住小区楼号的，请勾选「单独同意」；不同意的请不填"),
        )
    basis = _("报到单 {number}", number=report.slip_no) if report.slip_no else None
    sensitive.record(report.person, caller, basis=basis)
