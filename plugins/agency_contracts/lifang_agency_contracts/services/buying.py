"""Programmes are approved, procurements announced and awarded."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies
from lifang_agency_contracts.models import Procurement, Programme


@lf.action("批复", moves={"draft": "approved"})
def approve(programme: Programme, caller: lf.Caller, *, basis: str) -> None:
    """Approve a programme whose users were consulted and whose service is in the catalogue."""
    policies.demand_consulted(programme)


@lf.action("结束项目", moves={"approved": "closed"}, waits=False)
def close(programme: Programme, caller: lf.Caller, *, reason: str) -> None:
    """Let nothing more be bought for a programme."""


@lf.action("公告", moves={"preparing": "announced"})
def announce(
    procurement: Procurement,
    caller: lf.Caller,
    *,
    notice_url: Annotated[str, "采购公告网址"],
) -> None:
    """Publish what is sought and until when offers are taken."""
    if procurement.method != "single_source" and procurement.bid_deadline is None:
        raise lf.Conflict(_("请先填写响应截止时间"))
    policies.demand_url(notice_url, "notice_url")
    procurement.notice_url, procurement.announced_on = notice_url, lf.today()


@lf.action("确定成交", moves={"announced": "awarded"})
def award(
    procurement: Procurement,
    caller: lf.Caller,
    *,
    winner: Annotated[lf.Organization, "中标（成交）机构"],
    amount: Annotated[int, "中标（成交）金额", "", lf.Money],
    notice_on: Annotated[dt.date, "中标（成交）通知书日期"],
    url: Annotated[str, "结果公告网址"] = "",
) -> lf.Data:
    """Say who was found and for how much; the days until the signature count from the notice."""
    closed = procurement.bid_deadline
    if closed is not None and closed > lf.now():
        raise lf.Conflict(_("响应截止时间还没有到，不能确定成交"))
    if amount <= 0 or notice_on > lf.today():
        raise lf.Invalid(_("金额须大于 0，通知书日期不能晚于今天"))
    if url:
        policies.demand_url(url, "url")
    procurement.winner, procurement.award = winner, amount
    procurement.award_notice_on, procurement.award_url = notice_on, url or None
    return {"winner": int(winner.id), "award": amount}


@lf.action("废标", moves={"preparing": "failed", "announced": "failed"}, waits=False)
def fail(procurement: Procurement, caller: lf.Caller, *, reason: str) -> None:
    """End a procurement that found nobody."""


def demand_lawful(procurement: Procurement, caller: lf.Caller) -> None:
    """What cannot be bought is refused before anybody is asked for an offer."""
    policies.demand_purchasable(procurement)
    programme = Programme.get_by_id(procurement.programme_id)
    if procurement.state == "preparing" and programme.state != "approved":
        raise lf.Conflict(_("项目「{name}」还没有批复，不能采购", name=programme.name))


def demand_money(programme: Programme, caller: lf.Caller) -> None:
    """A programme has money, and a year that can be meant."""
    if programme.amount <= 0 or not 2000 <= programme.budget_year <= 2100:
        raise lf.Invalid(_("预算金额须大于 0，预算年度写作四位年份，例如 2026"))
