"""What other plugins tell: services that were given elsewhere."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_volunteer_points.events.finding import OWN, known
from lifang_volunteer_points.purposes import from_dual_reporting
from lifang_volunteer_points.resources import service_records, volunteers
from lifang_volunteer_points.services import dispute, record


@lf.on("dual_reporting.service_entry.confirmed")
def take_over(event: lf.Event, caller: lf.Caller) -> None:
    """What somebody did of their own will where they report counts here too, once, if they agree.

    What the employer ordered is no voluntary service, and what came from here is recorded here.
    Without consent, or where the time is recorded already, nothing is taken over.
    """
    told, source = event.data, f"dual_reporting.service_entry/{event.subject}"
    ours = str(told.get("source") or "").startswith(f"{OWN}.")
    if told["nature"] != "voluntary" or ours or known(source, caller) is not None:
        return
    who = lf.find(volunteers, caller, person=told["person"], state="registered")
    if who is None or not from_dual_reporting.given(who.person, caller):
        return
    data = {name: told[name] for name in ("start", "end", "organization", "community")}
    data |= {"volunteer": who.id, "title": "双报到服务", "content": told["content"]}
    if not record.overlapping(
        int(who.person_id), *map(dt.datetime.fromisoformat, (told["start"], told["end"]))
    ):
        data |= {"venue": "服务社区", "source": source}
        lf.write(service_records, "create", caller, data)


@lf.on("dual_reporting.service_entry.voided")
def follow_void(event: lf.Event, caller: lf.Caller) -> None:
    """What was taken back there is in dispute here, until two people have decided."""
    one = known(f"dual_reporting.service_entry/{event.subject}", caller)
    if one is not None and one.state not in ("disputed", "voided"):
        lf.act(dispute.dispute, one, caller, reason="双报到服务记录已作废")
