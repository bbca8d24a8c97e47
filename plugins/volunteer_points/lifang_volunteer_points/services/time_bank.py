"""The time bank: an hour served is a coin, kept for when one needs service oneself.

There is no way to money, and none from place to place.
"""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import ServiceRecord, TimeDraw
from lifang_volunteer_points.policies import refuse
from lifang_volunteer_points.settings import (
    coins_a_day,
    coins_in_all,
    saver_age,
    saver_age_women,
    saver_oldest,
    time_bank,
)

coins = lf.Ledger("volunteer_points.coins", "时间币", unit="个")

SAVING = ("elderly", "health", "law")
"""Categories of service that are saved: company, errands, advice, lessons for old people."""


def save(record: ServiceRecord, caller: lf.Caller) -> None:
    """Let a record's whole hours be saved, as far as the place's limits go."""
    place, day = int(record.community_id), record.day
    if not time_bank(place, day) or not _may_save(record, caller):
        return
    had = coins.statement(record.volunteer, caller, dt.date.min, lf.today())[1]
    given = [(line.day, line.amount) for line in had if line.kind == "grant"]
    today = sum(amount for when, amount in given if when == day)
    room = min(
        coins_a_day(place, day) - today,
        coins_in_all(place, day) - sum(amount for _when, amount in given),
    )
    amount = min(record.minutes // 60, room)
    if amount > 0:
        key = f"record/{record.id}/{record.version}"
        record.coins_entry = coins.grant(
            record.volunteer, caller, amount, key=key, day=day, memo=record.title
        )


def _may_save(record: ServiceRecord, caller: lf.Caller) -> bool:
    """Whether the service is of those saved, and whoever gave it of the age that saves."""
    if record.activity is None or record.activity.category not in SAVING:
        return False
    person, place, day = record.person, int(record.community_id), record.day
    first = (saver_age_women if person.sex == "female" else saver_age)(place, day)
    old_enough = lf.aged(person, caller, first, day)
    too_old = lf.aged(person, caller, saver_oldest(place, day) + 1, day)
    return bool(old_enough) and not too_old


def take_back(record: ServiceRecord, caller: lf.Caller, memo: str) -> None:
    """Undo what a record saved, as far as it is still there."""
    if record.coins_entry is not None:
        coins.reverse(record.coins_entry, caller, memo=memo, partial=True)
    record.coins_entry = None


def put_aside(draw: TimeDraw, caller: lf.Caller) -> None:
    """Whoever asks for service has saved as many coins."""
    if draw.coins_entry:
        return
    if draw.coins < 1:
        refuse("coins", "too_few", _("时间币至少为 1"))
    volunteer = draw.volunteer
    draw.person, draw.community = volunteer.person, volunteer.community
    draw.coins_entry = coins.hold(volunteer, caller, draw.coins, key=f"draw/{draw.id}")


@lf.action("已服务", moves={"requested": "served"}, not_by="owner")
def serve(draw: TimeDraw, caller: lf.Caller) -> None:
    """The service was given: its coins are spent."""
    coins.settle(draw.coins_entry, caller)


@lf.action("取消", moves={"requested": "cancelled"})
def cancel(draw: TimeDraw, caller: lf.Caller) -> None:
    """Nobody came, or it is not needed any more: the coins come back."""
    coins.release(draw.coins_entry, caller)
