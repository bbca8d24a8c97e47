"""What follows when somebody moves house, or leaves for good."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.models.report import SERVING, STANDING
from lifang_dual_reporting.policies import community_of, covers
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import end, reject
from lifang_dual_reporting.services.transfer import propose_transfer, withdraw_transfer

GONE = {"moved_out": "已迁出本地", "deceased": "已故"}
"""What a person's record says of those who are not here any more, and why a report ends then."""


@lf.on("core.person.moved", at="old")  # delivered where the plugin is on at the community left
def suggest_transfer(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever moves away is asked whether their report moves along."""
    old, new = (lf.Community.get_by_id(event.data[key]) for key in ("old", "new"))
    there = community_of(new)
    for report in lf.each(reports, caller, person=event.subject, state=list(STANDING)):
        here, asked = report.community, report.transfer_asked_on is not None
        if covers(here, new) and report.transfer_to_id is not None and not asked:
            lf.act(withdraw_transfer, report, caller)  # moved back before they had answered
        if not covers(here, old) or covers(here, new) or not lives_in(there, report):
            continue  # it is where the unit is, or the move is within the community, or long past
        if report.state not in SERVING:  # nobody has accepted it yet: it belongs there
            lf.act(reject, report, caller, reason="已迁出", suggested=there)
        elif report.transfer_to_id != there.id and not asked:
            lf.act(propose_transfer, report, caller, community=there)


def lives_in(community: lf.Community, report: Report) -> bool:
    """Whether whoever reports lives in a community today."""
    return any(covers(community, home) for home in lf.Community.tied_to(report.person, "resides"))


@lf.on("core.person.updated")
def end_for_who_left(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever has left the city, or died, reports nowhere any more."""
    if "status" not in event.data["fields"]:
        return
    for report in lf.each(reports, caller, person=event.subject, state=list(STANDING)):
        if report.person.status in GONE:
            lf.act(end, report, caller, reason=GONE[report.person.status])
