"""The periods that offices report by: a month, a quarter, a half-year, a year."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from lifang.kit import clock
from lifang.kit.errors import Malformed
from lifang.kit.words import _

_SAID = re.compile(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2])|-Q([1-4])|-H([12]))?")
YEAR = 12
_PART = {3: "Q", 6: "H"}


@dataclass(frozen=True, order=True)
class Period:
    """So many whole months from the first day of one on; written `2026-11`, `2026-Q4`, `2026`."""

    first: dt.date
    months: int = 1

    @classmethod
    def read(cls, said: str | None) -> Period:
        """Read what was asked for, this month by default.

        Raises Malformed for what is none, and for one that has not begun.
        """
        if said is None:
            return cls(clock.today().replace(day=1))
        found = _SAID.fullmatch(said.strip())
        if found is None:
            told = _("、").join(("2026-11", "2026-Q4", "2026-H2", "2026"))
            raise Malformed(_("「{said}」不是统计期；应写成：{known}", said=said, known=told))
        year, month, quarter, half = found.groups()
        months = 1 if month else 3 if quarter else 6 if half else YEAR
        number = int(month or quarter or half or 1)
        period = cls(dt.date(int(year), (number - 1) * months + 1, 1), months)
        if period.first > clock.today():
            raise Malformed(_("统计期 {period} 还没有开始", period=said))
        return period

    @classmethod
    def quarter(cls) -> Period:
        """The quarter that runs today."""
        today = clock.today()
        return cls(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), 3)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return _moved(self.first, self.months) - dt.timedelta(days=1)

    @property
    def end(self) -> dt.date:
        """The day after it."""
        return _moved(self.first, self.months)

    @property
    def key(self) -> str:
        """How it is written; twelve months that are no calendar year, from which to which."""
        year, number = self.first.year, (self.first.month - 1) // self.months + 1
        if self.months == 1:
            return f"{year:04}-{self.first.month:02}"
        if self.months in _PART:
            return f"{year:04}-{_PART[self.months]}{number}"
        if self.first.month == 1:
            return f"{year:04}"
        return f"{self.first:%Y-%m}/{self.last:%Y-%m}"

    @property
    def words(self) -> str:
        """How an office says it: 2026年第3季度."""
        told = {"year": self.first.year, "n": (self.first.month - 1) // self.months + 1}
        if self.months == 1:
            return _("{year}年{n}月", **told)
        if self.months in _PART:
            half = _("{year}年上半年", **told) if told["n"] == 1 else _("{year}年下半年", **told)
            return half if self.months == 6 else _("{year}年第{n}季度", **told)
        return _("{year}年", **told) if self.first.month == 1 else self.key

    def before(self) -> Period:
        """The period of the same length just before."""
        return Period(_moved(self.first, -self.months), self.months)

    def split(self) -> tuple[Period, ...]:
        """Its months."""
        return tuple(Period(_moved(self.first, number)) for number in range(self.months))

    def trend(self) -> Period:
        """The twelve months that end with it."""
        return Period(_moved(self.first, self.months - YEAR), YEAR)


def _moved(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months on; the calendar ends with the years 1 and 9999."""
    count = day.year * YEAR + day.month - 1 + months
    return dt.date(max(1, min(count // YEAR, dt.MAXYEAR)), count % YEAR + 1, 1)
