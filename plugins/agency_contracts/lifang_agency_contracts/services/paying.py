"""The parts in which a contract and its supplements are paid."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.models import Contract, Payment, Supplement
from lifang_agency_contracts.resources.money import payments
from lifang_agency_contracts.services.money import standing


def plan_payments(contract: Contract, caller: lf.Caller) -> None:
    """Split the price by the district's percentages, to the fen."""
    percents = settings.payment_split(contract.community_id, contract.signed_on)
    if sum(percents) != 100:
        raise lf.Conflict(_("设置「付款比例」合计须为 100，现在是 {sum}", sum=sum(percents)))
    parts = policies.split(contract.amount or 0, percents)
    for number, amount in enumerate(parts, 1):
        told = {"contract": contract.id, "number": number, "amount": lf.Money.text(amount)}
        lf.write(payments, "create", caller, told)


def add_payment(supplement: Supplement, caller: lf.Caller) -> None:
    """A supplement that was agreed is paid as a part of its own, after the others."""
    if Payment.select(Payment.id).where(Payment.supplement == supplement.id).exists():
        return
    last = standing(supplement.contract_id).order_by(Payment.number.desc()).first()
    told: dict[str, Any] = {
        "contract": supplement.contract_id,
        "supplement": supplement.id,
        "number": last.number + 1 if last else 1,
        "amount": lf.Money.text(supplement.amount),
        "condition": _("追加合同 {day}", day=supplement.agreed_on),
    }
    lf.write(payments, "create", caller, told)
