"""Points: what a record earns, what is frozen while it is disputed, and what is taken back.

They thank for service; nothing is ever deducted for conduct, and there is no way to money.
"""

from __future__ import annotations

import datetime as dt

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models import COUNTED, ServiceRecord, Volunteer
from lifang_volunteer_points.policies import years_after
from lifang_volunteer_points.services.hours import worth
from lifang_volunteer_points.settings import (
    hours_per_activity,
    points_per_hour,
    points_years,
    referral_points,
)

points = lf.Ledger("volunteer_points.points", "积分", unit="分")


def good_until(community: int, day: dt.date) -> dt.date | None:
    """The last day of points that come in on a day; None where they do not expire."""
    years = points_years(community, day)
    return years_after(day, years) if years else None


def earned(record: ServiceRecord) -> int:
    """What a record is worth, by the rule of its place on its day."""
    place, day = int(record.community_id), record.day
    cap, used = hours_per_activity(place, day), 0
    if cap and record.activity_id is not None:
        others = ServiceRecord.select(pw.fn.SUM(ServiceRecord.minutes)).where(
            ServiceRecord.volunteer == record.volunteer_id,
            ServiceRecord.activity == record.activity_id,
            ServiceRecord.state.in_(COUNTED),
            ServiceRecord.id != record.id,
        )
        used = int(others.scalar() or 0)
    return worth(record.minutes, points_per_hour(place, day), cap, used)


def post(record: ServiceRecord, caller: lf.Caller, key: str) -> None:
    """Let a record's points come in, once per key."""
    record.points, record.points_entry = earned(record), None
    if record.points:
        record.points_entry = give(record.volunteer, caller, record.points, key, record.title)


def give(volunteer: Volunteer, caller: lf.Caller, amount: int, key: str, memo: str) -> int:
    """Let points come in for a volunteer, and say so; gives the entry."""
    day = lf.today()
    expires = good_until(int(volunteer.community_id), day)
    entry = points.grant(volunteer, caller, amount, key=key, day=day, expires=expires, memo=memo)
    lf.tell(volunteer, caller, "points_earned", points=amount, source=key)
    return entry


def refer(volunteer: Volunteer, caller: lf.Caller) -> None:
    """Thank whoever brought a new volunteer in, where the place does."""
    amount = referral_points(int(volunteer.community_id))
    other = Volunteer.get_or_none(Volunteer.number == volunteer.referrer)
    if amount and other is not None:
        key = f"referral/{volunteer.person_id}"  # leaving and registering again earns nothing
        give(other, caller, amount, key, "介绍新志愿者")


def freeze(record: ServiceRecord, caller: lf.Caller) -> None:
    """Put a disputed record's points aside, as far as they are still there."""
    there = points.balance(record.volunteer, caller).available if record.points_entry else 0
    amount = min(there, record.points)
    if amount:
        key = f"frozen/{record.id}/{record.version}"
        record.frozen_entry = points.hold(record.volunteer, caller, amount, key=key)


def take_back(record: ServiceRecord, caller: lf.Caller, memo: str) -> None:
    """Undo what a record earned by counter-entries, as far as it is still there."""
    if record.frozen_entry is not None:
        points.release(record.frozen_entry, caller)
    if record.points_entry is not None:
        points.reverse(record.points_entry, caller, memo=memo, partial=True)
    record.frozen_entry = record.points_entry = None
    record.points = 0


def pass_day(caller: lf.Caller, day: dt.date, tell_about: dt.date) -> dict[str, dict[int, int]]:
    """Move out what expired before a day; says whose, and whose will after another."""
    expired = points.expiring(caller, dt.date.min, day - dt.timedelta(days=1))
    while points.expire(caller, day):
        pass
    return {
        "points_expired": expired,
        "points_expiring": points.expiring(caller, tell_about, tell_about),
    }
