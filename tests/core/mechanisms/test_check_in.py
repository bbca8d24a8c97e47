"""Who comes is entered once: by the code of the moment, by position, or by hand with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.presence import Presence
from lifang.kit.errors import Conflict, Invalid
from lifang.mechanisms.check_in import CheckIn, distance
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock

coming = CheckIn("probe.coming", "签到", seconds=60)
leaving = CheckIn("probe.leaving", "签退", seconds=60)

NINE = dt.datetime(2026, 5, 16, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
HALF_AN_HOUR = dt.timedelta(minutes=30)
WINDOW = (NINE - HALF_AN_HOUR, NINE + HALF_AN_HOUR)
SQUARE, NEARBY, FAR = "36.0611,103.8343", "36.0617,103.8343", "36.0711,103.8343"


@pytest.fixture
def occasion(instance: Instance, clock: Clock) -> Any:
    clock.move_to(NINE)
    return Community.get(Community.code == world.HOME)


@pytest.fixture
def liqiang(instance: Instance) -> Any:
    return world.person(instance, "李强")


@pytest.fixture
def do(instance: Instance, boss: Caller, occasion: Any) -> Callable[..., Any]:
    """Call something of a check-in in a transaction of its own."""

    def call(kind: CheckIn, what: str, *told: Any, **more: Any) -> Any:
        with instance.database.transaction():
            return getattr(kind, what)(occasion, boss, *told, **more)

    return call


def test_a_code_is_good_while_it_is_shown_and_a_moment_longer_and_a_screenshot_is_not(
    instance: Instance, boss: Caller, occasion: Any, liqiang: Any, do: Any, clock: Clock
):
    code, until = do(coming, "code")
    assert NINE < until <= NINE + dt.timedelta(seconds=60)
    elsewhere = Community.get(Community.code == world.NEIGHBOUR)
    other, _until = coming.code(elsewhere, boss)
    for wrong in (other, do(leaving, "code")[0], "", "AAAA-AAAA"):
        with pytest.raises(Invalid, match="请扫现场正在显示的码"):
            do(coming, "scan", liqiang, wrong, window=WINDOW)
    clock.later(seconds=60)
    assert do(coming, "code")[0] != code
    clock.later(seconds=60)
    with pytest.raises(Invalid, match="已经过期"):
        do(coming, "scan", liqiang, code, window=WINDOW)
    clock.later(seconds=-60)
    said = f" {code[:4].lower()}-{code[4:]} "  # as people type
    seen = do(coming, "scan", liqiang, said, window=WINDOW)
    assert (seen.method, seen.distance) == ("qr", None)


def test_the_same_person_again_is_told_when_it_was_and_nothing_is_changed(
    liqiang: Any, do: Any, clock: Clock
):
    do(coming, "scan", liqiang, do(coming, "code")[0], window=WINDOW)
    clock.later(minutes=5)
    with pytest.raises(Conflict, match="李强 已于 05-16 09:00 「签到」"):
        do(coming, "scan", liqiang, do(coming, "code")[0], window=WINDOW)
    with pytest.raises(Conflict, match="李强 已于 05-16 09:00"):
        do(coming, "enter", liqiang, at=NINE, reason="手机没电", window=WINDOW)
    assert do(coming, "seen", liqiang).at == NINE
    assert do(leaving, "seen", liqiang) is None
    do(leaving, "scan", liqiang, do(leaving, "code")[0], window=WINDOW)
    assert Presence.select().count() == 2


def test_outside_its_time_nobody_is_entered_whatever_they_show(liqiang: Any, do: Any, clock: Clock):
    for minutes in (-31, 31):
        clock.move_to(NINE + dt.timedelta(minutes=minutes))
        code = do(coming, "code")[0]
        with pytest.raises(Conflict, match="「签到」的时间是 05-16 08:30 到 05-16 09:30"):
            do(coming, "scan", liqiang, code, window=WINDOW)
    with pytest.raises(Conflict, match="的时间是"):
        do(coming, "enter", liqiang, at=moment(-31), reason="x", window=WINDOW)
    with pytest.raises(Invalid, match="不能晚于现在"):
        do(coming, "enter", liqiang, at=moment(90), reason="x", window=WINDOW)
    assert not Presence.select().exists()
    do(coming, "enter", liqiang, at=NINE, reason="手机没电", window=WINDOW)
    row = Presence.get()
    assert (row.method, row.reason, row.actor) == ("manual", "手机没电", "boss")


def moment(minutes: int) -> dt.datetime:
    return NINE + dt.timedelta(minutes=minutes)


def test_a_position_is_looked_at_and_only_the_distance_kept_for_a_time(liqiang: Any, do: Any):
    told = {"place": SQUARE, "within": 200, "window": WINDOW}
    with pytest.raises(Conflict, match="约 1110 米，须在 200 米以内"):
        do(coming, "locate", liqiang, FAR, **told)
    for wrong in ("here", "91,0", "36.06", "nan,3"):
        with pytest.raises(Invalid, match="纬度,经度"):
            do(coming, "locate", liqiang, wrong, **told)
    assert do(coming, "locate", liqiang, NEARBY, **told).distance == 70
    row = Presence.select().tuples().get()
    assert not any("103.8" in str(value) for value in row)
    assert do(coming, "forget") == 1
    assert do(coming, "forget") == 0
    assert do(coming, "seen", liqiang).distance is None


def test_distances_are_those_over_the_ground():
    assert distance((0.0, 0.0), (0.0, 0.0)) == 0
    assert distance((0.0, 0.0), (0.0, 1.0)) == pytest.approx(111_195, abs=10)
    assert distance((60.0, 0.0), (60.0, 1.0)) == pytest.approx(55_597, abs=10)
    assert distance((36.0, 179.9999), (36.0, -179.9999)) <= 20
