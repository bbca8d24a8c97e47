"""Papers of a contract: its number, and the sheet of its acceptance (验收单)."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_agency_contracts.models import Contract, Evaluation, Indicator, Payment
from lifang_agency_contracts.models.contract import GRADES
from lifang_agency_contracts.services.money import standing
from lifang_agency_contracts.services.progress import done

contract_number = lf.Number("agency_contracts.contract", "合同编号", "GM-{code}-{year}-{n:03}")


def content(contract: Contract, caller: lf.Caller) -> list[lf.Section]:
    """What was agreed, what was done, how it was judged, paid and found by its users."""
    agreed = (
        (_("合同编号"), contract.number or ""),
        (_("合同名称"), contract.name),
        (_("购买主体"), contract.purchaser.name),
        (_("承接主体"), contract.provider.name if contract.provider else ""),
        (_("合同金额"), lf.Money.text(contract.amount or 0)),
        (_("合同期"), f"{contract.starts_on} – {contract.ends_on}"),
    )
    mine = Indicator.contract == contract.id, Indicator.removed_at.is_null()
    promised: Any = Indicator.select().where(*mine).order_by(Indicator.id)
    services = [(one.name, f"{one.target} {one.measure}", str(done(one))) for one in promised]
    judged = Evaluation.contract == contract.id, Evaluation.state == "concluded"
    results: Any = Evaluation.select().where(*judged, Evaluation.removed_at.is_null())
    grades = [
        (one.evaluator.name, f"{one.total // 10}.{one.total % 10}", _(GRADES[one.grade]))
        for one in results.order_by(Evaluation.id)
    ]
    states = dict(Payment.state.choices)
    parts = [
        (str(one.number), lf.Money.text(one.amount), _(states[one.state]))
        for one in standing(contract)
    ]
    return [
        lf.Section(_("合同"), (_("项目"), _("内容")), agreed),
        lf.Section(_("服务完成情况"), (_("指标"), _("合同期目标"), _("完成")), tuple(services)),
        lf.Section(_("评估结果"), (_("评估机构"), _("得分"), _("等级")), tuple(grades)),
        lf.Section(_("付款"), (_("期次"), _("金额"), _("状态")), tuple(parts)),
        lf.Section(_("服务对象意见"), (_("意见"),), ((contract.user_opinions or "",),)),
    ]


acceptance_sheet = lf.Document("agency_contracts.acceptance_sheet", "验收单", content=content)
