"""A small year ends in the same figures, however often it is told and whatever was off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle import switching
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.events import clockwork, counting
from lifang_dual_reporting.models import AnnualReview, Feedback, Reminder, Report, UnitReview
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services import entry
from lifang_dual_reporting.services.report import activate, end
from lifang_dual_reporting.services.suspension import suspend
from lifang_dual_reporting.services.transfer import ask_transfer, release
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

TECHNICAL = {"id", "version", "created_at", "updated_at", "created_by", "removed_at"}
HOURS = [
    ("李强", "畅家巷社区", 2026, 300, 300, 548, False, "serving"),
    ("赵敏", "张家园社区", 2026, 120, 0, 600, False, "closed"),
    ("王芳", "畅家巷社区", 2026, 660, 660, 600, True, "closed"),
    ("王芳", "张家园社区", 2026, 720, 720, 600, True, "serving"),
    ("李强", "畅家巷社区", 2027, 0, 0, 600, False, "serving"),
    ("王芳", "张家园社区", 2027, 0, 0, 600, False, "serving"),
]
SHEETS = [
    ("示例甲", "畅家巷社区", "2026-Q4", 300),
    ("示例甲", "张家园社区", "last-2", 120),
    ("示例乙", "畅家巷社区", "last-3", 660),
    ("示例乙", "张家园社区", "2026-Q4", 60),
]


def hours() -> list[tuple[Any, ...]]:
    rows = AnnualReview.select().order_by(AnnualReview.year, AnnualReview.report)
    return [
        (
            one.person.name, one.community.name, one.year, one.minutes, one.voluntary_minutes,
            one.target_minutes, one.reached, one.state,
        )
        for one in rows
    ]  # fmt: skip


def sheets() -> list[tuple[Any, ...]]:
    rows = [(o.organization.name, o.community.name, o.period, o.minutes) for o in Feedback.select()]
    return sorted(rows, key=SHEETS.index)


def everything() -> list[list[dict[str, Any]]]:
    """All rows of what is counted, without what says when they were written."""
    return [
        [
            {name: value for name, value in one.__data__.items() if name not in TECHNICAL}
            for one in model.select().order_by(model.id)
        ]
        for model in (AnnualReview, UnitReview, Feedback, Reminder)
    ]


def begin(year: Year) -> list[Report]:
    """Three people of two units report to two communities, and serve."""
    year.set(annual_hours=10, release_days=1)
    units = [year.unit("示例甲"), year.unit("示例乙")]
    for one in units:
        year.unit_reports(one, 3)
    told = (("李强", 0, world.HOME), ("赵敏", 0, world.NEIGHBOUR), ("王芳", 1, world.HOME))
    made = []
    for name, unit, code in told:
        person = year.person(name, at=code)
        data = {"person": person.id, "organization": units[unit].id, "community": {"code": code}}
        report = lf.write(reports, "create", year.boss, data)
        lf.write(reports, "accept", year.boss, {}, report.id)
        made.append(lf.act(activate, report, year.boss.served_by("dual_reporting")))
    year.go("2026-11-23")
    year.serve(made[0], "2026-11-21", 3)
    year.serve(made[1], "2026-11-21", 2, nature="duty")
    year.serve(made[2], "2026-11-21", 11)
    year.go("2026-11-25")
    lf.act(suspend, made[0], year.secretary, cause="illness", since=lf.today(),
           until=at("2026-12-26").date())  # fmt: skip
    year.events.deliver()
    return made


def finish(year: Year, made: list[Report]) -> None:
    """After a month one moves, one retires, one goes on; and a new year begins."""
    year.go("2026-12-28")
    there = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(ask_transfer, year.now(made[2]), year.me(made[2]), community=there)
    lf.act(release, year.now(made[2]), year.worker)
    year.events.deliver()
    moved = Report.get(Report.previous == made[2].id)
    lf.write(reports, "accept", year.neighbour, {}, moved.id)
    year.go("2026-12-30")
    year.serve(moved, "2026-12-29", 1)
    year.serve(made[0], "2026-12-29", 2)
    wrong = year.serve(made[0], "2026-12-28", 5)
    lf.act(entry.void, wrong, year.worker, reason="重复")
    lf.act(end, year.now(made[1]), year.neighbour, reason="退休")
    year.go("2027-01-02")


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-11-20"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def test_told_twice_and_from_the_start_a_year_ends_in_the_same_figures(year: Year) -> None:
    finish(year, begin(year))
    assert (hours(), sheets()) == (HOURS, SHEETS)
    before = everything()
    for event in year.events.published():
        for react in (*counting.handlers, *clockwork.handlers):
            if event.type in react.handler.types:
                with year.instance.database.transaction():
                    react(event, year.boss.served_by("dual_reporting"))
    year.events.deliver()
    assert everything() == before
    year.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    year.events.deliver()
    assert everything() == before
    for model in (AnnualReview, UnitReview, Feedback, Reminder):
        model.delete().execute()
    year.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    year.go("2027-01-03")
    assert (hours(), sheets()) == (HOURS, SHEETS), "the year is found anew from its events"


def test_off_for_a_month_and_on_again_a_year_ends_in_the_same_figures(
    year: Year, enable: Callable[..., None]
) -> None:
    made = begin(year)
    switching.switch(year.boss, "dual_reporting", at=world.CHENGGUAN, on=False)
    year.go("2026-12-27")
    enable("dual_reporting", at=world.CHENGGUAN)
    year.look()
    finish(year, made)
    assert (hours(), sheets()) == (HOURS, SHEETS)
    assert [len(rows) for rows in everything()[1:]] == [4, 4, 0]
