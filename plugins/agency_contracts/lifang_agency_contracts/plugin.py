"""Agency contracts (政府购买社工服务): services of social work bought from agencies, and judged."""

import lifang as lf
from lifang_agency_contracts.events import handlers
from lifang_agency_contracts.indicators import INDICATORS
from lifang_agency_contracts.pages import home_cards
from lifang_agency_contracts.resources.buying import procurements, programmes
from lifang_agency_contracts.resources.case import case_files, case_notes
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.evaluation import appeals, evaluations, score_items
from lifang_agency_contracts.resources.money import payments, supplements
from lifang_agency_contracts.resources.reporting import monthly_reports
from lifang_agency_contracts.resources.service import (
    indicators,
    progress,
    service_logs,
    staff_members,
)
from lifang_agency_contracts.schemas import payloads
from lifang_agency_contracts.settings import presets, settings

plugin = lf.Plugin(
    "agency_contracts",
    "政府购买服务",
    resources=[
        programmes,
        procurements,
        contracts,
        payments,
        supplements,
        staff_members,
        indicators,
        service_logs,
        monthly_reports,
        progress,
        evaluations,
        score_items,
        appeals,
        case_files,
        case_notes,
    ],
    handlers=handlers,
    hooks=[home_cards],
    settings=settings,
    presets=presets,
    payloads=payloads,
    indicators=INDICATORS,
)
