"""Deadlines and checks: who is reminded of what, once, also where a day was missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle import switching
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.events import clockwork
from lifang_dual_reporting.events.clockwork import remind
from lifang_dual_reporting.models import AnnualReview, UnitReport
from lifang_dual_reporting.resources import reminders
from lifang_dual_reporting.services.reminder import deadline_after
from lifang_dual_reporting.services.report import submit
from lifang_dual_reporting.services.suspension import suspend
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-05-20"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def test_thirty_and_seven_days_before_the_deadline_who_has_not_reported_is_told_and_the_unit(
    year: Year, page: Any
) -> None:
    year.set("foshan", scope="public_servants", place="both")
    bureau = year.unit()
    one, two = (
        year.report(year.person(name), listed=True, organization=bureau.id)
        for name in ("李强", "赵敏")
    )
    year.accepted("王芳")
    year.go("2026-05-30", 23.9)
    assert year.reminded() == []
    year.go("2026-05-31", 0)
    assert year.reminded() == [
        ("deadline", "2026-06-30", "李强", 30),
        ("deadline", "2026-06-30", "赵敏", 30),
        ("deadline", "2026-06-30", "兰州市示例局", 30),
    ]
    told = year.events.published("dual_reporting.reminder.deadline_near")
    assert [(e.data["person"], e.data["people"]) for e in told] == [
        (one.person_id, 0), (two.person_id, 0), (None, 2),
    ]  # fmt: skip
    lf.act(submit, one, year.me(one))
    year.go("2026-06-20")
    assert len(year.reminded()) == 3, "nothing is told between the days"
    year.go("2026-06-25")  # the 23rd was missed: told late, with what is left
    for event in year.events.published("core.clock.day"):
        year.events.again(event, remind)
    assert year.reminded()[3:] == [
        ("deadline", "2026-06-30", "赵敏", 5),
        ("deadline", "2026-06-30", "兰州市示例局", 5),
    ]
    assert len(list(lf.each(reminders, year.me(two)))) == 2
    assert len(list(lf.each(reminders, year.liaison(bureau)))) == 5
    for who in (year.neighbour, year.liaison(year.unit("示例乙"))):
        assert list(lf.each(reminders, who)) == []
    wanted = {"kind": "deadline", "community": {"code": world.HOME}, "period": "2026-06-30"}
    with pytest.raises(lf.Forbidden):
        lf.write(reminders, "create", year.secretary, wanted)
    shown = page("community_worker", at=world.HOME).text("/p/dual-reporting/reminders")
    assert "报到截止" in shown and "deadline/2026" not in shown


def test_a_day_that_was_missed_and_a_deadline_that_moves_are_told_late_and_anew(
    year: Year, instance: Any, enable: Callable[..., None]
) -> None:
    year.set("foshan", scope="public_servants", place="both", cycle="year")
    year.report(year.person("赵敏"), listed=True)
    year.events.deliver()
    switching.switch(year.boss, "dual_reporting", at=world.CHENGGUAN, on=False)
    year.go("2026-06-05")
    assert year.reminded() == []
    enable("dual_reporting", at=world.CHENGGUAN)
    year.look()
    year.go("2026-06-06")
    assert year.reminded() == [("deadline", "2026-06-30", "赵敏", 24)]
    year.set(deadline_month=7, deadline_day=31, reminder_days="40,7")
    year.go("2026-06-20")
    assert year.reminded()[1:] == []
    year.go("2026-06-21")
    assert year.reminded()[1:] == [("deadline", "2026-07-31", "赵敏", 40)]
    year.set(deadline_month=6, deadline_day=20, reminder_days="364")
    year.go("2026-06-22")
    assert year.reminded()[2:] == [("deadline", "2027-06-20", "赵敏", 363)], "across the year's end"
    home = lf.Community.get(lf.Community.code == world.HOME)
    year.set(deadline_month=2, deadline_day=31)
    for day, due in (("2027-03-01", "2028-02-29"), ("2027-02-28", "2027-02-28")):
        assert str(deadline_after(home.id, at(day).date())) == due, "a month's last day at most"


def test_each_half_year_says_who_has_neither_reported_nor_served(year: Year) -> None:
    year.set(cycle="half_year")
    idle, busy, ill = (year.active(name) for name in ("李强", "赵敏", "孙丽"))
    year.report(year.person("王芳"), listed=True)
    lf.act(suspend, ill, year.secretary, cause="illness", since=lf.today())
    year.go("2026-06-30")
    year.serve(busy, "2026-06-10", 1)
    year.report(year.person("周静"), listed=True)
    year.go("2026-06-30", 23.9)
    assert year.reminded() == []
    year.go("2026-07-01", 0.1)
    year.go("2026-07-02")
    assert year.reminded() == [
        ("half_year", "2026-H1", name, None) for name in ("李强", "王芳", "周静")
    ]
    told = year.events.published("dual_reporting.reminder.half_year_missed")
    assert told[0].data["report"] == idle.id
    year.set(cycle="year")
    year.go("2026-07-03")
    assert len(year.reminded()) == 3


def test_units_that_came_too_seldom_in_a_quarter_are_told(year: Year) -> None:
    year.set(unit_visits=1)
    bureau = year.unit()
    unit = year.unit_reports(bureau, 3)
    year.go("2026-07-01")
    assert year.reminded() == [], "who reported during the quarter is not asked"
    UnitReport.update(accepted_on="2026-04-01").where(UnitReport.id == unit.id).execute()
    year.go("2026-07-02")
    year.go("2026-07-04")
    assert year.reminded() == [("visits", "2026-Q2", "兰州市示例局", None)]
    [event] = year.events.published("dual_reporting.reminder.visits_missed")
    assert (event.data["organization"], event.data["people"]) == (bureau.id, 0)


def test_one_telling_does_so_much_at_most_and_the_next_hour_goes_on(
    year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("李强", "赵敏", "孙丽"):
        year.active(name)
    year.go("2026-12-31", 23.9)
    monkeypatch.setattr(clockwork, "MOST", 2)
    year.go("2027-01-01", 0)
    begun = AnnualReview.select().where(AnnualReview.year == 2027)
    assert begun.count() == 3, "the day begins two of them, its first hour the third"
