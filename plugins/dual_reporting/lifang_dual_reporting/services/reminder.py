"""Who is reminded of what: once, also where the day itself was missed."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import lifang as lf
from lifang_dual_reporting import settings
from lifang_dual_reporting.models import Reminder

EVENTS = {
    "deadline": "deadline_near", "half_year": "half_year_missed", "visits": "visits_missed",
}  # fmt: skip


def deadline_after(community: int, day: dt.date) -> dt.date | None:
    """The next day by which one must have reported there, that day included, or None.

    A month that has no such day has it on its last one.
    """
    month, number = settings.deadline_month(community, day), settings.deadline_day(community, day)
    if not month:
        return None
    for year in (day.year, day.year + 1):
        last = calendar.monthrange(year, month)[1]
        found = dt.date(year, month, min(number, last))
        if found >= day:
            return found
    return None  # pragma: no cover – a day of the next year lies ahead


def stage(community: int, day: dt.date, left: int) -> int | None:
    """Of the days before which one is reminded, the one that was reached last; None before all."""
    reached = [one for one in settings.reminder_days(community, day) if left <= one]
    return min(reached, default=None)


def key_of(told: Mapping[str, Any]) -> str:
    """What exactly is said, so that it is said once: to whom, of what, at which of the days."""
    report = told.get("report")
    whom = f"report/{report}" if report else f"unit/{told['organization']}/{told['community']}"
    return f"{told['kind']}/{told['period']}/{told.get('days_before') or '-'}/{whom}"


def said(every: Sequence[Mapping[str, Any]]) -> set[str]:
    """The keys of what was said already, of the kind and the period that all of these are of."""
    if not every:
        return set()
    kind, period = every[0]["kind"], every[0]["period"]
    rows: Any = Reminder.select(Reminder.key).where(
        Reminder.kind == kind,
        Reminder.period == period,
        Reminder.community == every[0]["community"],
    )
    return {key for (key,) in rows.tuples()}


def reminded(kind: str, period: str) -> Any:
    """The reports of which something was said."""
    return Reminder.select(Reminder.report).where(
        Reminder.kind == kind, Reminder.period == period, Reminder.report.is_null(is_null=False)
    )


def say(reminder: Reminder, caller: lf.Caller) -> None:
    """Tell that somebody is reminded; whoever carries notices listens."""
    told: dict[str, Any] = {
        "report": reminder.report_id,
        "person": reminder.person_id,
        "organization": reminder.organization_id,
        "period": reminder.period,
        "people": reminder.people,
    }
    left = {} if reminder.days_left is None else {"days_left": reminder.days_left}
    lf.tell(reminder, caller, EVENTS[reminder.kind], **told, **left)


def fill(reminder: Reminder, caller: lf.Caller) -> None:
    """A rule: a reminder about a report is for whoever reports, and says when it was said."""
    if reminder.told_on is not None:
        return
    reminder.told_on, reminder.key = lf.today(), key_of(reminder.__data__)
    if reminder.report is not None:
        reminder.person = reminder.report.person
        reminder.organization = reminder.report.organization
