"""There is one clock: UTC inside, the instance's zone outside."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from lifang.kit import clock
from lifang.kit.errors import Invalid


@pytest.fixture
def default_zone(monkeypatch):
    monkeypatch.setattr(clock, "_instance_zone", None)


def test_now_carries_its_zone():
    assert clock.now().utcoffset() == timedelta(0)


def test_an_instance_lives_in_shanghai_unless_told_otherwise(default_zone):
    assert clock.zone().key == "Asia/Shanghai"
    clock.set_zone("Asia/Urumqi")
    assert clock.zone() == ZoneInfo("Asia/Urumqi")


def test_the_day_changes_at_midnight_of_the_zone(default_zone):
    with time_machine.travel(datetime(2026, 12, 31, 16, 0, tzinfo=UTC), tick=False):
        assert clock.today() == date(2027, 1, 1)
        assert clock.today(ZoneInfo("UTC")) == date(2026, 12, 31)


def test_an_instant_is_read_in_the_zone_of_the_instance(default_zone):
    shown = clock.local(datetime(2026, 2, 28, 20, 30, tzinfo=UTC))
    assert shown.isoformat() == "2026-03-01T04:30:00+08:00"


def test_summer_time_of_1988_is_known(default_zone):
    assert clock.local(datetime(1988, 7, 1, tzinfo=UTC)).utcoffset() == timedelta(hours=9)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        clock.local(datetime(2026, 1, 1))  # noqa: DTZ001 – the refusal of it is the point


@pytest.mark.parametrize("name", ["Asia/Lanzhou", "Asia", "/etc/passwd", "../x", "", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused_and_changes_nothing(default_zone, name):
    with pytest.raises(Invalid, match="时区"):
        clock.set_zone(name)
    assert clock.zone().key == "Asia/Shanghai"


def test_durations_do_not_follow_a_clock_that_is_put_back():
    before = clock.monotonic()
    with time_machine.travel(clock.now() - timedelta(hours=1)):
        assert clock.monotonic() >= before
