"""Contracts as open data: release packages of the Open Contracting Data Standard 1.1.

A contract is one contracting process; each stage it has come to is one release, from the plan to
its end. Nobody's name is in it: parties are organizations, and of services it tells only what was
promised, judged and paid.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

import lifang as lf
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.models import (
    Contract,
    Evaluation,
    Indicator,
    Payment,
    Procurement,
    Programme,
    Supplement,
)
from lifang_agency_contracts.models.buying import METHODS
from lifang_agency_contracts.models.contract import GRADES, RUNNING
from lifang_agency_contracts.models.evaluation import STAGES
from lifang_agency_contracts.ocds_blocks import (
    RENDERED,
    Said,
    document,
    known,
    moment,
    money,
    named,
    parties,
)
from lifang_agency_contracts.services.money import standing

VERSION = "1.1"

WAYS = {
    "open": "open", "invited": "selective", "consultation": "selective",
    "negotiation": "limited", "inquiry": "selective", "single_source": "direct",
    "framework": "selective",
}  # fmt: skip
"""Methods of 政府采购法 in the standard's closed list; the details say their own name."""

BEGUN = (*RUNNING, "final_evaluated", "accepted", "settled", "archived")
OVER = ("settled", "archived", "terminated")


def package(records: Iterable[Contract], caller: lf.Caller, taken: Any) -> Iterator[bytes]:
    """A release package of some contracts, piece by piece: UTF-8 JSON, a contract at a time."""
    at: dt.datetime = taken.at
    head = {
        "uri": f"urn:lifang:{caller.instance.id}:agency_contracts:{at:%Y%m%dT%H%M%SZ}",
        "version": VERSION,
        "publishedDate": moment(at, caller),
        "publisher": {"name": "里坊 Lifang"},
    }
    yield (_written(head)[:-1] + ', "releases": [').encode()
    between = ""
    for record in records:
        told = ",\n".join(_written(release) for release in releases(record, caller))
        yield (between + told).encode()
        between = ",\n"
    yield b"]}\n"


release_packages = lf.Format("OCDS 1.1", "application/json", "json", package)


def releases(contract: Contract, caller: lf.Caller) -> list[Said]:
    """What is to be told of a contract, one release a stage, the earliest first."""
    prefix = settings.ocid_prefix(contract.community_id)
    ocid = f"{prefix}-{caller.instance.id}-{contract.id}"
    told = [("planning", contract.created_at, _planning(contract))]
    procurement: Procurement | None = contract.procurement
    if procurement is not None and procurement.announced_on and procurement.award_notice_on:
        began = policies.midnight(procurement.announced_on, caller)
        told.append(("tender", began, _tender(contract, procurement, caller)))
        awarded = policies.midnight(procurement.award_notice_on, caller)
        told.append(("award", awarded, _award(contract, procurement, caller)))
    if contract.signed_on is not None:
        told.append(("contract", policies.midnight(contract.signed_on, caller), {}))
    for supplement in _agreed(contract):
        told.append(("contractAmendment", policies.midnight(supplement.agreed_on, caller), {}))
    if contract.signed_on is not None and contract.state in BEGUN:
        told.append(("implementation", _changed(contract), {}))
    if contract.signed_on is not None and contract.state in OVER:
        told.append(("contractTermination", contract.updated_at, {}))
    return [
        {
            "ocid": ocid,
            "id": f"{ocid}-{number:03}-{tag}",
            "date": moment(at, caller),
            "tag": [tag],
            "initiationType": "tender",
            "language": "zh",
            "parties": parties(contract, tag),
            "buyer": named(contract.purchaser),
            **(said or {"contracts": [_contract(contract, caller, tag, at)]}),
        }
        for number, (tag, at, said) in enumerate(told, 1)
    ]


def _planning(contract: Contract) -> Said:
    programme = Programme.get_by_id(contract.programme_id)
    consulted = {
        "id": "consultation",
        "title": "征求服务对象意见",
        "type": "engagement",
        "status": "met",
    }
    budget = {
        "id": str(programme.id),
        "project": programme.name,
        "description": f"{programme.budget_year} 年预算",
        "amount": money(programme.amount),
    }
    milestones = [consulted] if programme.consulted_on else []
    return {"planning": known(rationale=programme.demand, budget=budget, milestones=milestones)}


def _tender(contract: Contract, procurement: Procurement, caller: lf.Caller) -> Said:
    programme = Programme.get_by_id(contract.programme_id)
    ends = procurement.bid_deadline
    item = {"id": "1", "description": programme.name, "quantity": 1, "unit": {"name": "项"}}
    return {
        "tender": known(
            id=f"tender-{procurement.id}",
            title=programme.name,
            description=programme.demand,
            status="complete",
            procuringEntity=named(contract.purchaser),
            items=[item],
            value=money(programme.amount),
            procurementMethod=WAYS[procurement.method],
            procurementMethodDetails=METHODS[procurement.method],
            mainProcurementCategory="services",
            tenderPeriod={"endDate": moment(ends, caller)} if ends else None,
            documents=document("tenderNotice", procurement.notice_url),
        )
    }


def _award(contract: Contract, procurement: Procurement, caller: lf.Caller) -> Said:
    assert procurement.award_notice_on and procurement.award  # noqa: S101 – it was awarded
    award = known(
        id=f"award-{procurement.id}",
        title=contract.name,
        status="active",
        date=moment(policies.midnight(procurement.award_notice_on, caller), caller),
        value=money(procurement.award),
        suppliers=[named(contract.provider)],
        documents=document("awardNotice", procurement.award_url),
    )
    return {"awards": [award]}


def _contract(contract: Contract, caller: lf.Caller, tag: str, at: dt.datetime) -> Said:
    """A contract as far as a release of its stage tells of it."""
    assert contract.signed_on and contract.starts_on and contract.ends_on  # noqa: S101 – signed
    agreed = [s for s in _agreed(contract) if policies.midnight(s.agreed_on, caller) <= at]
    worth = (contract.amount or 0) + sum(one.amount for one in agreed)
    begins = policies.midnight(contract.starts_on, caller)
    ends = policies.midnight(contract.ends_on, caller)
    return known(
        id=f"contract-{contract.id}",
        awardID=f"award-{contract.procurement_id}",
        title=contract.name,
        status="terminated" if tag == "contractTermination" else "active",
        period={"startDate": moment(begins, caller), "endDate": moment(ends, caller)},
        value=money(worth),
        dateSigned=moment(policies.midnight(contract.signed_on, caller), caller),
        documents=document("contractNotice", contract.published_url),
        amendments=[_amendment(one, caller) for one in agreed],
        implementation=_implementation(contract, caller) if tag in RENDERED else None,
    )


def _amendment(supplement: Supplement, caller: lf.Caller) -> Said:
    return {
        "id": f"supplement-{supplement.id}",
        "date": moment(policies.midnight(supplement.agreed_on, caller), caller),
        "rationale": supplement.reason,
        "description": f"追加 {lf.Money.text(supplement.amount)} 元",
    }


def _implementation(contract: Contract, caller: lf.Caller) -> Said | None:
    paid = standing(contract).where(Payment.state == "paid")
    transactions = [
        {
            "id": f"payment-{one.id}",
            "date": moment(policies.midnight(one.paid_on, caller), caller),
            "value": money(one.amount),
            "payer": named(contract.purchaser),
            "payee": named(contract.provider),
        }
        for one in paid
    ]
    mine = Indicator.contract == contract.id, Indicator.removed_at.is_null()
    promised = [
        {
            "id": f"indicator-{one.id}",
            "title": one.name,
            "type": "delivery",
            "description": f"{one.target} {one.measure}",
            "status": "scheduled" if contract.score is None else "partiallyMet",
        }
        for one in Indicator.select().where(*mine).order_by(Indicator.id)
    ]
    judged = Evaluation.contract == contract.id, Evaluation.state == "concluded"
    rows: Any = Evaluation.select().where(*judged, Evaluation.removed_at.is_null())
    assessed = [
        {
            "id": f"evaluation-{one.id}",
            "title": f"{STAGES[one.stage]}评估",
            "type": "assessment",
            "description": f"{one.total // 10}.{one.total % 10} 分，{GRADES[one.grade]}",
            "status": "met",
        }
        for one in rows.order_by(Evaluation.id)
    ]
    return known(transactions=transactions, milestones=promised + assessed) or None


def _agreed(contract: Contract) -> list[Any]:
    mine = Supplement.contract == contract.id, Supplement.state == "agreed"
    found: Any = Supplement.select().where(*mine, Supplement.removed_at.is_null())
    return list(found.order_by(Supplement.agreed_on, Supplement.id))


def _changed(contract: Contract) -> dt.datetime:
    """When a contract or one of its payments was changed last."""
    changes: list[dt.datetime] = [one.updated_at for one in standing(contract)]
    return max([contract.updated_at, *changes])


def _written(told: Said) -> str:
    return json.dumps(told, ensure_ascii=False)
