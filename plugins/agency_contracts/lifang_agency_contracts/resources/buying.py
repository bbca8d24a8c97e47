"""Programmes and procurements, which the purchaser keeps."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.models import Procurement, Programme
from lifang_agency_contracts.services import buying

programmes = lf.Resource(
    Programme,
    label="购买项目",
    open=True,
    columns=["name", "community", "budget_year", "amount", "state"],
    search=["name"],
    editable=["draft"],
    rules=[buying.demand_money],
    actions=[buying.approve, buying.close],
    roles={
        "subdistrict_admin": "read create update remove close export",
        "district_admin": "approve",
        "auditor": "read",
    },
    never="import export_full reveal",
)

procurements = lf.Resource(
    Procurement,
    label="采购",
    scope=lf.Via("programme"),
    columns=["programme", "method", "winner", "award", "award_notice_on", "state"],
    locked=["notice_url", "announced_on", "winner", "award", "award_notice_on", "award_url"],
    editable=["preparing"],
    rules=[buying.demand_lawful],
    actions=[buying.announce, buying.award, buying.fail],
    roles={
        "subdistrict_admin": "read create update remove announce award fail export",
        "auditor": "read",
    },
    never="import export_full reveal",
)
