"""A year of those who report: begun, counted anew, and taken along by who moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview
from lifang_dual_reporting.resources import annual_reviews, suspensions
from lifang_dual_reporting.services import counting, entry, review
from lifang_dual_reporting.services.report import end, submit
from lifang_dual_reporting.services.transfer import ask_transfer, release
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

PAGE = "/p/dual-reporting/annual-reviews"
API = "/api/v1/dual-reporting/annual-reviews"


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-11-02"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def test_hours_are_counted_anew_from_what_is_confirmed_and_suspended(year: Year) -> None:
    year.set("xingtai", scope="public_servants")
    report = year.active()
    year.events.deliver()
    one = year.year(report)
    assert (one.state, one.since, one.asked_hours, one.target_minutes) == (
        "serving", dt.date(2026, 11, 2), 50, 3000,
    )  # fmt: skip
    assert (one.minutes, one.reached) == (0, False)
    year.go("2026-12-01")
    year.serve(report, "2026-03-10", 20)
    late = year.serve(report, "2026-04-10", 24)
    year.serve(report, "2026-05-10", 6, nature="duty")
    one = year.year(report)
    assert (one.minutes, one.voluntary_minutes, one.reached) == (3000, 2640, True)
    lf.act(entry.void, late, year.boss, reason="重复")
    year.events.deliver()
    assert (year.year(report).minutes, year.year(report).reached) == (1560, False)
    told = {"report": report.id, "reason": "illness", "since": "2026-06-01", "until": "2026-11-30"}
    away = lf.write(suspensions, "create", year.secretary, told)
    year.events.deliver()
    asked = -(-3000 * (365 - 183) // 365)
    assert (year.year(report).target_minutes, year.year(report).reached) == (asked, True)
    lf.write(suspensions, "remove", year.secretary, {}, away.id)
    year.events.deliver()
    assert year.year(report).target_minutes == 3000
    version = year.year(report).version
    year.set(annual_hours=26)
    year.go("2026-12-02")
    assert (year.year(report).target_minutes, year.year(report).reached) == (1560, True)
    assert year.year(report).version == version + 1, "the same is not counted twice"


@pytest.mark.once
def test_the_target_is_exact_in_every_year_and_rounded_up_to_a_minute() -> None:
    assert counting.target(50, 2026, 0) == 3000
    assert counting.target(50, 2028, 61) == 2500, "a leap year has 366 days"
    assert counting.target(50, 2027, 61) == 2499
    assert counting.target(50, 2027, 365) == counting.target(0, 2027, 0) == 0


def test_a_year_begins_for_everybody_who_serves_and_hours_belong_to_the_year_they_began_in(
    year: Year,
) -> None:
    report, gone = year.active("李强"), year.active("赵敏")
    year.go("2026-12-30")
    lf.act(end, gone, year.worker, reason="退休")
    year.go("2027-01-01", 0.1)
    year.serve(report, "2026-12-31", 1.5, hour=22)
    year.go("2027-01-04")
    year.serve(report, "2027-01-02", 1)
    rows = AnnualReview.select().order_by(AnnualReview.year, AnnualReview.id)
    assert [(one.person.name, one.year, one.minutes, one.state) for one in rows] == [
        ("李强", 2026, 90, "serving"),
        ("赵敏", 2026, 0, "closed"),
        ("李强", 2027, 60, "serving"),
    ]
    assert year.year(report, 2027).since == dt.date(2027, 1, 1)


def test_whoever_moves_takes_the_hours_along_and_the_old_year_stays_as_it_stands(
    year: Year,
) -> None:
    report = year.active()
    year.go("2026-11-16")
    year.serve(report, "2026-03-10", 3)
    there = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(ask_transfer, report, year.me(report), community=there)
    lf.act(release, year.now(report), year.worker)
    year.events.deliver()
    [new] = [one for one in type(report).select() if one.previous_id == report.id]
    lf.write(year.instance.registry.of(type(report)), "accept", year.neighbour, {}, new.id)
    year.go("2026-11-20")
    year.serve(year.now(new), "2026-11-18", 2)
    old, fresh = year.year(report), year.year(new)
    assert (old.state, old.minutes, fresh.state, fresh.minutes) == ("closed", 180, "serving", 300)
    assert (fresh.since, fresh.community_id) == (dt.date(2026, 11, 16), there.id)


def test_a_secretary_begins_a_year_that_is_missing_and_none_that_cannot_be(year: Year) -> None:
    never = year.report(year.person("赵敏"), listed=True)

    def begin(report: Any, number: int = 2026, by: lf.Caller | None = None) -> AnnualReview:
        told = {"report": report.id, "year": number}
        return lf.write(annual_reviews, "create", by or year.secretary, told)

    year.events.deliver()
    with pytest.raises(lf.Forbidden):
        begin(never, by=year.worker)
    with pytest.raises(lf.Invalid, match="不能晚于今年"):
        begin(never, 2027)
    made = begin(never)
    assert (made.person_id, made.state) == (never.person_id, "serving")
    with pytest.raises(lf.Conflict):
        begin(never)
    accepted = year.active("李强")
    with pytest.raises(lf.Invalid, match="在该年度之后接收"):
        begin(accepted, 2025)
    lf.act(submit, never, year.worker, slip_no="A7")
    lf.act(end, year.now(never), year.worker, reason="调离")
    year.events.deliver()
    assert year.now(made).state == "closed"
    with pytest.raises(lf.Conflict):
        lf.act(review.open, year.now(made), year.secretary)
