"""A contract on its way from the plan to the day it runs, with the clocks of the law."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.documents import contract_number
from lifang_agency_contracts.models import Contract, Procurement, Programme
from lifang_agency_contracts.services.paying import plan_payments

CLOCKS = {"sign": "sign_due", "publish": "publish_due", "file": "file_due"}
"""What is to be done in time, and the field that keeps the last day for it."""

APPEAL = "appeal_closed"


@lf.action("确认采购结果", moves={"planned": "procured"})
def procure(
    contract: Contract, caller: lf.Caller, *, procurement: Annotated[Procurement, "采购"]
) -> lf.Data:
    """Take the provider and the price from a procurement; thirty days begin to sign in."""
    programme = Programme.get_by_id(contract.programme_id)
    policies.demand_consulted(programme)
    policies.demand_purchasable(procurement)
    if procurement.programme_id != programme.id or procurement.state != "awarded":
        raise lf.Conflict(_("请选择本项目已成交的采购"))
    notice, provider = procurement.award_notice_on, procurement.winner_id
    assert provider is not None  # noqa: S101 – an awarded procurement has its winner
    contract.procurement, contract.provider = procurement, procurement.winner
    policies.demand_not_barred(contract, lf.today())
    contract.amount, contract.award_notice_on = procurement.award, notice
    run_clock(contract, caller, "sign", start=notice, days=policies.SIGN_DAYS)
    return {"provider": provider, "amount": procurement.award, "sign_due": day(contract.sign_due)}


@lf.action(
    "承接主体确认",
    event="agreed",
    when=lambda view: view["state"] == "procured" and not view["agreed_on"],
)
def agree(contract: Contract, caller: lf.Caller) -> None:
    """The provider agrees to the contract as it lies before both."""
    if contract.state != "procured" or contract.agreed_on is not None:
        raise lf.Conflict(_("只有已采购、承接主体尚未确认的合同可以确认"))
    contract.agreed_on = lf.today()


@lf.action("签订", moves={"procured": "signed"})
def sign(  # noqa: PLR0913 – what a signed contract says, each by name
    contract: Contract,
    caller: lf.Caller,
    *,
    amount: Annotated[int, "合同金额", "须等于中标（成交）金额", lf.Money],
    starts_on: Annotated[dt.date, "开始日期"],
    ends_on: Annotated[dt.date, "结束日期"],
    signed_on: Annotated[dt.date, "签订日期"],
    late_reason: Annotated[str, "逾期签订原因"] = "",
) -> lf.Data:
    """Sign what both have agreed to, for the price that was awarded; two more clocks begin."""
    if contract.agreed_on is None:
        raise lf.Conflict(_("承接主体还没有确认，不能签订"))
    if amount != contract.amount:
        told = {"award": lf.Money.text(contract.amount or 0), "amount": lf.Money.text(amount)}
        raise lf.Conflict(_("合同金额须等于中标（成交）金额 {award} 元，不是 {amount} 元", **told))
    policies.demand_not_barred(contract, starts_on)
    policies.demand_grade_holds(contract, signed_on)
    _demand_signing_day(contract, signed_on, late_reason)
    contract.number = contract_number.next(contract.community_id, caller, signed_on)
    contract.signed_on = signed_on
    contract.starts_on, contract.ends_on = starts_on, ends_on
    contract.late_reason = late_reason or None
    stop_clock(contract, caller, "sign")
    start = signed_on
    run_clock(contract, caller, "publish", start=start, working_days=policies.PUBLISH_WORKING_DAYS)
    run_clock(contract, caller, "file", start=start, working_days=policies.FILE_WORKING_DAYS)
    plan_payments(contract, caller)
    return {
        "provider": contract.provider_id,
        "number": contract.number,
        "publish_due": day(contract.publish_due),
        "file_due": day(contract.file_due),
    }


def _demand_signing_day(contract: Contract, signed_on: dt.date, late_reason: str) -> None:
    first, last = contract.award_notice_on, contract.sign_due
    assert first is not None and last is not None  # noqa: S101 – set by `procure`
    if not first <= signed_on <= lf.today():
        raise lf.Invalid(
            _("签订日期须在 {first} 和今天之间", first=first),
            errors=[lf.FieldError("signed_on", "range", _("早于通知书日期或晚于今天"))],
        )
    if signed_on > last and not late_reason:
        raise lf.Conflict(
            _("已超过签订期限 {last}（通知书发出后 30 日）；请说明逾期原因", last=last)
        )


@lf.action(
    "公告合同",
    event="published",
    when=lambda view: bool(view["publish_due"]) and not view["published_on"],
)
def publish(
    contract: Contract,
    caller: lf.Caller,
    *,
    url: Annotated[str, "公告网址"],
    date: dt.date,
) -> lf.Data:
    """Say where the contract was published, and when."""
    demand_between(contract.signed_on, date, "date")
    if contract.published_on is not None:
        raise lf.Conflict(_("合同已于 {day} 公告", day=contract.published_on))
    policies.demand_url(url, "url")
    contract.published_on, contract.published_url = date, url
    stop_clock(contract, caller, "publish")
    return {"late": late(date, contract.publish_due)}


@lf.action("备案", moves={"signed": "filed"})
def file(contract: Contract, caller: lf.Caller, *, date: dt.date) -> lf.Data:
    """Say when a copy went to the finance department."""
    demand_between(contract.signed_on, date, "date")
    contract.filed_on = date
    stop_clock(contract, caller, "file")
    return {"late": late(date, contract.file_due)}


@lf.action("开始履行", moves={"filed": "running"})
def start(contract: Contract, caller: lf.Caller) -> None:
    """Let services begin: the contract is published, filed, and its first day has come."""
    if contract.published_on is None:
        raise lf.Conflict(_("合同还没有公告，不能开始履行"))
    if contract.starts_on is None or contract.starts_on > lf.today():
        raise lf.Conflict(_("合同的开始日期 {day} 还没有到", day=contract.starts_on))


def demand_between(first: dt.date | None, date: dt.date, field: str) -> None:
    """A day lies after the contract was signed, and is not still to come."""
    if first is None or not first <= date <= lf.today():
        raise lf.Invalid.about(field, "range", _("日期须在签订日期和今天之间"))


def run_clock(contract: Contract, caller: lf.Caller, what: str, **rule: Any) -> None:
    """Let a period of the law begin: keep its last day, and tell before it and when it is over."""
    moment = lf.deadline(contract, caller, f"{what}_overdue", **rule)
    keep_due(contract, caller, what, moment)


def keep_due(contract: Contract, caller: lf.Caller, what: str, moment: dt.datetime) -> None:
    """Keep the last day of a period, and tell of it some days before (setting `warn_days`)."""
    last = policies.last_day(moment, caller)
    ahead = settings.warn_days(contract.community_id)
    setattr(contract, CLOCKS[what], last)
    warned = moment - dt.timedelta(days=ahead + 1)
    lf.timer(contract, caller, f"{what}_warned", warned, due=last.isoformat(), left=ahead)


def stop_clock(contract: Contract, caller: lf.Caller, what: str) -> None:
    """What was to be done is done: nothing is told any more."""
    lf.timer(contract, caller, f"{what}_overdue", None)
    lf.timer(contract, caller, f"{what}_warned", None)


@lf.action("按日历重排期限", event="redated")
def redate(
    contract: Contract,
    caller: lf.Caller,
    *,
    clock: Annotated[str, "期限"],
    at: Annotated[str, "到期时刻"],
) -> None:
    """Follow the calendar: a period that is still running ends on another day."""
    moment = dt.datetime.fromisoformat(at)
    if clock == APPEAL:
        contract.appeal_until = policies.last_day(moment, caller)
    else:
        keep_due(contract, caller, clock, moment)


def late(date: dt.date, due: dt.date | None) -> bool:
    """Whether something was done after its last day."""
    return due is not None and date > due


def day(value: dt.date | None) -> str | None:
    """A day as events carry it."""
    return value.isoformat() if value else None


def _bought(contract: Contract) -> tuple[int, int]:
    """What a procurement was held for, and by whom; where that lies may change with the tree."""
    return contract.programme_id, contract.purchaser_id


def demand_whole(contract: Contract, caller: lf.Caller) -> None:
    """A contract is for an approved programme of its place, and within the budget."""
    programme = Programme.get_by_id(contract.programme_id)
    if contract.state == "planned":
        if programme.state != "approved":
            raise lf.Conflict(_("项目「{name}」还没有批复", name=programme.name))
        if programme.community_id != contract.community_id:
            raise lf.Invalid(_("合同的购买地区须与项目相同"))
    elif _bought(Contract.get_by_id(contract.id)) != _bought(contract):
        raise lf.Conflict(_("采购结果已确认，不能更换项目和购买主体"))
    policies.demand_grade(contract)
    policies.demand_term(contract, caller)
    policies.demand_budget(contract, caller)
