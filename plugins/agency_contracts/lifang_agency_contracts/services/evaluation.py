"""A third party judges, two offices countersign, the provider may appeal and rectify once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.models import Appeal, Contract, Evaluation, ScoreItem
from lifang_agency_contracts.models.contract import GRADES, RUNNING
from lifang_agency_contracts.models.evaluation import DEGREES, DIMENSIONS

UNSEALED = ("commissioned", "rechecking")
"""States in which the evaluator still judges."""


@lf.action("提交评估", moves=dict.fromkeys(UNSEALED, "submitted"))
def submit(
    evaluation: Evaluation, caller: lf.Caller, *, summary: Annotated[str, "评估结论"]
) -> lf.Data:
    """The evaluator is done: every dimension has points, and the score follows from them."""
    mine = ScoreItem.evaluation == evaluation.id, ScoreItem.removed_at.is_null()
    items: list[Any] = list(ScoreItem.select().where(*mine).order_by(ScoreItem.id))
    missing = [
        _(label) for word, label in DIMENSIONS.items() if word not in {i.dimension for i in items}
    ]
    if missing:
        raise lf.Conflict(_("还没有打分的维度：{names}", names=_("、").join(missing)))
    result = formula(Contract.get_by_id(evaluation.contract_id)).of(
        lf.Score.item(
            one.dimension, one.name, one.full, points=one.points, degree=one.degree,
            reason=one.reason, proof=one.proof,
        )
        for one in items
    )  # fmt: skip
    evaluation.total, evaluation.grade, evaluation.kept = result.total, result.band, result.kept
    evaluation.summary = summary
    return {"contract": evaluation.contract_id, "total": result.total, "grade": result.band}


def formula(contract: Contract) -> lf.Score:
    """The formula that holds for a contract: the district's settings of the day it was signed."""
    place, on = contract.community_id, contract.signed_on
    weights, bounds = settings.dimension_weights(place, on), settings.grade_bands(place, on)
    try:
        return lf.Score(
            version=f"MZ/T 059 {weights}/{bounds}",
            weights=dict(zip(DIMENSIONS, weights, strict=True)),
            bands=dict(zip(GRADES, [*bounds, 0], strict=True)),
            degrees=dict(zip(DEGREES, (100, 80, 60, 0), strict=True)),
        )
    except ValueError:
        raise lf.Conflict(
            _("设置「评估维度权重」须有 5 项且合计 100，「评估等级下限」须有 3 项且从高到低")
        ) from None


@lf.action("指定专家", event="expert_named")
def name_expert(
    evaluation: Evaluation, caller: lf.Caller, *, expert: Annotated[lf.Person, "评估专家"]
) -> lf.Data:
    """Say who of the evaluator judges: they see case files without the person."""
    if evaluation.state not in UNSEALED:
        raise lf.Conflict(_("评估已提交，不能再指定专家"))
    if not policies.belongs_to(int(expert.id), evaluation.evaluator_id):
        raise lf.Conflict(_("评估专家须是评估机构的人员"))
    evaluation.expert = expert
    return {"contract": evaluation.contract_id}


@lf.action("退回修改", moves={"submitted": "commissioned"})
def send_back(evaluation: Evaluation, caller: lf.Caller, *, reason: str) -> None:
    """The purchaser asks the evaluator to look again, before anybody has signed."""


@lf.action("会签", moves={"submitted": "signed"})
def countersign(evaluation: Evaluation, caller: lf.Caller) -> None:
    """The purchaser countersigns what the evaluator found."""


@lf.action("主管部门会签", moves={"signed": "concluded"}, not_by="countersign")
def conclude(evaluation: Evaluation, caller: lf.Caller) -> lf.Data:
    """The supervising bureau countersigns too: the evaluation takes effect on the contract."""
    return {
        "contract": evaluation.contract_id,
        "stage": evaluation.stage,
        "total": evaluation.total,
        "grade": evaluation.grade,
    }


@lf.action("启动复核", moves={"concluded": "rechecking"})
def recheck(evaluation: Evaluation, caller: lf.Caller) -> None:
    """The evaluator looks again at what the provider has put right; there is one round of it."""
    contract = Contract.get_by_id(evaluation.contract_id)
    if contract.state != "rectifying" or not contract.rectified:
        raise lf.Conflict(_("承接主体还没有提交整改情况，不能复核"))
    evaluation.round += 1


@lf.action("重新评估", moves={"concluded": "commissioned"}, event="reopened")
def reopen(evaluation: Evaluation, caller: lf.Caller) -> None:
    """An appeal was upheld: the evaluator judges anew."""


def demand_scorable(item: ScoreItem, caller: lf.Caller) -> None:
    """An item belongs to its evaluator, and has points that it can have."""
    evaluation = Evaluation.get_by_id(item.evaluation_id)
    item.evaluator = evaluation.evaluator
    if evaluation.state not in UNSEALED:
        raise lf.Conflict(_("评估已提交，评分不能再改"))
    formula(Contract.get_by_id(evaluation.contract_id)).of(
        lf.Score.item(
            word, item.name, item.full, points=item.points, degree=item.degree
        )
        for word in DIMENSIONS
    )  # fmt: skip


def demand_running(evaluation: Evaluation, caller: lf.Caller) -> None:
    """What is evaluated runs, and is judged by neither of its parties."""
    contract = Contract.get_by_id(evaluation.contract_id)
    if evaluation.evaluator_id in (contract.provider_id, contract.purchaser_id):
        sentence = _("评估机构须是第三方，不能是购买主体或承接主体")
        raise lf.Invalid.about("evaluator", "party", sentence)
    if evaluation.state == "commissioned" and contract.state not in RUNNING:
        raise lf.Conflict(_("只有履行中的合同可以评估"))


@lf.action("支持申诉", moves={"filed": "upheld"})
def uphold(appeal: Appeal, caller: lf.Caller, *, decision: Annotated[str, "处理意见"]) -> lf.Data:
    """The bureau finds that the provider is right: the evaluation is done anew."""
    appeal.decision = decision
    return {"contract": appeal.contract_id}


@lf.action("驳回申诉", moves={"filed": "dismissed"})
def dismiss(appeal: Appeal, caller: lf.Caller, *, decision: Annotated[str, "处理意见"]) -> lf.Data:
    """The bureau finds that the evaluation stands."""
    appeal.decision = decision
    return {"contract": appeal.contract_id}


def demand_in_time(appeal: Appeal, caller: lf.Caller) -> None:
    """An appeal comes within the days that the district gives for it."""
    until: dt.date | None = Contract.get_by_id(appeal.contract_id).appeal_until
    if appeal.state == "filed" and (until is None or lf.today() > until):
        raise lf.Conflict(_("现在不在申诉期内；申诉须在评估生效后的申诉期内提出"))
