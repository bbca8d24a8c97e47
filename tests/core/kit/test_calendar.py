"""Working days are those of the notices, and a year without one is never guessed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.kit.calendar import HOLIDAY, NORMAL, WORKDAY, Calendar
from lifang.kit.errors import NotReady

BARE = Calendar({})
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(dt.date(2004, 1, 1), dt.date(2025, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_every_day_of_every_known_year_is_what_the_package_says():
    one = day("2004-01-01")
    while one.year < 2027:
        assert BARE.is_working_day(one) == chinese_calendar.is_workday(one), one
        one += dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        ("2026-09-24", 5, "2026-10-09"),  # Mid-autumn and National Day lie between
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2025-12-31", 1, "2026-01-04"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2026-03-02", 0, "2026-03-02"),
    ],
)
def test_working_days_count_from_the_day_after(start, count, last):
    assert BARE.after_working_days(day(start), count) == day(last)


@given(start=DAYS, count=st.integers(0, 200))
def test_counting_between_takes_back_what_adding_did(start, count):
    last = BARE.after_working_days(start, count)
    assert BARE.working_days_between(start, last) == count
    assert count == 0 or BARE.is_working_day(last)


@given(start=DAYS, hours=st.integers(1, 60))
def test_eight_hours_are_a_working_day(start, hours):
    """An independent reckoning: hour by hour along the wall."""
    begin = dt.datetime.combine(start, dt.time(), SHANGHAI)
    wall, left = begin, hours
    while left:
        worked = wall.hour in (9, 10, 11, 13, 14, 15, 16, 17)
        left -= worked and BARE.is_working_day(wall.date())
        wall += dt.timedelta(hours=1)
    assert BARE.after_working_hours(begin, hours) == wall


def test_hours_run_only_while_the_office_is_open():
    half_past_eleven = dt.datetime(2026, 9, 30, 11, 30, tzinfo=SHANGHAI)
    assert BARE.after_working_hours(half_past_eleven, 1).astimezone(SHANGHAI) == dt.datetime(
        2026, 9, 30, 13, 30, tzinfo=SHANGHAI
    )
    late = dt.datetime(2026, 9, 30, 17, 0, tzinfo=SHANGHAI)
    office = [("08:30", "12:00"), ("14:30", "18:00")]
    told = BARE.after_working_hours(late, 1.5, office).astimezone(SHANGHAI)
    assert told == dt.datetime(2026, 10, 8, 9, 0, tzinfo=SHANGHAI)
    for none in ((), [("12:00", "09:00")]):
        with pytest.raises(ValueError, match="no hours"):
            BARE.after_working_hours(late, 1, none)


def test_a_missing_year_is_refused_and_named():
    with pytest.raises(NotReady, match="2091 年的工作日历还没有载入"):
        BARE.is_working_day(day("2091-03-01"))
    with pytest.raises(NotReady, match="2003"):
        BARE.after_working_days(day("2003-03-01"), 1)


def test_what_the_district_loads_comes_first():
    told = {
        day("2026-03-04"): (HOLIDAY, "抗洪"),
        day("2026-03-07"): (WORKDAY, "抗洪"),
        day("2026-01-02"): (NORMAL, ""),
    }
    found = Calendar(told)
    assert [found.is_working_day(one) for one in told] == [False, True, True]
    assert found.working_day_from(day("2026-03-04")) == day("2026-03-05")
