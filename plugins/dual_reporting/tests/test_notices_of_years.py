"""What people and units are told of reviews, lists of tasks and posts: once, and of many in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.resources import post_claims, posts, unit_reviews, unit_tasks
from lifang_dual_reporting.services import post, review, unit_review, unit_task
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.readers import Post

pytestmark = pytest.mark.once  # says nothing about the database


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Post:
    clock.move_to(at("2026-05-15"))  # a Friday
    enable("dual_reporting", at=world.CHENGGUAN)
    return Post(instance, Events(boss), clock)


def test_a_review_is_told_at_each_step_and_a_liaison_of_many_once(office: Post) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    above = office.account("subdistrict_admin", at="620102001000")
    office.set(quarter_feedback="no")
    office.unit_reports(bureau, 60)
    people = [office.active(name, organization=bureau.id) for name in ("李强", "赵敏")]
    office.go("2026-12-20")
    years = [office.opened(one) for one in people]
    assert office.read(people[0].person, "opened") == [
        "「畅家巷社区」已启动 2026 年度评议，请填写自评"
    ]
    assert office.read(liaison, "leader") == [
        "「畅家巷社区」已启动 2026 年度评议，请为本单位的人填写领导点评"
    ]
    for one in years:
        office.judge(one)
        lf.act(review.sign, office.now(one), office.secretary, grade="qualified")
    assert office.read(people[1].person, "reviewed") == ["您的 2026 年度评议已有结果"]
    sheet = "「畅家巷社区」发来 2026 年度评议反馈表，请在 2027-01-04 前逐份回执"
    office.tell_again()
    assert office.read(liaison, "review_sheet") == [sheet]
    office.go("2027-01-05", 0)
    late = "「兰州市示例局」没有按时回执「畅家巷社区」的反馈，期限为 2027-01-04"
    office.tell_again()
    assert office.read(above, "overdue") == [late], "two people's, one employer"
    assert "qualified" not in str(office.read(liaison)) and "合格" not in str(office.read(liaison))


def test_a_unit_is_told_of_its_review_and_of_its_list_of_tasks_once(office: Post) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    office.unit_reports(bureau, 60)
    [year] = lf.each(unit_reviews, office.worker)
    lf.act(unit_review.open, year, office.secretary)
    assert office.read(liaison, "opened") == ["「畅家巷社区」已启动 2026 年度评议，请填写自评"]
    told = {"organization": bureau.id, "community": {"code": world.HOME}, "month": "2026-05"}
    for content in ("清理楼道", "慰问老人"):
        made = lf.write(unit_tasks, "create", office.worker, {**told, "content": content})
        lf.act(unit_task.issue, made, office.worker)
    office.tell_again()
    assert office.read(liaison, "tasks") == ["「畅家巷社区」下达了 2026-05 的任务清单"]


def test_who_waited_for_a_post_learns_that_it_is_theirs(office: Post) -> None:
    one, two = (office.active(name) for name in ("李强", "赵敏"))
    data = {"name": "楼道清洁员", "community": {"code": world.HOME}, "category": "governance"}
    place = lf.write(posts, "create", office.worker, {**data, "slots": 1})
    first, _second = (
        lf.write(post_claims, "create", office.me(who), {"post": place.id, "person": who.person_id})
        for who in (one, two)
    )
    lf.act(post.give_up, first, office.me(one))
    assert office.read(two.person, "promoted") == ["您候补的岗位「楼道清洁员」有名额了，已为您认领"]
    assert office.read(one.person, "promoted") == []
