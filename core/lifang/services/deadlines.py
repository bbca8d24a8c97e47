"""Deadlines: timers whose time follows from a rule, found anew when the calendar changes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from lifang.entities.calendar import CalendarDay
from lifang.entities.caller import Caller
from lifang.events.tables import Timer
from lifang.kit import clock
from lifang.kit.calendar import OFFICE_HOURS, Calendar, Office, Told
from lifang.plugins.tables import Epoch
from lifang.services import timers
from lifang.services.places import places_of
from lifang.store.record import Record

SET = "deadline_set"


def deadline(  # noqa: PLR0913 – each by name, and of the first three exactly one
    record: Record,
    caller: Caller,
    name: str,
    *,
    start: dt.date | dt.datetime,
    working_days: int = 0,
    days: int = 0,
    working_hours: float = 0,
    rolls: bool = False,
    office: Office = OFFICE_HOURS,
    **data: Any,
) -> dt.datetime:
    """Set or move a timer to the end of a period, and give that moment.

    Days count from the one after `start` and end at midnight after the last; with `rolls` natural
    days that would end on a day of rest end with the next working day (民法典 第二百零三条). Hours
    count from the moment `start`, within the `office` hours of working days. The rule is kept: when
    the calendar changes while the deadline is open, it moves. The record's event `deadline_set`
    tells the moment, the rule, and the `old` moment where it has moved. Raises NotReady where the
    calendar of a year is missing, ValueError where no one period is given.
    """
    given = {"working_days": working_days, "days": days, "working_hours": working_hours}
    periods = {key: value for key, value in given.items() if value}
    if len(periods) != 1 or min(periods.values()) < 0:
        raise ValueError("say one of working_days, days and working_hours, more than 0")
    if isinstance(start, dt.datetime):
        start = clock.local(start)
        if not working_hours:
            start = start.date()
    elif working_hours:
        raise ValueError("hours are counted from a moment, not from a day")
    rule = {"start": start.isoformat(), **periods}
    if rolls:
        rule["rolls"] = True
    if working_hours:
        rule["office"] = [list(span) for span in office]
    resource = timers.declared(record, caller, name)
    _hold(caller)
    at = due(rule, current())
    row = timers.put(resource, record, caller, name, at, data, json.dumps(rule))
    if row is None or (row.at, row.rule) != (at, json.dumps(rule)):
        fresh = timers.standing(resource, record, name)
        _tell(fresh, caller, rule, places_of(caller, resource, record), row and row.at)
    return at


def due(rule: dict[str, Any], calendar: Calendar) -> dt.datetime:
    """The moment at which the period of a rule is over."""
    if "working_hours" in rule:
        start = dt.datetime.fromisoformat(rule["start"])
        return calendar.after_working_hours(start, rule["working_hours"], rule["office"])
    first = dt.date.fromisoformat(rule["start"])
    if "working_days" in rule:
        last = calendar.after_working_days(first, rule["working_days"])
    else:
        last = first + dt.timedelta(days=rule["days"])
        last = calendar.working_day_from(last) if rule.get("rolls") else last
    midnight = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), clock.zone())
    return midnight.astimezone(dt.UTC)


def recompute(caller: Caller) -> int:
    """Find the time of every open deadline anew and move those it differs for; gives how many."""
    calendar, moved = current(), 0
    rows: Any = Timer.select().where(~Timer.rule.is_null()).order_by(Timer.id)
    for row in rows:
        rule, old = json.loads(row.rule), row.at
        row.at = due(rule, calendar)
        if row.at == old:
            continue
        Timer.update(at=row.at).where(Timer.id == row.id).execute()
        resource, record = timers.subject_of(row, caller)
        known = resource is not None and record is not None
        _tell(row, caller, rule, places_of(caller, resource, record) if known else [], old)  # type: ignore[arg-type]  # known
        moved += 1
    return moved


def current() -> Calendar:
    """The calendar as it is now: what the package brings, and what the district has loaded."""
    return Calendar(loaded())


def shown(_caller: Caller) -> Calendar:
    """The calendar, for anybody who may enter."""
    return current()


def loaded() -> Told:
    """The days that the district has loaded."""
    rows: Any = CalendarDay.select(CalendarDay.day, CalendarDay.kind, CalendarDay.name).tuples()
    return {day: (kind, name) for day, kind, name in rows}


def _hold(caller: Caller) -> None:
    """Keep the calendar as it is until the deadline is committed: who changes it waits for that."""
    if hold := caller.instance.database.holds.get("keep"):
        row: Any = Epoch.select().where(Epoch.id == 1)
        row.for_update(hold.strip()).execute()


def _tell(
    row: Any, caller: Caller, rule: dict[str, Any], places: list[int], old: dt.datetime | None
) -> None:
    told = {"at": clock.local(row.at).isoformat(), "rule": rule}
    if old is not None:
        told["old"] = clock.local(old).isoformat()
    timers.tell_of(row, caller, SET, places, **told)
