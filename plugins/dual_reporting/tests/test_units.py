"""What units do at their community, and the monthly list of tasks that it issues to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang_dual_reporting.models import UnitReport, UnitTask
from lifang_dual_reporting.resources import unit_activities, unit_tasks
from lifang_dual_reporting.services.unit_activity import confirm, days_of, missing_visits, void
from lifang_dual_reporting.services.unit_task import finish, issue, miss, next_list, review

PAGES = "/p/dual-reporting"


@pytest.fixture
def unit(corner: Any) -> Any:
    """示例供水公司, which reports here since the beginning of the year."""
    unit = world.organization(corner.instance, "示例供水公司")
    home = lf.Community.get(lf.Community.code == world.HOME)
    UnitReport.create(
        organization=unit, community=home, secretary="张书记", liaison="刘洋", members_total=60,
        accepted_on=dt.date(2026, 1, 1), state="accepted",
    )  # fmt: skip
    return unit


def liaison(corner: Any, unit: Any) -> lf.Caller:
    return world.caller(corner.instance, "unit_liaison", unit=unit)


def visit(corner: Any, unit: Any, by: lf.Caller | None = None, **told: Any) -> Any:
    data = {"organization": unit.id, "community": {"code": world.HOME}, "content": "走访慰问"}
    data |= {"day": "2026-05-14", "kind": "visit", "people": 5, **told}
    return lf.write(unit_activities, "create", by or corner.worker, data)


def task(corner: Any, unit: Any, month: str = "2026-06", **told: Any) -> UnitTask:
    data = {"organization": unit.id, "community": {"code": world.HOME}, "month": month}
    return lf.write(unit_tasks, "create", corner.worker, data | {"content": "清理楼道"} | told)


def test_a_liaison_enters_what_the_unit_did_and_the_community_confirms(
    corner: Any, unit: Any, page: Any
) -> None:
    mine = page("unit_liaison", unit=unit)
    told = {
        "organization": str(unit.id), "community": world.HOME, "day": "2026-05-14",
        "kind": "visit", "content": "走访慰问", "people": "5",
    }  # fmt: skip
    assert mine.post(f"{PAGES}/unit-activities/new", told).status_code == 303
    [one] = lf.each(unit_activities, corner.worker)
    other = world.organization(corner.instance, "示例乙")
    for caller in (liaison(corner, unit), liaison(corner, other)):
        with pytest.raises((lf.Forbidden, lf.NotFound)):
            lf.act(confirm, one, caller)
    with pytest.raises((lf.Forbidden, lf.Invalid)):
        visit(corner, other, liaison(corner, unit))
    assert list(lf.each(unit_activities, liaison(corner, other))) == []
    lf.act(confirm, one, corner.worker)
    [event] = corner.events.published("dual_reporting.unit_activity.confirmed")
    assert (event.data["organization"], event.data["kind"]) == (unit.id, "visit")
    with pytest.raises(lf.Conflict, match="只有「待社区确认」的记录可以修改"):
        lf.write(unit_activities, "update", liaison(corner, unit), {"people": 50}, one.id)
    lf.act(void, one, corner.worker, reason="重复登记")
    for told_of, sentence in (({"day": "2026-05-16"}, "还没有举行"), ({"people": -1}, "小于 0")):
        with pytest.raises(lf.Invalid, match=sentence):
            visit(corner, unit, **told_of)


def test_a_joint_project_that_was_done_counts_once_for_the_unit_that_owned_it(
    corner: Any, unit: Any
) -> None:
    told = {"organization": unit.id, "title": "12号楼照明", "day": "2026-05-12", "people": 8}
    done = corner.told_elsewhere("co_building.project.done", 3, **told)
    corner.told_elsewhere("co_building.project.done", 4, **told | {"organization": None})
    corner.events.again(done)
    corner.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    corner.events.deliver()
    [one] = lf.each(unit_activities, corner.worker)
    assert (one.kind, one.state, one.content, one.people, one.source) == (
        "project", "confirmed", "12号楼照明", 8, "co_building.project/3",
    )  # fmt: skip
    assert corner.events.letters() == []


def test_who_came_less_often_in_a_quarter_than_is_asked_is_missing(corner: Any, unit: Any) -> None:
    home = visit(corner, unit).community_id
    assert missing_visits(home, "2026-Q2") == []  # nothing is asked by default
    corner.set("xingtai")
    assert [(one.organization_id, came) for one, came in missing_visits(home, "2026-Q2")] == [
        (unit.id, 0),
    ]  # fmt: skip
    for one in lf.each(unit_activities, corner.worker):
        lf.act(confirm, one, corner.worker)
    assert missing_visits(home, "2026-Q2") == []
    assert [came for _one, came in missing_visits(home, "2026-Q1")] == [0]
    assert missing_visits(home, "2025-Q4") == []  # the unit had not reported yet
    assert days_of("2026-Q4") == (dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    assert days_of("2026-Q1") == (dt.date(2026, 1, 1), dt.date(2026, 3, 31))


def test_in_chengcheng_a_list_is_issued_on_the_tenth_and_summed_up_on_the_next(
    corner: Any, unit: Any
) -> None:
    corner.set("chengcheng")
    corner.clock.move_to(corner.at(9, day=8, month=11))
    corner.events.deliver()
    done, left = (task(corner, unit, "2026-11", content=what) for what in ("清雪", "慰问"))
    later, next_year = task(corner, unit, "2026-11"), task(corner, unit, "2027-01")
    lf.write(unit_tasks, "update", corner.worker, {"month": "2026-12"}, later.id)
    seen = liaison(corner, unit)
    assert list(lf.each(unit_tasks, seen)) == []  # a draft is the community's
    corner.clock.move_to(corner.at(9, day=10, month=11))
    corner.events.deliver()
    assert {one.id for one in lf.each(unit_tasks, seen)} == {done.id, left.id}
    assert corner.now(done).due_on == dt.date(2026, 12, 9)
    lf.act(finish, done, seen, result="清理 3 个单元")
    corner.clock.move_to(corner.at(23, day=9, month=12))
    corner.events.deliver()
    assert corner.now(left).state == "issued"
    corner.clock.move_to(corner.at(0, day=10, month=12))
    corner.events.deliver()
    assert [corner.now(one).state for one in (done, left, later)] == ["done", "missed", "issued"]
    corner.clock.move_to(corner.at(9, day=12, month=1, year=2027))  # the instance stood still
    corner.events.deliver()
    assert [corner.now(one).state for one in (later, next_year)] == ["missed", "issued"]
    assert corner.now(next_year).due_on == dt.date(2027, 2, 9)
    before = [corner.now(one).version for one in (done, left, later, next_year)]
    for day in corner.events.published("core.clock.day"):
        if day.data["date"].endswith("-10"):
            corner.events.again(day)
    corner.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    corner.events.deliver()
    assert [corner.now(one).version for one in (done, left, later, next_year)] == before
    assert corner.events.letters() == []


def test_the_joint_meeting_reviews_what_was_summed_up(corner: Any, unit: Any, run: Any) -> None:
    one, other = task(corner, unit, due_on="2026-06-20"), task(corner, unit)
    with pytest.raises(lf.Conflict, match="可以评议"):
        lf.act(review, one, corner.worker, date=lf.today(), remark="好")
    lf.act(issue, one, corner.worker)  # by hand, where no day is set
    lf.act(issue, other, corner.worker)
    assert (corner.now(one).due_on, corner.now(other).due_on) == (dt.date(2026, 6, 20), None)
    lf.act(finish, one, liaison(corner, unit), result="已清理")
    lf.act(miss, other, corner.worker)
    with pytest.raises(lf.Invalid, match="不能晚于今天"):
        lf.act(review, one, corner.worker, date=dt.date(2026, 5, 16), remark="好")
    with pytest.raises(lf.Forbidden):
        lf.act(review, one, liaison(corner, unit), date=lf.today(), remark="好")
    told = run(
        "dual-reporting", "unit-tasks", "review", str(one.id), "--date", "2026-05-15",
        "--remark", "按时完成",
    )  # fmt: skip
    assert told.code == 0, told
    assert (corner.now(one).reviewed_on, corner.now(one).remark) == (lf.today(), "按时完成")
    [event] = corner.events.published("dual_reporting.unit_task.reviewed")
    assert (event.data["month"], event.data["remark"]) == ("2026-06", "按时完成")
    with pytest.raises(lf.Invalid, match="月份写作 2026-05"):
        task(corner, unit, "2026-13")


@pytest.mark.once
def test_the_next_list_is_a_month_later_also_across_the_year() -> None:
    ten = 10
    assert next_list(dt.date(2026, 12, 10), ten) == dt.date(2027, 1, 10)
    assert next_list(dt.date(2026, 12, 9), ten) == dt.date(2026, 12, 10)
    assert next_list(dt.date(2027, 1, 31), 28) == dt.date(2027, 2, 28)
