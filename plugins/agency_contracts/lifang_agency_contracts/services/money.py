"""What is paid on a contract, what is bought beside it, and how both end."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies
from lifang_agency_contracts.models import Contract, Payment, Supplement

CONCLUDED = ("final_evaluated", "accepted", "settled")
FAILED, ENDED = "评估不合格", "合同终止"
"""Why parts are blocked by themselves."""

OPEN = ("due", "applied", "approved")
"""States of a payment that still expects its money."""


@lf.action("申请付款", moves={"due": "applied"})
def apply(payment: Payment, caller: lf.Caller) -> None:
    """The provider asks for a part of the price; parts are asked for in order."""
    contract = Contract.get_by_id(payment.contract_id)
    if contract.state in ("planned", "procured", "signed", "filed", "terminated"):
        raise lf.Conflict(_("合同不在履行中，不能申请付款"))
    if before := standing(contract).where(Payment.number < payment.number, Payment.state == "due"):
        raise lf.Conflict(_("请先申请第 {n} 期", n=before.get().number))
    payment.applied_on = lf.today()


@lf.action("批准付款", moves={"applied": "approved"}, not_by="apply")
def approve(payment: Payment, caller: lf.Caller) -> None:
    """The purchaser approves a part; the last one only after a final evaluation that was passed."""
    contract = Contract.get_by_id(payment.contract_id)
    if contract.grade == "failed":
        raise lf.Conflict(_("合同评估不合格，停止付款"))
    last = standing(contract).where(Payment.number > payment.number)
    if not last.exists() and contract.state not in CONCLUDED:
        raise lf.Conflict(_("最后一期须在末期评估生效后批准"))


@lf.action("付款", moves={"approved": "paid"}, not_by="approve")
def pay(
    payment: Payment,
    caller: lf.Caller,
    *,
    voucher: Annotated[str, "付款凭证号"],
    date: dt.date,
) -> lf.Data:
    """Say when a part was paid, and by which voucher."""
    if payment.applied_on is None or not payment.applied_on <= date <= lf.today():
        raise lf.Invalid(_("付款日期须在申请日期和今天之间"))
    payment.paid_on, payment.voucher = date, voucher
    return {"contract": payment.contract_id, "amount": payment.amount}


@lf.action("停付", moves=dict.fromkeys(OPEN, "blocked"), waits=False)
def block(payment: Payment, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Pay a part no further, and say why."""
    payment.block_reason = reason[:200]
    return {"contract": payment.contract_id, "amount": payment.amount}


@lf.action("恢复付款", moves={"blocked": "due"}, waits=False)
def release(payment: Payment, caller: lf.Caller) -> None:
    """Let a part that was blocked be asked for again; its contract is neither failed nor ended."""
    contract = Contract.get_by_id(payment.contract_id)
    if contract.grade == "failed" or contract.state == "terminated":
        raise lf.Conflict(_("合同评估不合格或已终止，不能恢复付款"))
    payment.block_reason = payment.applied_on = None  # type: ignore[assignment]  # peewee knows no null


def block_all(contract: Contract, caller: lf.Caller, reason: str) -> None:
    """Block every part that was not paid; the contract tells of each."""
    for payment in standing(contract).where(Payment.state.in_(OPEN)):
        lf.act(block, payment, caller, reason=reason)
        told = {"payment": int(payment.id), "number": payment.number, "amount": payment.amount}
        lf.tell(contract, caller, "payment_blocked", reason=reason, **told)


def release_all(contract: Contract, caller: lf.Caller) -> None:
    """Let every part that an evaluation had blocked be asked for again."""
    blocked = Payment.state == "blocked", Payment.block_reason == FAILED
    for payment in standing(contract).where(*blocked):
        lf.act(release, payment, caller)


@lf.action("签订追加合同", moves={"drafted": "agreed"})
def agree(supplement: Supplement, caller: lf.Caller, *, date: dt.date) -> lf.Data:
    """Buy more of the same from the same provider; `events.py` makes it one more payment."""
    contract = Contract.get_by_id(supplement.contract_id)
    if contract.signed_on is None or not contract.signed_on <= date <= lf.today():
        raise lf.Invalid(_("签订日期须在合同签订日期和今天之间"))
    supplement.agreed_on = date
    return {"contract": supplement.contract_id, "amount": supplement.amount}


@lf.action("撤回", moves={"drafted": "withdrawn"}, waits=False)
def withdraw(supplement: Supplement, caller: lf.Caller, *, reason: str) -> None:
    """Give a supplement up; what it would have cost may be bought otherwise."""


def demand_share(supplement: Supplement, caller: lf.Caller) -> None:
    """All supplements of a contract together stay within a tenth of it (政府采购法 第四十九条).

    Whoever adds to a contract at the same moment is overtaken, so no two slip through together.
    """
    if supplement.state == "withdrawn":
        return
    contract = Contract.get_by_id(supplement.contract_id)
    if supplement.amount <= 0:
        _refuse("amount", _("追加金额须大于 0"))
    if supplement.state == "drafted" and contract.state not in ("running", "mid_evaluated"):
        raise lf.Conflict(_("只有履行中的合同可以追加"))
    cap = (contract.amount or 0) * policies.SUPPLEMENT_PERCENT // 100
    both = supplement.amount + policies.total(
        Supplement.amount,
        Supplement.contract == contract.id,
        Supplement.id != supplement.id,
        Supplement.state != "withdrawn",
        Supplement.removed_at.is_null(),
    )
    if both > cap:
        told = {"sum": lf.Money.text(both), "cap": lf.Money.text(cap)}
        sentence = _("追加合计 {sum} 元，超过合同金额的 10%（{cap} 元），不能追加", **told)
        _refuse("amount", sentence)


def demand_priced(payment: Payment, caller: lf.Caller) -> None:
    """The parts of a contract never come to more than it and its supplements."""
    if payment.amount <= 0 or payment.number <= 0:
        _refuse("amount", _("付款金额和期次须大于 0"))
    contract = Contract.get_by_id(payment.contract_id)
    agreed, asked = (
        worth(contract),
        payment.amount
        + policies.total(
            Payment.amount,
            Payment.contract == payment.contract_id,
            Payment.id != payment.id,
            Payment.removed_at.is_null(),
        ),
    )
    if asked > agreed:
        told = {"sum": lf.Money.text(asked), "amount": lf.Money.text(agreed)}
        _refuse("amount", _("付款合计 {sum} 元，超过合同和追加合同的 {amount} 元", **told))


def worth(contract: Contract) -> int:
    """What a contract and its agreed supplements come to, in fen."""
    return (contract.amount or 0) + policies.total(
        Supplement.amount,
        Supplement.contract == contract.id,
        Supplement.state == "agreed",
        Supplement.removed_at.is_null(),
    )


def standing(contract: Contract | int) -> Any:
    """The payments of a contract, in order."""
    mine = Payment.contract == contract, Payment.removed_at.is_null()
    return Payment.select().where(*mine).order_by(Payment.number)


def _refuse(field: str, sentence: str) -> None:
    raise lf.Invalid.about(field, "amount", sentence)
