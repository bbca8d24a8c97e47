"""A year of a district that never was, in rows as the database keeps them: `lifang demo --reports`.

What is counted from other rows is said as it would be counted: hours, nothing asked of anybody,
who holds a post. Everything lies in the running year and before today.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import lifang as lf
from lifang_dual_reporting import models as kept
from lifang_dual_reporting.models.service import CATEGORIES
from lifang_dual_reporting.services.counting import days_of
from lifang_dual_reporting.services.post import introduced

Row = dict[str, Any]
Put = Callable[[Any, Iterable[Row]], list[int]]
"""Inserts rows of a table; gives their numbers."""

STATES = ("active", "active", "accepted", "submitted", "active")
SKILLS = ("书法", "电工", None, "急救", "理发")
CONTENTS = ("楼院清扫", "探望独居老人", "宣传防诈骗", "治安巡逻", "义务理发")
TIMES, MINUTES = 3, 120
"""How often everybody served, and for how long each time."""
PLACES = 20
"""Who takes one post."""


def year(
    put: Put, people: Sequence[tuple[int, int, int]], units: Sequence[tuple[int, int]], day: dt.date
) -> dict[str, int]:
    """Put in a year up to a day, of people (with community and unit) and units (with community).

    Gives one number of each noun.
    """
    reports = put(kept.Report, _reports(people, day))
    serving = [
        (who, home, unit, report)
        for n, ((who, home, unit), report) in enumerate(zip(people, reports, strict=True))
        if STATES[n % 5] != "submitted"
    ]
    entries = put(kept.ServiceEntry, _entries(serving, day))
    found = {"reports": reports[0], "service-entries": entries[0]}
    found |= _posts(put, serving, day) | _rest(put, serving, entries, day)
    return found | _of_units(put, units, day) | _sheets(put, serving, day)


def _first(day: dt.date) -> dt.date:
    return dt.date(day.year, 1, 1)


def _past(day: dt.date, after: int) -> dt.date:
    """So many days after the year began, but not after today."""
    return min(_first(day) + dt.timedelta(days=after), day)


def _reports(people: Sequence[tuple[int, int, int]], day: dt.date) -> Iterator[Row]:
    for n, (who, home, unit) in enumerate(people):
        state = STATES[n % 5]
        waits = state == "submitted"
        yield {
            "person": who, "organization": unit, "community": home, "public_servant": True,
            "skills": SKILLS[n % 5], "channel": "paper", "slip_no": f"示例报到单 {n + 1}",
            "reported_on": _past(day, 8), "accepted_on": None if waits else _past(day, 10),
            "receipt_no": None if waits else f"示例-{day.year}-{n + 1:05}", "state": state,
        }  # fmt: skip


def _start(n: int, time: int, day: dt.date) -> dt.datetime:
    """When somebody served: spread over the days of the year that are over."""
    days = max(1, (day - _past(day, 10)).days)
    on = _past(day, 10) + dt.timedelta(days=(n * 7 + time * days // TIMES) % days)
    return dt.datetime(on.year, on.month, on.day, n % 8, tzinfo=dt.UTC)


def _is_confirmed(n: int) -> bool:
    return n % 9 != 8


def _stars(n: int) -> float | None:
    """What the first service of every fifth was rated."""
    return 3.0 + n % 3 if n % 5 == 0 and _is_confirmed(n) else None


def _nature(n: int) -> str:
    return "duty" if n % 7 == 0 else "voluntary"


def _entries(serving: Sequence[tuple[int, ...]], day: dt.date) -> Iterator[Row]:
    for n, (who, home, unit, _report) in enumerate(serving):
        for time in range(TIMES):
            start = _start(n, time, day)
            yield {
                "person": who, "organization": unit, "community": home, "start": start,
                "content": CONTENTS[(n + time) % len(CONTENTS)], "nature": _nature(n),
                "end": start + dt.timedelta(minutes=MINUTES), "minutes": MINUTES,
                "code": f"{n:06}{time}" if _is_confirmed(n) else None,
                "stars": _stars(n) if time == 0 else None,
                "raters": int(time == 0 and _stars(n) is not None),
                "confirmed_on": start.date() if _is_confirmed(n) else None,
                "state": "confirmed" if _is_confirmed(n) else "submitted",
            }  # fmt: skip


def _posts(put: Put, serving: Sequence[tuple[int, ...]], day: dt.date) -> dict[str, int]:
    """Posts that are all taken, each by some who report to its community."""
    there: dict[int, list[tuple[int, ...]]] = {}
    for n, one in enumerate(serving):
        if n % 2:
            there.setdefault(one[1], []).append(one)
    groups = [
        (home, some[at : at + PLACES])
        for home, some in there.items() for at in range(0, len(some), PLACES)
    ]  # fmt: skip
    named = {one.id: str(one.name) for one in lf.Person.select(lf.Person.id, lf.Person.name)}
    posts = put(kept.Post, (
        {"name": f"示例岗位 {n + 1}", "community": home, "category": CATEGORIES[n % 8][0],
         "slots": len(some), "taken": len(some),
         "who": "、".join(introduced(named[one[0]], None) for one in some)}
        for n, (home, some) in enumerate(groups)
    ))  # fmt: skip
    claims = put(kept.PostClaim, (
        {"post": post, "person": who, "report": report, "organization": unit,
         "claimed_on": _past(day, 32)}
        for post, (_place, some) in zip(posts, groups, strict=True)
        for who, _home, unit, report in some
    ))  # fmt: skip
    return {"posts": posts[0], "post-claims": claims[0]}


def _rest(
    put: Put, serving: Sequence[tuple[int, ...]], entries: Sequence[int], day: dt.date
) -> dict[str, int]:
    """The running year of everybody, and what some were rated, spared, given and reminded of."""
    after = dt.date(day.year + 1, 1, 1)
    reviews = put(kept.AnnualReview, (
        {"person": who, "report": report, "organization": unit, "community": home,
         "year": day.year, "since": _past(day, 10), "until": after,
         "minutes": TIMES * MINUTES * _is_confirmed(n),
         "voluntary_minutes": TIMES * MINUTES * (_is_confirmed(n) and _nature(n) == "voluntary")}
        for n, (who, home, unit, report) in enumerate(serving)
    ))  # fmt: skip
    ratings = put(kept.ServiceRating, (
        {"entry": entries[TIMES * n], "community": one[1], "stars": stars,
         "person": serving[n - 1][0], "code": f"{n:06}0"}
        for n, one in enumerate(serving) if (stars := _stars(n)) is not None
    ))  # fmt: skip
    suspended = put(kept.Suspension, (
        {"report": report, "person": who, "reason": "illness", "since": _past(day, 60),
         "until": _past(day, 80)}
        for who, _home, _unit, report in serving[::4]
    ))  # fmt: skip
    cards = put(kept.ServiceCard, (
        {"report": report, "person": who, "year": day.year, "number": f"示例卡-{report}",
         "issued_on": day}
        for who, _home, _unit, report in serving[::4]
    ))  # fmt: skip
    reminders = put(kept.Reminder, (
        {"key": f"half_year/{day.year - 1}-H2/-/report/{report}", "kind": "half_year",
         "community": home, "report": report, "person": who, "organization": unit,
         "period": f"{day.year - 1}-H2", "told_on": _past(day, 5)}
        for who, home, unit, report in serving[::3]
    ))  # fmt: skip
    return {
        "annual-reviews": reviews[0], "service-ratings": ratings[0], "suspensions": suspended[0],
        "service-cards": cards[0], "reminders": reminders[0],
    }  # fmt: skip


def _of_units(put: Put, units: Sequence[tuple[int, int]], day: dt.date) -> dict[str, int]:
    """What units reported, did and were asked, month by month."""
    whom = [{"organization": unit, "community": place} for unit, place in units]
    made = put(kept.UnitReport, (
        {**one, "secretary": "示例书记", "liaison": "示例联络员", "members_total": 70,
         "reported_on": _past(day, 5), "accepted_on": _past(day, 7), "state": "accepted",
         "receipt_no": f"示例单位-{day.year}-{n + 1:04}"}
        for n, one in enumerate(whom)
    ))  # fmt: skip
    months = [dt.date(day.year, month, 1) for month in range(1, day.month + 1)]
    done = put(kept.UnitActivity, (
        {**one, "day": month, "kind": "visit", "content": "示例走访", "people": 3,
         "state": "confirmed"}
        for one in whom for month in months
    ))  # fmt: skip
    tasks = put(kept.UnitTask, (
        {**one, "month": f"{month:%Y-%m}", "content": "示例任务", "state": "done"}
        for one in whom for month in months
    ))  # fmt: skip
    reviews = put(kept.UnitReview, ({**one, "year": day.year} for one in whom))
    return {"unit-reports": made[0], "unit-activities": done[0], "unit-tasks": tasks[0],
            "unit-reviews": reviews[0]}  # fmt: skip


def _sheets(put: Put, serving: Sequence[tuple[int, ...]], day: dt.date) -> dict[str, int]:
    """A sheet to each employer from each community where its people serve, by quarter."""
    pairs = Counter((unit, home) for _who, home, unit, _report in serving)
    served: Counter[tuple[int, int, int]] = Counter()
    for one in _entries(serving, day):
        if one["state"] == "confirmed":
            quarter = (one["start"].month + 2) // 3
            served[one["organization"], one["community"], quarter] += one["minutes"]
    sheets = put(kept.Feedback, (
        {"organization": unit, "community": home, "period": f"{day.year}-Q{quarter}",
         "people": number, "minutes": served[unit, home, quarter], "state": "receipted",
         "sent_on": sent, "receipted_on": sent}
        for quarter in range(1, (day.month + 2) // 3)
        for sent in (days_of(f"{day.year}-Q{quarter}")[1] + dt.timedelta(days=1),)
        for (unit, home), number in pairs.items()
    ))  # fmt: skip
    return {"feedbacks": sheets[0]} if sheets else {}
