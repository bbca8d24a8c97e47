"""What is paid, and what is bought beside a contract."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.models import Payment, Supplement
from lifang_agency_contracts.services import money
from lifang_agency_contracts.services.filling import of_its_provider

payments = lf.Resource(
    Payment,
    label="付款",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "number", "amount", "state", "paid_on"],
    locked=["provider", "applied_on", "paid_on", "voucher", "block_reason"],
    editable=["due"],
    rules=[of_its_provider, money.demand_priced],
    actions=[money.apply, money.approve, money.pay, money.block, money.release],
    roles={
        "subdistrict_admin": "read create update remove approve pay block release export",
        "unit_liaison": "read:unit apply:unit",
        "auditor": "read",
    },
    never="import export_full reveal",
)

supplements = lf.Resource(
    Supplement,
    label="追加合同",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "amount", "reason", "state", "agreed_on"],
    locked=["provider", "agreed_on"],
    editable=["drafted"],
    rules=[of_its_provider, money.demand_share],
    actions=[money.agree, money.withdraw],
    roles={
        "subdistrict_admin": "read create update remove agree withdraw export",
        "unit_liaison": "read:unit",
        "auditor": "read",
    },
    never="import export_full reveal",
)
