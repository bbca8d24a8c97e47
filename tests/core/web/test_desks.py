"""The page of a plugin: rows are worked on where they stand, and one is back where one was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.mechanisms import tasks as ours
from tests.core.mechanisms.tasks import Claim, Task, open_tasks, task
from tests.core.web.conftest import Visit

DESK = "/p/tasks"
Make = Callable[..., Caller]


@pytest.fixture(autouse=True)
def plugin(instance: Instance) -> Iterator[None]:
    open_tasks(instance, at=world.CHENGGUAN)
    yield
    ours.trouble.clear()


@pytest.fixture
def wang(instance: Instance) -> Person:
    return world.person(instance, "王秀兰")


@pytest.fixture
def by(caller: Make) -> Caller:
    return caller("community_worker", at=world.CHENGGUAN)


def state_of(number: int) -> str:
    return str(Task.get_by_id(number).state)


def rows_of(page: str, label: str) -> str:
    """The part of a page that a panel is."""
    panels = re.split(r'<section class="panel', page)
    return next(part for part in panels if f">{label}" in part.partition("</h2>")[0])


def test_work_without_input_is_one_press_and_back_with_input_a_form_and_back(
    visit: Visit, by: Caller
) -> None:
    first, second, third = (task(by, f"第{n}件", world.HOME, minutes=30) for n in "123")
    worker = visit("community_worker", at=world.HOME)
    assert f'href="{DESK}" aria-current="page"' in worker.text(DESK)
    assert f'href="{DESK}"' in worker.text("/"), "menu and front page lead there"
    page = worker.text(DESK)
    assert "lifang desk tasks" in page
    rows = rows_of(page, "待办事项")
    assert "3 条" in rows and "合计：1.5 小时" in rows
    assert "第1件" in rows and "第3件" not in rows
    assert f'href="{DESK}/tasks?state=open"' in rows
    finish = f"{DESK}/tasks/{first}/actions/finish"
    assert f'<form method="post" action="{finish}">' in rows
    done = worker.post(finish, {"back": DESK})
    assert (done.status_code, state_of(first)) == (303, "done")
    assert done.headers["Location"] == f"{DESK}?done=tasks.tasks.finish"
    page = worker.text(done.headers["Location"])
    assert "已完成「办结」" in page and "第3件" in page
    assert worker.text(f"{DESK}?done=tasks.tasks.fly").count('role="status"') == 0
    later = unescape(re.findall(rf'href="({DESK}/tasks/{second}/actions/postpone[^"]*)"', page)[0])
    form = worker.text(later)
    assert f'name="back" value="{DESK}"' in form and f'href="{DESK}">取消' in form
    refused = worker.post(later, {"reason": "", "back": DESK})
    assert refused.status_code == 422 and f'name="back" value="{DESK}"' in refused.text
    assert worker.post(later, {"reason": "等材料"}).headers["Location"].startswith(f"{DESK}?done=")
    assert f"{DESK}/tasks/{third}/actions/drop?back=" in page, "nobody drops by one press"
    assert "还没有保存" not in page


def test_one_press_that_fails_says_why_and_the_way_back_stays(visit: Visit, by: Caller) -> None:
    hard = task(by, "难办", world.HOME)
    worker = visit("community_worker", at=world.HOME)
    answer = worker.post(f"{DESK}/tasks/{hard}/actions/finish", {"back": DESK})
    assert (answer.status_code, state_of(hard)) == (409, "open")
    assert "这件事还缺材料" in answer.text and f'href="{DESK}">取消' in answer.text
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "x"):
        easy = task(by, "好办", world.HOME)
        gone = worker.post(f"{DESK}/tasks/{easy}/actions/finish", {"back": elsewhere})
        assert gone.headers["Location"] == "/?done=tasks.tasks.finish"


def test_whom_nothing_concerns_there_is_no_page_and_no_press(
    visit: Visit, by: Caller, wang: Person
) -> None:
    number = task(by, "不归你管", world.HOME)
    there = visit("community_worker", at=world.FOREIGN)
    assert "没有找到" in there.text(DESK, status=404)
    assert "社区事项" not in there.text("/")
    for path in ("/p/core", "/p/", "/p/Tasks", "/p/tasks/", "/p/tasks.x"):
        assert there.get(path).status_code == 404
    resident = visit("resident", person=wang)
    assert "不归你管" not in resident.text(DESK)
    finish = f"{DESK}/tasks/{number}/actions/finish"
    assert resident.post(finish, {"back": DESK}).status_code == 404
    assert state_of(number) == "open"


def test_what_is_offered_is_chosen_in_two_presses_and_stands_on_ones_own_page(
    instance: Instance, visit: Visit, by: Caller, wang: Person
) -> None:
    free = task(by, "看护花坛", world.HOME)
    mine = task(by, "清扫楼道", world.HOME, person=wang.id, minutes=45)
    me = visit("resident", person=wang)
    with instance.database.transaction():
        home = Community.get(Community.code == world.HOME)
        told = {"account": Account.get(Account.name == me.name), "community": home}
        Grant.create(role="resident", **told)
    page = me.text("/me")
    assert page.index("清扫楼道") < page.index("看护花坛"), "what is to be done comes first"
    assert "用时（分钟）：45" in rows_of(page, "我承办的")
    assert f"person={wang.id}" in rows_of(page, "我承办的"), "the list that goes on is theirs, too"
    choose = unescape(re.findall(rf'href="({DESK}/claims/new[^"]+)"', page)[0])
    form = me.text(choose)
    assert f"看护花坛 #{free}" in form and f"王秀兰 #{wang.id}" in form
    told = {"task": f"看护花坛 #{free}", "person": f"王秀兰 #{wang.id}", "back": "/me"}
    made = me.post(choose, told)
    assert made.headers["Location"] == "/me?done=tasks.claims.create"
    assert Claim.get().task_id == free
    page = me.text("/me?done=tasks.claims.create")
    assert "已新建" in page and "看护花坛" in rows_of(page, "我的认领")
    done = me.post(f"{DESK}/tasks/{mine}/actions/finish", {"back": "/me"})
    assert done.headers["Location"] == "/me?done=tasks.tasks.finish"
    assert "没有您承办的事项。" in me.text("/me")


def test_ones_own_page_says_who_one_is_where_one_belongs_and_what_can_be_set(
    instance: Instance, visit: Visit, wang: Person
) -> None:
    unit = world.organization(instance, "社区医院")
    registry: Any = instance.registry
    told = {"person": wang.id, "organization": unit.id, "from_date": "2019-03-01"}
    ours.lf.write(registry.find("core", "memberships"), "create", world.boss(instance), told)
    me = visit("resident", person=wang)
    page = me.text("/me")
    assert "社区医院" in page and "2019-03-01 至 现在" in page
    assert f'href="/people/{wang.id}"' in page
    assert me.get(f"/people/{wang.id}").status_code == 200
    for way in ('href="/account/password"', 'name="size" value="large"', 'action="/sign-out"'):
        assert way in page
    assert me.post("/looks", {"size": "large", "back": "/me"}).headers["Location"] == "/me"
    assert "改用标准字" in me.text("/me")


def test_administrators_are_told_what_was_left_out_and_nobody_else(
    visit: Visit, by: Caller
) -> None:
    task(by, "还在", world.HOME, due_on="2026-01-01")
    ours.trouble.append("写错了")
    worker = visit("community_worker", at=world.HOME).text(DESK)
    assert "还在" in worker and "待办事项" not in worker and "写错了" not in worker
    office = visit("platform_administrator", "district_admin").text(DESK)
    assert "插件出错：tasks" in office and "写错了" in office
