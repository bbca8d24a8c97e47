"""What several nouns ask of a record before it is kept."""

from __future__ import annotations

import datetime as dt
from typing import NoReturn
from zoneinfo import ZoneInfo

import lifang as lf


def refuse(field: str, code: str, sentence: str) -> NoReturn:
    """Refuse a record because of one field, with a sentence that says what would be right."""
    raise lf.Invalid.about(field, code, sentence)


def midnight(day: dt.date, caller: lf.Caller) -> dt.datetime:
    """The moment at which a day begins, as people of the instance read it."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(caller.instance.settings.zone))


def local(moment: dt.datetime, caller: lf.Caller) -> dt.datetime:
    """A moment as clocks of the instance show it."""
    return moment.astimezone(ZoneInfo(caller.instance.settings.zone))


def last_day(moment: dt.datetime, caller: lf.Caller) -> dt.date:
    """The day at whose end, at midnight, a deadline passes."""
    return local(moment - dt.timedelta(seconds=1), caller).date()


def covers(community: lf.Community, place: lf.Community) -> bool:
    """Whether a place is a community or lies in it: its grids and buildings do."""
    return place.path.startswith(community.path)


def community_of(place: lf.Community) -> lf.Community:
    """The community that a grid or building belongs to; any other place is what it is."""
    while place.kind in ("grid", "building") and place.parent is not None:
        place = place.parent
    return place


def on_duty(caller: lf.Caller) -> bool:
    """Whether somebody holds an office in the tree, or is the plugin itself."""
    offices = (one for one in caller.standings if one.organization is None)
    return caller.plugin is not None or any(one.role != "resident" for one in offices)
