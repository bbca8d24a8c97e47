"""Moving a report to another community: proposed, asked for, released by the old one."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.policies import community_of, last_day, refuse

To = Annotated[
    lf.Community | None, "转往社区", "代码或全称；不填则按迁居后建议的社区", Report.transfer_to
]


@lf.action("建议转移", event="transfer_proposed", when=lambda _view: False, among={"id": 0})
def propose_transfer(
    report: Report,
    caller: lf.Caller,
    *,
    community: Annotated[lf.Community, "转往社区", "", Report.transfer_to],
) -> lf.Data:
    """Somebody has moved house: where to is kept for them to confirm, and nothing else changes."""
    report.transfer_to = community
    return {"person": report.person_id, "organization": report.organization_id}


def preview_of_ask(report: Report, caller: lf.Caller, *, community: To = None) -> lf.Preview:
    """Tell until when the old community releases, and whether the new one takes reports."""
    ask_transfer(report, caller, community=community)
    to = report.transfer_to
    assert to is not None  # noqa: S101 – asked for just now
    last = _("{day}（逾期自动放行）", day=report.transfer_due)
    rows = [(_("转往社区"), to.name), (_("最迟放行日期"), last)]
    rows.append((_("之后"), _taken_over(caller, to)))
    return lf.Preview((lf.Section(_("转移报到"), (_("事项"), _("内容")), tuple(rows)),))


@lf.action(
    "申请转移",
    event="transfer_asked",
    preview=preview_of_ask,
    when=lambda view: view["state"] in SERVING and not view["transfer_asked_on"],
    among={"state": list(SERVING)},
    waits=False,
)
def ask_transfer(report: Report, caller: lf.Caller, *, community: To = None) -> lf.Data:
    """Ask the old community to release a report; it is released by itself after working days."""
    if report.state not in SERVING:
        raise lf.Conflict(_("只有已接收的报到可以转移；还没有接收的，请退回或结束后重新报到"))
    if report.transfer_asked_on is not None:
        raise lf.Conflict(_("已申请转移，最迟 {day} 放行", day=report.transfer_due))
    to = community or report.transfer_to
    if to is None:
        refuse("community", "required", _("请填写转往哪个社区"))
    report.transfer_to = community_of(to)
    if report.transfer_to.id == report.community_id:
        refuse("community", "same", _("这个人已在该社区报到"))
    report.transfer_asked_on = lf.today()
    days = settings.release_days(report.community_id)
    moment = lf.deadline(report, caller, "release_due", start=lf.today(), working_days=days)
    report.transfer_due = last_day(moment, caller)
    return _places(report)


@lf.action(
    "撤回转移",
    event="transfer_withdrawn",
    when=lambda view: bool(view["transfer_asked_on"]) and view["state"] in SERVING,
    among={"state": list(SERVING), "transfer_asked_on__isnull": False},
    waits=False,
)
def withdraw_transfer(report: Report, caller: lf.Caller) -> None:
    """Stay after all."""
    if report.state not in SERVING or report.transfer_to is None:
        raise lf.Conflict(_("没有转移申请"))
    for name in ("transfer_to", "transfer_asked_on", "transfer_due"):
        setattr(report, name, None)
    lf.timer(report, caller, "release_due", None)


@lf.action(
    "放行",
    moves=dict.fromkeys(SERVING, "transferred"),
    when=lambda view: bool(view["transfer_asked_on"]),
    among={"state": list(SERVING), "transfer_asked_on__isnull": False},
    waits=False,
)
def release(
    report: Report,
    caller: lf.Caller,
    *,
    date: Annotated[dt.date | None, "放行日期", "不填则为今天"] = None,
) -> lf.Data:
    """Let somebody go to the community they asked for; the hours they served here stay here."""
    if report.transfer_asked_on is None or report.transfer_to is None:
        raise lf.Conflict(_("没有转移申请；请本人先申请转移"))
    day = date or lf.today()
    if not report.transfer_asked_on <= day <= lf.today():
        refuse("date", "range", _("放行日期须在申请转移之日到今天之间"))
    for name in ("activate_due", "release_due", "resume_due"):
        lf.timer(report, caller, name, None)
    report.ended_on, report.end_reason = day, _taken_over(caller, report.transfer_to)
    return {**_places(report), "date": day.isoformat()}


@lf.action("按日历重排期限", event="redated", when=lambda _view: False, among={"id": 0})
def redate(report: Report, caller: lf.Caller, *, at: Annotated[str, "到期时刻"]) -> None:
    """Follow the calendar: the last day for releasing is another one."""
    report.transfer_due = last_day(dt.datetime.fromisoformat(at), caller)


def _taken_over(caller: lf.Caller, to: lf.Community) -> str:
    """What follows a release, as somebody reads it."""
    if caller.finds("dual_reporting", to):
        return _("转到「{name}」，在那里等待接收", name=to.name)
    return _("「{name}」没有开通双报到，放行后请本人到当地报到", name=to.name)


def _places(report: Report) -> lf.Data:
    told = {"person": report.person_id, "organization": report.organization_id}
    return {**told, "old": report.community_id, "new": report.transfer_to_id}
