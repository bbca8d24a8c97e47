"""What follows when somebody moves."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import end


@lf.on("core.person.moved", at="old")  # delivered where the plugin is on at the community left
def close_old_reports(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever moves away no longer reports to the old community."""
    old = event.data["old"]
    for report in lf.each(reports, caller, person=event.subject, community=old, state__not="ended"):
        lf.act(end, report, caller, reason="已迁出")
