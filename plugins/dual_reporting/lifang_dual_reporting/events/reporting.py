"""What follows in the life of a report: from chosen posts, from time, from other reports."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_dual_reporting.models import PostClaim, Report
from lifang_dual_reporting.models.report import SERVING, STANDING
from lifang_dual_reporting.purposes import sensitive
from lifang_dual_reporting.resources import reports, suspensions
from lifang_dual_reporting.services.report import activate, clear
from lifang_dual_reporting.services.suspension import ONE_DAY, resume
from lifang_dual_reporting.services.transfer import redate, release

REPORT = "dual_reporting.report"
CARRIED = (
    "person", "organization", "post_title", "public_servant", "skills", "service_intent",
    "available_time", "channel", "slip_no",
)  # fmt: skip
"""What a new community is told; address and political status it asks for anew."""


@lf.on("dual_reporting.post_claim.created", "dual_reporting.post_claim.promoted")
def begin_with_first_post(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever has chosen a post serves."""
    claim = PostClaim.get_or_none(PostClaim.id == event.subject, PostClaim.state == "held")
    if claim is not None:
        _begin(lf.find(reports, caller, person=claim.person_id, state="accepted"), caller)


@lf.on(f"{REPORT}.activate_due")
def begin_in_time(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever has chosen none serves after some days all the same."""
    _begin(lf.find(reports, caller, id=event.subject, state="accepted"), caller)


def _begin(report: Report | None, caller: lf.Caller) -> None:
    if report is not None:
        lf.act(activate, report, caller)


@lf.on(f"{REPORT}.suspended")
def keep_suspension(event: lf.Event, caller: lf.Caller) -> None:
    """The days of a suspension are kept, once, for whoever counts what was asked."""
    told = {"report": event.subject, "since": event.data["since"]}
    if lf.find(suspensions, caller, **told) is None:
        told |= {"reason": event.data["cause"], "until": event.data.get("until")}
        lf.write(suspensions, "create", caller, told | {"note": event.data.get("note")})


@lf.on(f"{REPORT}.resumed", f"{REPORT}.ended", f"{REPORT}.transferred")
def end_suspension(event: lf.Event, caller: lf.Caller) -> None:
    """A suspension lasts until the day before somebody goes on, or reports there no more."""
    report, said = lf.find(reports, caller, id=event.subject), event.data.get("date")
    day = dt.date.fromisoformat(said) if said else report and report.ended_on
    if not day:
        return
    for one in lf.each(suspensions, caller, report=event.subject, since__lte=day):
        if one.until is None or one.since < day <= one.until:  # told anew, a later one stays
            until = max(day - ONE_DAY, one.since).isoformat()
            lf.write(suspensions, "update", caller, {"until": until}, one.id)


@lf.on(f"{REPORT}.resume_due")
def resume_in_time(event: lf.Event, caller: lf.Caller) -> None:
    """What was suspended up to a day goes on after it."""
    report = lf.find(reports, caller, id=event.subject, state="suspended")
    if report is not None:
        lf.act(resume, report, caller)


@lf.on(f"{REPORT}.release_due")
def release_in_time(event: lf.Event, caller: lf.Caller) -> None:
    """What the old community has not released in time is released by itself.

    Told late, because the plugin was off, it is released as of the day on which it was due.
    """
    report = lf.find(reports, caller, id=event.subject, transfer_due__lte=lf.today() - ONE_DAY)
    if report is not None and report.transfer_due is not None and report.state in SERVING:
        lf.act(release, report, caller, date=report.transfer_due + ONE_DAY)


@lf.on(f"{REPORT}.transferred", at="new")  # delivered where the plugin is on at the new community
def report_there(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever was released waits for the new community to accept them, once."""
    old = lf.find(reports, caller, id=event.subject)
    if old is None or lf.find(reports, caller, previous=old.id) is not None:
        return
    if lf.find(reports, caller, person=old.person_id, state=list(STANDING)) is None:
        told = {name: old.__data__[name] for name in CARRIED}
        told |= {"community": event.data["new"], "reported_on": old.ended_on}
        lf.write(reports, "create", caller, told)


@lf.on(f"{REPORT}.deadline_set")
def follow_the_calendar(event: lf.Event, caller: lf.Caller) -> None:
    """Where the calendar moved the day of a release, the report says the new one."""
    moved = lf.find(reports, caller, id=event.subject)
    if "old" in event.data and moved is not None and moved.transfer_due is not None:
        lf.act(redate, moved, caller, at=event.data["at"])


@lf.on("core.consent.withdrawn")
def forget_what_was_sensitive(event: lf.Event, caller: lf.Caller) -> None:
    """What was kept with somebody's consent goes when they take it back."""
    if event.data["purpose"] != sensitive.name:
        return
    for report in lf.each(reports, caller, person=event.data["person"]):
        if report.political_status is not None or report.household_address is not None:
            lf.act(clear, report, caller)
