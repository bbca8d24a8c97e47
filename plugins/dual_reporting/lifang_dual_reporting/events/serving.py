"""What follows from claims, ratings, and what other plugins and time tell of service."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang_dual_reporting.resources import (
    post_claims,
    posts,
    reports,
    service_entries,
    unit_activities,
    unit_tasks,
)
from lifang_dual_reporting.services import entry, post, unit_activity, unit_task

OWN = "dual_reporting"
STANDING = ["waiting", "held"]
RECORD = "volunteer_points.service_record"


@lf.on(f"{OWN}.post.claims_changed")
def follow_claims(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever waited longest has the place that came free, and a post says how it stands."""
    one = lf.find(posts, caller, id=event.subject)
    if one is None:
        return
    for claim in lf.each(post_claims, caller, post=one.id, state="waiting"):
        if post.places.holds(one, caller, claim):
            lf.act(post.promote, claim, caller)
    lf.act(post.recount, one, caller)


@lf.on(f"{OWN}.post.closed")
def free_claims(event: lf.Event, caller: lf.Caller) -> None:
    """Nobody holds a post that is no longer offered; one that is again is told of in vain."""
    if lf.find(posts, caller, id=event.subject, state="closed") is not None:
        _give_back(caller, post=event.subject)


@lf.on(*(f"{OWN}.report.{what}" for what in ("ended", "transferred", "suspended")))
def give_places_back(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever does not serve there leaves the places to others; who does again keeps them."""
    if lf.find(reports, caller, id=event.subject, state=list(post.AT_WORK)) is None:
        _give_back(caller, report=event.subject)


@lf.on(f"{OWN}.report.updated", "core.person.erased")
def follow_skills(event: lf.Event, caller: lf.Caller) -> None:
    """What is told of who holds a post follows from their report."""
    erased = event.type == "core.person.erased"
    if not erased and "skills" not in event.data["fields"]:
        return
    whose = {"person" if erased else "report": event.subject}
    for claim in lf.each(post_claims, caller, state="held", **whose):
        post.look_again(claim.post, caller)


def _give_back(caller: lf.Caller, **whose: Any) -> None:
    for state in STANDING:  # who waits first, or they would move up for a moment
        for claim in lf.each(post_claims, caller, state=state, **whose):
            lf.act(post.give_up, claim, caller)


@lf.on(f"{OWN}.service_entry.rated")
def count_stars(event: lf.Event, caller: lf.Caller) -> None:
    """An entry says how it was rated on the whole."""
    one = lf.find(service_entries, caller, id=event.subject)
    if one is not None:
        lf.act(entry.count_stars, one, caller)


@lf.on(f"{RECORD}.confirmed", f"{RECORD}.locked")
def count_elsewhere(event: lf.Event, caller: lf.Caller) -> None:
    """What somebody did as a volunteer where they report counts here too, once.

    Carries `person`, `community`, `start`, `end`, `title` and `source`, of which it was made. What
    came from here, lies outside of where and when the person reports, or is counted already does
    not count again.
    """
    told, source = event.data, f"{RECORD}/{event.subject}"
    if "start" not in told or str(told.get("source") or "").startswith(f"{OWN}."):
        return
    start, end = (dt.datetime.fromisoformat(told[name]) for name in ("start", "end"))
    person, day = told["person"], entry.local_day(start, caller)
    report = entry.reporting_on(person, told["community"], day)
    if report is None or lf.find(service_entries, caller, source=source) is not None:
        return
    if not entry.overlapping(person, start, end):
        data = {name: told[name] for name in ("person", "start", "end")}
        data |= {"activity": told["title"], "content": told["title"], "nature": "voluntary"}
        data |= {"organization": report.organization_id, "community": report.community_id}
        made = lf.write(service_entries, "create", caller, data)
        lf.act(entry.count_in, made, caller, source=source)


@lf.on(f"{RECORD}.voided")
def follow_void(event: lf.Event, caller: lf.Caller) -> None:
    """What counts no more where it came from counts no more here."""
    one = lf.find(service_entries, caller, source=f"{RECORD}/{event.subject}")
    if one is not None and one.state != "voided":
        lf.act(entry.void, one, caller, reason="志愿服务记录已作废")


@lf.on("co_building.project.done")
def count_project(event: lf.Event, caller: lf.Caller) -> None:
    """A joint project that was done counts once for the unit that owned it.

    Carries `organization` (the owner), `title`, `day` and perhaps `people`; it lies where the event
    does.
    """
    told, source = event.data, f"co_building.project/{event.subject}"
    known = lf.find(unit_activities, caller, source=source)
    if known is not None or not event.communities or told.get("organization") is None:
        return
    data = {name: told[name] for name in ("organization", "day")}
    data |= {"community": event.communities[0], "content": told["title"], "kind": "project"}
    data |= {"people": told.get("people") or 0}
    made = lf.write(unit_activities, "create", caller, data)
    lf.act(unit_activity.count_in, made, caller, source=source)


@lf.on("core.clock.day")
def pass_task_day(event: lf.Event, caller: lf.Caller) -> None:
    """On the list's day what is over is summed up, and the month's tasks are issued."""
    day = dt.date.fromisoformat(event.data["date"])
    where: dict[str, Any] = {"community": unit_task.listed(day)}
    for task in lf.each(unit_tasks, caller, state="issued", **where):
        if unit_task.is_over(task, day):
            lf.act(unit_task.miss, task, caller)
    for task in lf.each(unit_tasks, caller, state="drafted", month__lte=f"{day:%Y-%m}", **where):
        lf.act(unit_task.issue, task, caller)


handlers = [
    follow_claims, free_claims, give_places_back, follow_skills, count_stars, count_elsewhere,
    follow_void, count_project, pass_task_day,
]  # fmt: skip
