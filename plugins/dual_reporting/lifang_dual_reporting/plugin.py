"""Dual reporting (双报到): people of an organization also report to the community they live in."""

import lifang as lf
from lifang_dual_reporting.events import close_old_reports, payloads
from lifang_dual_reporting.indicators import reporting
from lifang_dual_reporting.resources import reports, service_entries


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many people report where this caller looks."""
    serving = lf.count(reports, caller, state="accepted")
    return [lf.Card("已报到人数", str(serving), "/p/dual-reporting/reports?state=accepted")]


plugin = lf.Plugin(
    "dual_reporting",
    "双报到",
    resources=[reports, service_entries],
    handlers=[close_old_reports],
    payloads=payloads,
    hooks=[home_cards],
    indicators=[reporting],
)
