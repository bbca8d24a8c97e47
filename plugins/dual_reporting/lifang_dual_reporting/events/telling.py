"""Who is told of what happens to a report."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting import notices
from lifang_dual_reporting.resources import reports

REPORT = "dual_reporting.report"
OF_PEOPLE = {"accepted", "rejected", "transfer_proposed"}
OF_EMPLOYERS = {"accepted", "suspended", "ended"}
KINDS = {one.name.rpartition(".")[2]: one for one in notices.notices}


@lf.on(*(f"{REPORT}.{what}" for what in KINDS))
def tell_of_reports(event: lf.Event, caller: lf.Caller) -> None:
    """The person, the employer's liaisons and the community's workers learn what concerns them."""
    what, report = event.type.rpartition(".")[2], lf.find(reports, caller, id=event.subject)
    if report is None or event.replaying:
        return
    whom: list[Any] = [report.person] if what in OF_PEOPLE else []
    if what in OF_EMPLOYERS and report.organization is not None:
        whom.append(report.organization)
    if what == "transfer_asked":
        whom.append("community_worker")
    known = {
        "person": report.person,
        "community": report.community.name,
        "receipt": report.receipt_no or "—",
        "since": str(event.data.get("since")),
        "due": str(report.transfer_due),
        "place": report.transfer_to.name if report.transfer_to is not None else "—",
    }
    kind = KINDS[what]
    said = {name: value for name, value in known.items() if f"{{{name}}}" in kind.text}
    kind.send(report, caller, to=whom, key=f"{what}-{event.position}", **said)
