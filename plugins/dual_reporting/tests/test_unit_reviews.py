"""The yearly review of units: two rates, what they are divided by, and who may be honoured."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview, Report, UnitReview
from lifang_dual_reporting.resources import annual_reviews, unit_reviews
from lifang_dual_reporting.services import rates, unit_review
from lifang_dual_reporting.services.report import end
from lifang_dual_reporting.services.unit import end as end_unit
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

API = "/api/v1/dual-reporting/unit-reviews"


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-11-02"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def people_of(year: Year, bureau: lf.Organization, accepted: int, reached: int) -> list[Report]:
    """So many of a unit's people whom communities have accepted, and so many at their target."""
    made = []
    homes = [lf.Community.get(lf.Community.code == code) for code in (world.HOME, world.NEIGHBOUR)]
    with year.instance.database.transaction():
        for number in range(accepted):
            person = lf.Person.create(name=f"示例{number}")
            home = homes[number % 2]  # people report where they live
            report = Report.create(
                person=person, organization=bureau, community=home, accepted_on="2026-03-01",
                state="active",
            )  # fmt: skip
            AnnualReview.create(
                person=person, report=report, organization=bureau, community=home, year=2026,
                since="2026-03-01", minutes=3000, asked_hours=50, target_minutes=3000,
                reached=number < reached, reached_on="2026-06-01" if number < reached else None,
                until="2027-01-01",
            )  # fmt: skip
            made.append(report)
    return made


def judge(year: Year, one: UnitReview, grade: str = "excellent") -> None:
    above = world.caller(year.instance, "subdistrict_admin", at="620102001000")
    by = {
        "own": year.liaison(one.organization),
        "leader": above,
        "masses": year.worker,
        "community": year.worker,
        "organization": year.secretary,
    }
    for name, who in by.items():
        lf.write(unit_reviews, name, who, {"grade": grade}, one.id)


def test_below_ninety_five_in_either_rate_a_unit_is_not_honoured(year: Year, api: Any) -> None:
    year.set("xingtai", scope="public_servants")
    bureau = year.unit("示例供水公司")
    year.unit_reports(bureau, 60)
    people = people_of(year, bureau, 58, 55)
    one = UnitReview.get()
    path = f"{API}/{one.id}"
    assert api("community_worker", at=world.HOME).post(f"{path}/actions/open").status_code == 403
    secretary = api("community_secretary", at=world.HOME)
    told = secretary.post(f"{path}/actions/open").json
    assert (told["members_total"], told["accepted"], told["reached"]) == (60, 58, 55)
    assert [rates.text(told[f"{what}_rate"]) for what in ("reporting", "completion")] == [
        "96.67 %", "94.83 %",
    ]  # fmt: skip
    assert (told["denominator"], told["eligible"]) == ("accepted", False)
    with pytest.raises(lf.Forbidden):
        lf.act(unit_review.leader, year.now(one), year.secretary, grade="basic")
    with pytest.raises(lf.Conflict, match="五评还缺：自评、领导点评"):
        lf.act(unit_review.sign, year.now(one), year.secretary, grade="basic")
    judge(year, one)
    with pytest.raises(lf.Invalid, match=r"报到率 96.67 %，完成率 94.83 %，须都不低于 95 %"):
        lf.act(unit_review.sign, year.now(one), year.secretary, grade="excellent")
    late = {"reached": True, "reached_on": "2026-10-01"}
    AnnualReview.update(late).where(AnnualReview.report == people[-1].id).execute()
    told = secretary.post(f"{path}/actions/recount").json
    assert (told["completion_rate"], told["eligible"]) == (96.55, True)
    lf.act(unit_review.sign, year.now(one), year.secretary, grade="excellent")
    year.events.deliver()
    AnnualReview.update(reached=False, reached_on=None).execute()
    with pytest.raises(lf.Conflict):
        lf.act(unit_review.recount, year.now(one), year.secretary)
    kept = year.now(one)
    assert (kept.state, kept.grade, kept.completion_rate) == ("fed_back", "excellent", 96.55)


def test_the_completion_rate_is_divided_by_what_the_district_says_and_the_sheet_says_it(
    year: Year, page: Any
) -> None:
    year.set("xingtai", denominator="should_report")
    bureau = year.unit("示例供水公司")
    year.unit_reports(bureau, 60)
    people_of(year, bureau, 58, 55)
    one = lf.act(unit_review.open, UnitReview.get(), year.secretary)
    assert (rates.text(one.completion_rate), one.denominator) == ("91.67 %", "should_report")
    judge(year, one, "basic")
    lf.act(unit_review.sign, year.now(one), year.secretary, grade="basic")
    year.events.deliver()
    liaison = year.liaison(bureau)
    [paper] = issued.issued_about(liaison, unit_reviews, one.id)
    told = str(issued.shown(liaison, paper["id"]))
    assert "91.67 %" in told and "应报到人数" in told
    assert "单位年度评议反馈表" in page("unit_liaison", unit=bureau).text(
        f"/p/dual-reporting/unit-reviews/{one.id}"
    )
    year.go("2026-11-17", 23.9)
    assert year.now(one).state == "fed_back"
    year.go("2026-11-18", 0)
    assert year.now(one).state == "overdue"
    assert len(year.events.published("dual_reporting.unit_review.overdue")) == 1
    assert lf.act(unit_review.receipt, year.now(one), liaison).state == "receipted"


def test_where_there_is_nothing_to_divide_by_there_is_no_rate_and_no_honour(year: Year) -> None:
    year.set(unit_pass_rate=95)
    bureau = year.unit()
    year.unit_reports(bureau, 0)
    one = lf.act(unit_review.open, UnitReview.get(), year.secretary)
    assert (one.reporting_rate, one.completion_rate, one.eligible) == (None, None, False)
    assert (rates.text(None), rates.kept(Fraction(55, 58))) == ("—", 94.83)
    assert [rates.kept(rates.share(*parts)) for parts in ((55, 60), (58, 60), (1, 0))] == [
        91.67, 96.67, None,
    ]  # fmt: skip
    assert rates.Figures(20, 19, 19).eligible("accepted", 95), "95 % is not below 95 %"
    assert not rates.Figures(10_000, 9_499, 9_499).eligible("accepted", 95)
    assert rates.Figures(60, 58, 55).eligible("accepted", 0) is None
    unasked = rates.Figures(60, 58, None)
    assert (unasked.completion("accepted"), unasked.eligible("accepted", 95)) == (None, True)
    assert one.reached is None, "where no hours are asked, nobody has reached or missed them"


def test_a_units_year_begins_with_its_report_and_each_new_year_and_counts_who_stands(
    year: Year,
) -> None:
    bureau, other = year.unit(), year.unit("示例乙")
    unit = year.unit_reports(bureau, 3)
    people = people_of(year, bureau, 3, 3)
    year.set(annual_hours=50)
    told = {"organization": other.id, "community": {"code": world.HOME}, "year": 2026}
    with pytest.raises(lf.Invalid, match="没有向该社区报到"):
        lf.write(unit_reviews, "create", year.secretary, told)
    with pytest.raises(lf.Invalid, match="不能晚于今年"):
        lf.write(
            unit_reviews,
            "create",
            year.secretary,
            {**told, "organization": bureau.id, "year": 2027},
        )
    gone = year.unit_reports(other, 5)
    lf.act(end_unit, gone, year.worker, reason="机构撤销")
    lf.act(end, people[0], year.worker, reason="退休")
    year.go("2027-01-01", 0.1)
    rows = [
        (one.organization.name, one.year) for one in UnitReview.select().order_by(UnitReview.id)
    ]
    assert rows == [("兰州市示例局", 2026), ("示例乙", 2026), ("兰州市示例局", 2027)]
    one = lf.act(unit_review.open, UnitReview.get(), year.secretary)
    assert (one.members_total, one.accepted, one.reached) == (3, 2, 2)
    with pytest.raises(lf.Invalid, match="请填写纸质表编号"):
        lf.act(unit_review.own, one, year.worker, grade="basic")
    paper = lf.act(unit_review.own, one, year.worker, grade="basic", paper="单-1")
    assert (paper.own_grade, paper.own_paper) == ("basic", "单-1")
    mine = list(lf.each(unit_reviews, year.liaison(bureau)))
    assert [row.year for row in mine] == [2026, 2027] and unit.state == "accepted"
    assert list(lf.each(unit_reviews, year.neighbour)) == []
    assert len(list(lf.each(annual_reviews, year.liaison(other)))) == 0
