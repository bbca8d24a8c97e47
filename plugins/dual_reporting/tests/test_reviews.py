"""The yearly review of people: counted while they serve, judged in five parts, fed back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
from lifang.services.erasing import erase
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models.review import PARTS
from lifang_dual_reporting.resources import annual_reviews
from lifang_dual_reporting.services import review
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

PAGE = "/p/dual-reporting/annual-reviews"
API = "/api/v1/dual-reporting/annual-reviews"


@pytest.fixture
def year(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Year:
    clock.move_to(at("2026-11-02"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Year(instance, Events(boss), clock)


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
    assert api("community_secretary", at=world.HOME).post(path, json=told).status_code == 422
    assert api("unit_liaison", unit=bureau).post(path, json=told).status_code == 200
    done = run("dual-reporting", "annual-reviews", "masses", str(one.id), "--grade", "qualified")
    assert done.code == 0, done.err
    with pytest.raises(lf.Forbidden):
        lf.act(review.community, year.now(one), year.liaison(bureau), grade="excellent")
    kept = year.events.published("dual_reporting.annual_review.own_given")
    assert "水管" not in str(lf.masked(kept[0], year.boss)), "what was said is sealed in the log"


def test_the_community_enters_from_paper_what_somebody_and_their_employer_say(
    year: Year, api: Any, page: Any
) -> None:
    report = year.active(organization=year.unit().id)
    one = year.opened(report)
    told = {"grade": "qualified", "text": "服从安排", "paper": "自评-07"}
    worker, path = api("community_worker", at=world.HOME), f"{API}/{one.id}/actions"
    refused = worker.post(f"{path}/own", json=told | {"paper": ""})
    assert refused.status_code == 422 and "请填写纸质表编号" in str(refused.json)
    assert worker.post(f"{path}/leader", json=told).status_code == 403, "that is the secretary's"
    assert worker.post(f"{path}/own", json=told).json["own_paper"] == "自评-07"
    secretary = page("community_secretary", at=world.HOME)
    told |= {"paper": "点评-3", "text": ""}
    assert secretary.post(f"{PAGE}/{one.id}/actions/leader", told).status_code == 303
    assert "点评-3" in secretary.text(f"{PAGE}/{one.id}")
    mine = {"grade": "excellent", "paper": "x"}
    assert lf.act(review.own, year.now(one), year.me(report), **mine).own_paper is None
    again = worker.post(f"{path}/own", json=told)
    assert again.status_code == 409 and "不能代为改写" in str(again.json)
    [first, _second] = year.events.published("dual_reporting.annual_review.own_given")
    assert "自评-07" not in str(lf.masked(first, year.boss)), "sealed in the log"
    history = secretary.text(f"{PAGE}/{one.id}/history")
    assert "自评表编号" in history, "who entered it stands in the record's history"


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
    year.go("2026-11-03")
    listed = year.opened(never)
    assert (listed.since, listed.minutes) == (dt.date(2026, 1, 1), 0)
    year.judge(listed)
    lf.act(review.community, year.now(listed), year.worker, grade="basic", points=90)
    for grade in ("excellent", "qualified"):
        with pytest.raises(lf.Invalid, match="没有报到的人不能评为优秀或合格"):
            lf.act(review.sign, year.now(listed), year.secretary, grade=grade)
    assert lf.act(review.sign, year.now(listed), year.secretary, grade="basic").grade == "basic"


def test_who_may_not_sees_nothing_of_a_year_and_the_employer_nothing_of_home(year: Year) -> None:
    bureau = year.unit()
    report = year.active(organization=bureau.id, household_address="3号楼", slip_no="A1")
    year.events.deliver()
    assert [one.report_id for one in lf.each(annual_reviews, year.me(report))] == [report.id]
    assert [one.report_id for one in lf.each(annual_reviews, year.liaison(bureau))] == [report.id]
    for who in (year.liaison(year.unit("示例乙")), year.neighbour, year.me(year.person("王芳"))):
        assert list(lf.each(annual_reviews, who)) == []
    assert not {"household_address", "political_status"} & annual_reviews.by_name.keys()


def test_who_is_erased_leaves_a_year_without_what_was_said_of_it(year: Year) -> None:
    report = year.active()
    one = year.opened(report)
    year.judge(one)
    erase(year.boss, f"core.person/{report.person_id}")
    kept = year.now(one)
    assert [getattr(kept, f"{name}_text") for name in PARTS] == [None] * 5
    assert kept.own_grade == "qualified"
    [said] = year.events.published("dual_reporting.annual_review.own_given")
    assert said.data["text"] == lf.ERASED
