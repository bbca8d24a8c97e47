"""What dual reporting shows on the dashboard."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.resources import reports


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many people report where this caller looks."""
    serving = lf.count(reports, caller, state=list(SERVING))
    query = "&".join(f"state={state}" for state in SERVING)
    return [lf.Card("已报到人数", str(serving), f"/p/dual-reporting/reports?{query}")]
