"""The yearly review of people: counted while they serve, judged in five parts, fed back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
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
    clock.move_to(at("2026-03-02"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


def test_hours_are_counted_anew_from_what_is_confirmed_and_suspended(year: Year) -> None:
    year.set("xingtai", scope="public_servants")
    report = year.active()
    year.events.deliver()
    one = year.year(report)
    assert (one.state, one.since, one.asked_hours, one.target_minutes) == (
        "serving", dt.date(2026, 3, 2), 50, 3000,
    )  # fmt: skip
    assert (one.minutes, one.reached) == (0, False)
    year.go("2026-12-15")
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
    year.go("2026-12-16")
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
    year.go("2026-06-15")
    year.serve(report, "2026-03-10", 3)
    there = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(ask_transfer, report, year.me(report), community=there)
    lf.act(release, year.now(report), year.worker)
    year.events.deliver()
    [new] = [one for one in type(report).select() if one.previous_id == report.id]
    lf.write(year.instance.registry.of(type(report)), "accept", year.neighbour, {}, new.id)
    year.go("2026-07-20")
    year.serve(year.now(new), "2026-07-10", 2)
    old, fresh = year.year(report), year.year(new)
    assert (old.state, old.minutes, fresh.state, fresh.minutes) == ("closed", 180, "serving", 300)
    assert (fresh.since, fresh.community_id) == (dt.date(2026, 6, 15), there.id)


def test_a_secretary_opens_a_year_and_each_part_is_given_by_whom_it_belongs_to(
    year: Year, api: Any, page: Any, run: Any
) -> None:
    bureau, other = year.unit(), year.unit("示例乙")
    report = year.active(organization=bureau.id)
    year.events.deliver()
    one = year.year(report)
    with pytest.raises(lf.Conflict, match="先启动评议"):
        lf.act(review.own, one, year.me(report), grade="qualified")
    for who in (year.worker, year.me(report), year.liaison(bureau)):
        with pytest.raises(lf.Forbidden):
            lf.act(review.open, one, who)
    secretary = page("community_secretary", at=world.HOME)
    assert "启动评议" in secretary.text(f"{PAGE}/{one.id}")
    assert secretary.post(f"{PAGE}/{one.id}/actions/open").status_code == 303
    told = {"grade": "excellent", "text": "今年修了十二次水管"}
    mine = page("resident", person=report.person)
    assert mine.post(f"{PAGE}/{one.id}/actions/own", told).status_code == 303
    path = f"{API}/{one.id}/actions/leader"
    assert api("unit_liaison", unit=other).post(path, json=told).status_code == 404
    assert api("community_secretary", at=world.HOME).post(path, json=told).status_code == 403
    assert api("unit_liaison", unit=bureau).post(path, json=told).status_code == 200
    done = run("dual-reporting", "annual-reviews", "masses", str(one.id), "--grade", "qualified")
    assert done.code == 0, done.err
    with pytest.raises(lf.Forbidden):
        lf.act(review.community, year.now(one), year.liaison(bureau), grade="excellent")
    kept = year.events.published("dual_reporting.annual_review.own_given")
    assert "水管" not in str(lf.masked(kept[0], year.boss)), "what was said is sealed in the log"


def test_a_secretary_signs_once_all_five_parts_are_there_and_nobody_else_does(year: Year) -> None:
    one = year.opened(year.active())
    with pytest.raises(lf.Conflict, match="五评还缺：自评、领导点评、群众评议、社区评价、组织评定"):
        lf.act(review.sign, year.now(one), year.secretary, grade="qualified")
    with pytest.raises(lf.Invalid, match="最长 400 个字"):
        lf.act(review.community, year.now(one), year.worker, grade="basic", text="长" * 401)
    year.judge(one, "own", "leader", "masses", "community")
    with pytest.raises(lf.Conflict, match="五评还缺：组织评定"):
        lf.act(review.sign, year.now(one), year.secretary, grade="qualified")
    year.judge(one, "organization")
    with pytest.raises(lf.Forbidden):
        lf.act(review.sign, year.now(one), year.worker, grade="qualified")
    signed = lf.act(review.sign, year.now(one), year.secretary, grade="qualified")
    told = (signed.state, signed.grade, signed.reviewed_on)
    assert told == ("reviewed", "qualified", lf.today())
    year.events.deliver()
    assert (year.now(one).state, year.now(one).receipt_due) == ("fed_back", None), "no employer"


def test_nobody_judges_or_signs_their_own_year(year: Year) -> None:
    report = year.active()
    one = year.opened(report)
    me = world.caller(year.instance, "community_secretary", at=world.HOME, person=report.person)
    for action in (review.leader, review.masses, review.community, review.organization):
        with pytest.raises(lf.Forbidden, match="本人"):
            lf.act(action, one, me, grade="excellent")
    year.judge(one)
    with pytest.raises(lf.Forbidden, match="本人"):
        lf.act(review.sign, year.now(one), me, grade="excellent")


def test_what_is_signed_is_fed_back_with_a_code_and_receipted_in_fifteen_days(
    year: Year, clock: Clock, api: Any, page: Any
) -> None:
    bureau = year.unit()
    report = year.active(organization=bureau.id, household_address="3号楼", slip_no="A1")
    year.clock.move_to(at("2026-12-20"))
    year.serve(report, "2026-03-10", 3)
    one = year.settled(report)
    assert (one.state, str(one.receipt_due)) == ("fed_back", "2027-01-04"), "natural days"
    [event] = year.events.published("dual_reporting.annual_review.fed_back")
    assert event.data["organization"] == bureau.id and event.data["grade"] == "qualified"
    liaison = year.liaison(bureau)
    [paper] = issued.issued_about(liaison, annual_reviews, one.id)
    assert paper["label"] == "年度评议反馈表"
    told = str(issued.shown(liaison, paper["id"]))
    assert "3 小时" in told and "合格" in told and "3号楼" not in told
    verified = issued.verify(year.instance, paper["code"])
    assert verified["state"] == "valid" and "李强" not in str(verified)
    year.go("2027-01-04", 23.9)
    assert year.now(one).state == "fed_back"
    year.go("2027-01-05", 0)
    assert year.now(one).state == "overdue"
    above = page("subdistrict_admin", at="620102001000")
    assert "李强" in above.text(f"{PAGE}?state=overdue")
    [event] = year.events.published("dual_reporting.annual_review.overdue")
    assert event.data["organization"] == bureau.id
    path = f"{API}/{one.id}/actions/receipt"
    assert api("community_secretary", at=world.HOME).post(path).status_code == 403
    assert api("unit_liaison", unit=bureau).post(path).json["state"] == "receipted"
    year.events.deliver()
    entered = year.serve(report, "2026-04-10", 3)
    assert entered.state == "confirmed"
    assert year.now(one).minutes == 180, "what was signed stays as it was"


def test_grades_follow_points_and_whether_one_ever_reported(year: Year) -> None:
    year.set("foshan")
    year.set(pass_points=60, scope="public_servants", place="both")
    report = year.active()
    one = year.opened(report)
    year.judge(one)
    with pytest.raises(lf.Invalid, match="请先在「社区评价」中填写积分"):
        lf.act(review.sign, year.now(one), year.secretary, grade="qualified")
    with pytest.raises(lf.Invalid, match="不能小于 0"):
        lf.act(review.community, year.now(one), year.worker, grade="basic", points=-1)
    lf.act(review.community, year.now(one), year.worker, grade="basic", points=59)
    with pytest.raises(lf.Invalid, match="积分 59 分，不到合格的 60 分"):
        lf.act(review.sign, year.now(one), year.secretary, grade="excellent")
    lf.act(review.community, year.now(one), year.worker, grade="excellent", points=240)
    signed = lf.act(review.sign, year.now(one), year.secretary, grade="excellent")
    assert (signed.points, signed.grade) == (240, "excellent"), "points have no upper cap"

    bureau = year.unit()
    never = year.report(year.person("赵敏"), listed=True, organization=bureau.id)
    year.go("2026-12-31")
    listed = year.opened(never)
    assert (listed.since, listed.minutes) == (dt.date(2026, 1, 1), 0)
    year.judge(listed)
    lf.act(review.community, year.now(listed), year.worker, grade="basic", points=90)
    for grade in ("excellent", "qualified"):
        with pytest.raises(lf.Invalid, match="没有报到的人不能评为优秀或合格"):
            lf.act(review.sign, year.now(listed), year.secretary, grade=grade)
    assert lf.act(review.sign, year.now(listed), year.secretary, grade="basic").grade == "basic"


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


def test_who_may_not_sees_nothing_of_a_year_and_the_employer_nothing_of_home(year: Year) -> None:
    bureau = year.unit()
    report = year.active(organization=bureau.id, household_address="3号楼", slip_no="A1")
    year.events.deliver()
    assert [one.report_id for one in lf.each(annual_reviews, year.me(report))] == [report.id]
    assert [one.report_id for one in lf.each(annual_reviews, year.liaison(bureau))] == [report.id]
    for who in (year.liaison(year.unit("示例乙")), year.neighbour, year.me(year.person("王芳"))):
        assert list(lf.each(annual_reviews, who)) == []
    assert not {"household_address", "political_status"} & annual_reviews.by_name.keys()
