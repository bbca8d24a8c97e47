"""What is done with reports, and what must hold of them."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models import Report


@lf.action("接收", moves={"submitted": "accepted"})
def accept(report: Report, caller: lf.Caller) -> None:
    """Accept a submitted report on behalf of the community."""


@lf.action("结束", moves={lf.ANY: "ended"})
def end(report: Report, caller: lf.Caller, *, reason: str) -> lf.Data:
    """End a report, whatever its state."""
    return {"reason": reason}  # what an action returns is its event's payload: chosen
