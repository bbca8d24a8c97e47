"""What is counted anew when something counts, comes back or expires."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_volunteer_points.events.finding import OWN, standing
from lifang_volunteer_points.resources import (
    certificates,
    items,
    redemptions,
    service_records,
    stars,
    volunteers,
)
from lifang_volunteer_points.services import certificate, points, shop
from lifang_volunteer_points.services.volunteer import recount

WARNED_BEFORE = dt.timedelta(days=30)


@lf.on(f"{OWN}.volunteer.created")
def thank_referrer(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever brought a volunteer in gets points, where the place does so."""
    one = standing(volunteers, caller, event.subject)
    if one is not None:
        points.refer(one, caller)


@lf.on(*(f"{OWN}.service_record.{what}" for what in ("locked", "disputed", "corrected", "voided")))
def count_hours(event: lf.Event, caller: lf.Caller) -> None:
    """A volunteer's hours and points follow from the records."""
    one = standing(service_records, caller, event.subject)
    if one is not None:
        _recount(one.volunteer_id, caller)


@lf.on(f"{OWN}.service_record.corrected", f"{OWN}.service_record.voided")
def revoke_certificates(event: lf.Event, caller: lf.Caller) -> None:
    """A certificate that was issued before one of its records changed proves nothing any more."""
    one = standing(service_records, caller, event.subject)
    if one is None:
        return
    told = {"volunteer": one.volunteer_id, "state": "issued"}
    for paper in lf.each(certificates, caller, **told, since__lte=one.day, until__gte=one.day):
        if paper.issued_at <= event.at:
            lf.act(certificate.revoke, paper, caller, reason="所含服务记录已更正或作废")


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
