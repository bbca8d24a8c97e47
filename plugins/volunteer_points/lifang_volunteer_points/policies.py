"""What may not be, whoever asks: shared by services."""

from __future__ import annotations

import datetime as dt
from typing import NoReturn
from zoneinfo import ZoneInfo

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import Volunteer
from lifang_volunteer_points.settings import excluded_words

RECORD_WORKING_DAYS = 10
"""So soon after it service is recorded (志愿服务记录与证明出具办法（试行）第十一条)."""

BACKFILL = "补录"
"""What is entered afterwards is entered as what it was, under control, and never titled so."""


def refuse(field: str, code: str, sentence: str) -> NoReturn:
    """Refuse a field, saying what would be right."""
    raise lf.Invalid.about(field, code, sentence)


def local(instant: dt.datetime, caller: lf.Caller) -> dt.datetime:
    """An instant as people of the instance read it."""
    return instant.astimezone(ZoneInfo(caller.instance.settings.zone))


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day some years on; the last of February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def demand_title(title: str, community: int) -> None:
    """A title names voluntary service: no backfill, and nothing that is none.

    What is no voluntary service is not recorded or certified
    (志愿服务记录与证明出具办法（试行）第十九条).
    """
    if BACKFILL in title:
        refuse(
            "title",
            "backfill",
            _("活动名称不能含有“补录”；请写当时的活动名称，并填写逾期记录的原因"),
        )
    words = [word for word in excluded_words(community).split("、") if word]
    found = next((word for word in words if word in title), None)
    if found is not None:
        refuse("title", "excluded", _("“{word}”不属于志愿服务，不能记录", word=found))


def demand_serving(volunteer: Volunteer) -> None:
    """Whoever has left, or may not be recorded for a time, does not serve."""
    if volunteer.state != "registered":
        refuse("volunteer", "left", _("这名志愿者已退出；请先重新注册"))
    if volunteer.banned_until is not None and volunteer.banned_until >= lf.today():
        told = _("这名志愿者因弄虚作假，{day} 前不能参加和记录", day=volunteer.banned_until)
        refuse("volunteer", "banned", told)
