"""Dual reporting (双报到): people of an organization also report to the community they live in."""

import lifang as lf
from lifang_dual_reporting.events import handlers
from lifang_dual_reporting.indicators import reporting
from lifang_dual_reporting.pages import home_cards
from lifang_dual_reporting.resources import reports, service_entries
from lifang_dual_reporting.schemas import payloads

plugin = lf.Plugin(
    "dual_reporting",
    "双报到",
    resources=[reports, service_entries],
    handlers=handlers,
    payloads=payloads,
    hooks=[home_cards],
    indicators=[reporting],
)
