"""What happens at shifts, and to records in time."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_volunteer_points import settings
from lifang_volunteer_points.events.finding import OWN, known, standing
from lifang_volunteer_points.models import Activity, Shift
from lifang_volunteer_points.resources import activities, service_records, shifts, sign_ups
from lifang_volunteer_points.services import activity, attendance, record


@lf.on(f"{OWN}.shift.moved_up")
def let_move_up(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever waited longest gets the place that came free."""
    one = standing(sign_ups, caller, event.data["sign_up"])
    if one is not None and one.state == "waiting":
        lf.act(attendance.promote, one, caller)


@lf.on(f"{OWN}.sign_up.created", f"{OWN}.sign_up.cancelled")
def fill_or_reopen(event: lf.Event, caller: lf.Caller) -> None:
    """An activity is full when none of its shifts has a place left."""
    one = standing(sign_ups, caller, event.subject)
    if one is None:
        return
    whole: Activity = one.shift.activity
    parts = Shift.select().where(Shift.activity == whole, Shift.removed_at.is_null())
    free = any(attendance.places.line(part, caller).free > 0 for part in parts)
    if whole.state == "published" and not free:
        lf.act(activity.fill, whole, caller)
    elif whole.state == "full" and free:
        lf.act(activity.reopen, whole, caller)


@lf.on(f"{OWN}.activity.begins")
def begin(event: lf.Event, caller: lf.Caller) -> None:
    """A published activity begins at its time."""
    one = standing(activities, caller, event.subject)
    if one is not None and one.state in ("published", "full"):
        lf.act(activity.begin, one, caller)


@lf.on(f"{OWN}.activity.ends")
def end(event: lf.Event, caller: lf.Caller) -> None:
    """A running activity ends at its time; who did not come is counted as absent."""
    one = standing(activities, caller, event.subject)
    if one is None or one.state != "running":
        return
    lf.act(activity.finish, one, caller)
    kept = dt.timedelta(days=settings.geo_days(int(one.community_id)))
    for shift in lf.each(shifts, caller, activity=one.id):
        lf.timer(shift, caller, "distances_due", shift.end + kept)
        for absent in lf.each(sign_ups, caller, shift=shift.id, state="signed_up"):
            lf.act(attendance.miss, absent, caller)


@lf.on(f"{OWN}.shift.distances_due")
def forget_distances(event: lf.Event, caller: lf.Caller) -> None:
    """How far from the place somebody was is not kept for long."""
    one = standing(shifts, caller, event.subject)
    if one is not None:
        attendance.arriving.forget(one, caller)
        attendance.leaving.forget(one, caller)


@lf.on(f"{OWN}.sign_up.served")
def record_service(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever came and left has a record, once, that waits for the organiser."""
    one = standing(sign_ups, caller, event.subject)
    if one is None or known(f"sign_up/{one.id}", caller) is not None:
        return
    whole = one.shift.activity
    start = max(one.signed_in, one.shift.start)  # who waits for the others does not serve yet
    if one.signed_out <= start:
        return
    told = {name: getattr(whole, f"{name}_id") for name in ("organization", "in_charge")}
    told |= {name: getattr(whole, name) for name in ("title", "content", "venue")}
    told |= {"volunteer": one.volunteer_id, "community": whole.community_id, "activity": whole.id}
    told |= {"start": start.isoformat(), "end": one.signed_out.isoformat()}
    lf.write(service_records, "create", caller, told | {"source": f"sign_up/{one.id}"})


@lf.on(f"{OWN}.service_record.lock_due")
def lock(event: lf.Event, caller: lf.Caller) -> None:
    """Nobody objected in time; where every record is audited, that is waited for."""
    one = standing(service_records, caller, event.subject)
    if one is None or one.state not in ("confirmed", "audited"):
        return
    if one.state == "confirmed" and settings.audit_all(int(one.community_id)):
        lf.deadline(one, caller, "lock_due", start=lf.today(), days=1)
    else:
        lf.act(record.lock, one, caller)
