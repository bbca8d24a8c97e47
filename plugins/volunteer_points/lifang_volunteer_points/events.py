"""What volunteer points hears: of its own records, of time, and of dual reporting."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang_volunteer_points import settings
from lifang_volunteer_points.models import Activity, Shift
from lifang_volunteer_points.purposes import from_dual_reporting
from lifang_volunteer_points.resources import (
    activities,
    items,
    redemptions,
    service_records,
    shifts,
    sign_ups,
    stars,
    volunteers,
)
from lifang_volunteer_points.services import activity, attendance, dispute, points, record, shop
from lifang_volunteer_points.services.volunteer import recount

OWN = "volunteer_points"
WARNED_BEFORE = dt.timedelta(days=30)


def standing(resource: lf.Resource[Any], caller: lf.Caller, number: int | None) -> Any:
    """A record that is still there and within reach, or None."""
    return lf.find(resource, caller, id=number) if number is not None else None


@lf.on(f"{OWN}.volunteer.created")
def thank_referrer(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever brought a volunteer in gets points, where the place does so."""
    one = standing(volunteers, caller, event.subject)
    if one is not None:
        points.refer(one, caller)


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


def known(source: str, caller: lf.Caller) -> Any:
    """The record that was made of something, if there is one."""
    return lf.find(service_records, caller, source=source)


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


@lf.on(*(f"{OWN}.service_record.{what}" for what in ("locked", "disputed", "corrected", "voided")))
def count_hours(event: lf.Event, caller: lf.Caller) -> None:
    """A volunteer's hours and points follow from the records."""
    one = standing(service_records, caller, event.subject)
    if one is not None:
        _recount(one.volunteer_id, caller)


@lf.on(f"{OWN}.star.granted")
def count_stars(event: lf.Event, caller: lf.Caller) -> None:
    """A volunteer's stars follow from what was granted."""
    one = standing(stars, caller, event.subject)
    if one is not None:
        _recount(one.volunteer_id, caller)


@lf.on(f"{OWN}.volunteer.points_earned", f"{OWN}.volunteer.points_expired")
def count_points(event: lf.Event, caller: lf.Caller) -> None:
    """A volunteer's points follow from the ledger."""
    _recount(event.subject, caller)


def _recount(volunteer: int | None, caller: lf.Caller) -> None:
    one = standing(volunteers, caller, volunteer)
    if one is not None:
        lf.act(recount, one, caller)


@lf.on(*(f"{OWN}.redemption.{what}" for what in ("created", "picked_up", "cancelled", "expired")))
def count_shop(event: lf.Event, caller: lf.Caller) -> None:
    """What an item and a volunteer have left follows from the ledgers."""
    one = standing(redemptions, caller, event.subject)
    if one is None:
        return
    _recount(one.volunteer_id, caller)
    item = standing(items, caller, one.item_id)
    if item is not None:
        lf.act(shop.count_stock, item, caller)


@lf.on(f"{OWN}.redemption.pick_up_due")
def let_expire(event: lf.Event, caller: lf.Caller) -> None:
    """What nobody picked up in time goes back on the shelf."""
    one = standing(redemptions, caller, event.subject)
    if one is not None and one.state == "reserved":
        lf.act(shop.expire, one, caller)


@lf.on("core.clock.day")
def pass_day(event: lf.Event, caller: lf.Caller) -> None:
    """Points expire with their last day; a month before, their owner is told."""
    day = dt.date.fromisoformat(event.data["date"])
    for name, owners in points.pass_day(caller, day, day + WARNED_BEFORE).items():
        for number, amount in owners.items():
            one = standing(volunteers, caller, number)
            if one is not None:
                lf.tell(one, caller, name, points=amount)


@lf.on("dual_reporting.service_entry.confirmed")
def take_over(event: lf.Event, caller: lf.Caller) -> None:
    """What somebody did of their own will where they report counts here too, once, if they agree.

    What the employer ordered is no voluntary service. Without consent, or where the time is
    recorded already, nothing is taken over.
    """
    told, source = event.data, f"dual_reporting.service_entry/{event.subject}"
    if told["nature"] != "voluntary" or known(source, caller) is not None:
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


handlers = [
    thank_referrer, let_move_up, fill_or_reopen, begin, end, forget_distances, record_service, lock,
    count_hours, count_points, count_stars, count_shop, let_expire, pass_day, take_over,
    follow_void,
]  # fmt: skip
