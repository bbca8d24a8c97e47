"""The working-day calendar: which days are worked, and when a period counted in them is over.

Saturday and Sunday are days of rest (国务院关于职工工作时间的规定 第七条), holidays are those of
全国年节及纪念日放假办法, and the State Council's yearly notice moves working days to weekends.
A year whose notice is not known is never guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache

from lifang.kit import clock
from lifang.kit.errors import NotReady
from lifang.kit.words import _

WORKDAY, HOLIDAY, NORMAL = "workday", "holiday", "normal"
"""Worked though it is a weekend's; free though it is not; as the day of the week says."""

Told = Mapping[dt.date, tuple[str, str]]
"""What notices say of single days: which of the three, and the name of the festival."""

Office = Sequence[tuple[str, str]]

OFFICE_HOURS: Office = (("09:00", "12:00"), ("13:00", "18:00"))
"""Eight hours a day (国务院关于职工工作时间的规定 第三条); a district that keeps others says so."""

FESTIVAL = 60
"""Characters that the name of a day may have."""

STATUTORY = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Holidays of a fixed date (全国年节及纪念日放假办法 第二条, 2025); others follow the moon."""

FEWEST = 13
"""Days of holiday a year has by the same article; a notice adds the weekends it joins to them."""


class Calendar:
    """The days of every year whose notice is known."""

    def __init__(self, loaded: Told) -> None:
        """Know what the package brings and what the district has loaded, which comes first."""
        self.days: Told = {**published(), **loaded}
        self.years = frozenset(day.year for day in self.days)

    def told(self, year: int) -> Told:
        """What is known of the single days of a year, in order."""
        return {day: self.days[day] for day in sorted(self.days) if day.year == year}

    def is_working_day(self, day: dt.date) -> bool:
        """Whether people work on a day; raises NotReady for a year that is not known."""
        if day.year not in self.years:
            raise NotReady(missing(day.year), year=day.year)
        kind = self.days.get(day, (NORMAL, ""))[0]
        return kind == WORKDAY or (kind != HOLIDAY and day.weekday() < 5)

    def after_working_days(self, start: dt.date, count: int) -> dt.date:
        """The last day of so many working days; the first is the next (民法典 第二百零一条)."""
        day, left = start, count
        while left > 0:
            day += dt.timedelta(days=1)
            left -= self.is_working_day(day)
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """How many working days follow a day up to another, that one included."""
        later = (start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1))
        return sum(map(self.is_working_day, later))

    def working_day_from(self, day: dt.date) -> dt.date:
        """That day, or the next that is worked: where a period ends that would end on a holiday."""
        while not self.is_working_day(day):
            day += dt.timedelta(days=1)
        return day

    def after_working_hours(
        self, start: dt.datetime, hours: float, office: Office = OFFICE_HOURS
    ) -> dt.datetime:
        """The moment at which so many hours of work have gone by, counted from that moment on.

        `office` are the hours of a working day, as (from, to) in order. Raises ValueError where
        they are none.
        """
        spans = [(dt.time.fromisoformat(a), dt.time.fromisoformat(b)) for a, b in office]
        if not spans or any(begins >= ends for begins, ends in spans):
            raise ValueError(f"no hours to work in: {office!r}")
        day, left = clock.local(start).date(), dt.timedelta(hours=hours)
        while True:
            for begins, ends in spans if self.is_working_day(day) else ():
                first = max(start, dt.datetime.combine(day, begins, clock.zone()))
                last = dt.datetime.combine(day, ends, clock.zone())
                if last - first >= left:
                    return (first + left).astimezone(dt.UTC)
                left -= max(last - first, dt.timedelta())
            day += dt.timedelta(days=1)


def missing(year: int) -> str:
    """Say that a year's notice is needed, and how to load it."""
    return _(
        "{year} 年的工作日历还没有载入，期限无法计算；请管理员运行 lifang calendar import 文件.csv",
        year=year,
    )


def incomplete(year: int, told: Told) -> str | None:
    """What a year's rows lack to be a whole notice, said in a sentence; None when they are one."""
    free = {day for day, (kind, _name) in told.items() if kind == HOLIDAY and day.year == year}
    lacking = [str(day) for day in (dt.date(year, *when) for when in STATUTORY) if day not in free]
    if lacking:
        days = _("、").join(lacking)
        return _("{year} 年的放假安排不完整：缺少法定节假日 {days}", year=year, days=days)
    if len(free) < FEWEST:
        return _("{year} 年的放假安排不完整：只有 {n} 天放假，法定节假日至少 {least} 天",
                 year=year, n=len(free), least=FEWEST)  # fmt: skip
    return None


@cache
def published() -> Told:
    """The years that the package `chinesecalendar` knows: those up to its release."""
    from chinese_calendar.constants import Holiday, holidays, workdays

    names = {holiday.value: holiday.chinese for holiday in Holiday}
    found = {day: (HOLIDAY, names[name]) for day, name in holidays.items()}
    return found | {day: (WORKDAY, names[name]) for day, name in workdays.items()}
