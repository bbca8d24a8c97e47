"""Monthly reports."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts.models import MonthlyReport
from lifang_agency_contracts.services import reporting
from lifang_agency_contracts.services.filling import of_its_provider

monthly_reports = lf.Resource(
    MonthlyReport,
    label="月报",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "month", "due", "submitted_on", "state"],
    locked=["provider", "due", "submitted_on"],
    editable=["draft"],
    rules=[of_its_provider, reporting.demand_month],
    actions=[reporting.submit, reporting.accept],
    roles={
        "subdistrict_admin": "read accept export",
        "unit_liaison": "read:unit create:unit update:unit remove:unit submit:unit",
    },
    never="import export_full reveal",
)
