"""What agency contracts keep, by noun."""

from lifang_agency_contracts.models.buying import Procurement, Programme
from lifang_agency_contracts.models.case import CaseFile, CaseNote
from lifang_agency_contracts.models.contract import Contract, Payment, Supplement
from lifang_agency_contracts.models.evaluation import Appeal, Evaluation, ScoreItem
from lifang_agency_contracts.models.service import (
    Indicator,
    MonthlyReport,
    Progress,
    ServiceLog,
    StaffMember,
)

__all__ = [
    "Appeal",
    "CaseFile",
    "CaseNote",
    "Contract",
    "Evaluation",
    "Indicator",
    "MonthlyReport",
    "Payment",
    "Procurement",
    "Programme",
    "Progress",
    "ScoreItem",
    "ServiceLog",
    "StaffMember",
    "Supplement",
]
