"""Contracts: nearly every field of theirs is said by an action."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.documents import acceptance_sheet
from lifang_agency_contracts.models import Contract
from lifang_agency_contracts.ocds import release_packages
from lifang_agency_contracts.services import closing, contract, reporting

SAID_BY_ACTIONS = [
    field
    for field in Contract._meta.fields
    if field
    not in {
        "id", "name", "community", "programme", "purchaser", "provider_grade",
        "provider_grade_until", "judged",
        "version", "created_at", "created_by", "updated_at", "removed_at",
    }
]  # fmt: skip

contracts = lf.Resource(
    Contract,
    label="购买合同",
    columns=["name", "number", "community", "provider", "amount", "state", "sign_due"],
    search=["name"],
    unit="provider",
    open=True,
    dated="signed_on",
    attachments={
        "contract": "合同文本",
        "opinions": "服务对象意见",
        "liquidation": "终止结算清单",
        "other": "其他材料",
    },
    sealed=["archived"],
    documents=[acceptance_sheet],
    formats={"ocds": release_packages},
    hidden=["judged"],
    locked=SAID_BY_ACTIONS,
    editable=["planned", "procured"],
    rules=[contract.demand_whole],
    actions=[
        contract.procure,
        contract.agree,
        contract.sign,
        contract.publish,
        contract.file,
        contract.start,
        contract.redate,
        closing.judge_mid,
        closing.judge_final,
        closing.reopen,
        closing.rectify,
        closing.report_rectified,
        closing.accept,
        closing.publish_result,
        closing.return_data,
        closing.settle,
        closing.archive,
        closing.terminate,
        reporting.miss,
    ],
    timers=[
        *(f"{clock}_{when}" for clock in contract.CLOCKS for when in ("warned", "overdue")),
        "appeal_closed",
        "rectify_overdue",
        "indicator_behind",
        "payment_blocked",
    ],
    roles={
        "subdistrict_admin": (
            "read create update remove procure sign publish file start rectify accept"
            " publish_result settle archive terminate export"
        ),
        "unit_liaison": "read:unit agree:unit report_rectified:unit return_data:unit",
        "auditor": "read",
    },
    never="redate judge_mid judge_final reopen miss import export_full reveal",
)
