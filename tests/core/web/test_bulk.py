"""A list's rows are ticked, or all of it meant; the page says what will happen before it does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lifang.entities.job import Job
from lifang.kit import clock
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
from lifang.testing import world
from tests.core.builtin.trees import decree
from tests.core.web.conftest import REPORTS, Visit, Visitor


@pytest.fixture
def reports(instance: Instance, enable: Any) -> Any:
    enable("dual_reporting", at=world.CITY)
    return instance.registry.find("dual_reporting", "reports")


@pytest.fixture
def made(instance: Instance, reports: Any) -> list[int]:
    """Three reports nearby, of which the last has ended, and one in another district."""
    told = [report(instance, reports, name) for name in ("张三", "李四", "赵六")]
    write(reports, "end", world.boss(instance), {"reason": "已迁出"}, told[2])
    return [*told, report(instance, reports, "金丝雀", at=world.FOREIGN)]


def report(instance: Instance, reports: Any, name: str, at: str = world.HOME) -> int:
    told = {"person": world.person(instance, name, at=at).id, "community": {"code": at}}
    return int(write(reports, "create", world.boss(instance), told).id)


def said(verb: str, *ids: int, **more: Any) -> dict[str, Any]:
    told = {"verb": verb, "which": "chosen" if ids else "all", "id": [str(id) for id in ids]}
    return {
        **{f"bulk.{name}": value for name, value in told.items()},
        **{name.replace("__", "."): value for name, value in more.items()},
    }


def states(reports: Any) -> list[str]:
    rows = reports.model.select(reports.model.state).order_by(reports.model.id)
    return [state for (state,) in rows.tuples()]


def test_a_list_offers_the_verbs_that_its_reader_holds(
    made: list[int], worker: Visitor, visit: Visit
) -> None:
    text = worker.text(f"{REPORTS}?state=submitted&within={world.CHENGGUAN}&count=true")
    assert re.findall(r'name="bulk.id" value="(\d+)"', text) == [str(one) for one in made[:2]]
    assert offered(text) == ["accept", "reject", "end", "update"]
    assert "符合条件的全部 2 条" in text
    assert f'value="state=submitted&amp;within={world.CHENGGUAN}"' in text
    secretary = visit("community_secretary", at=world.HOME).text(REPORTS)
    assert '<option value="remove">移除</option>' in secretary
    reader = visit("grid_worker", at=world.HOME).text("/people")
    assert "张三" in reader
    assert "bulk" not in reader


def offered(page: str) -> list[str]:
    return re.findall(r'<option value="(\w+)">', page.split("bulk-bar")[1])


def test_placing_is_offered_where_records_wait_for_it_and_done_to_those_alone(
    instance: Instance, made: list[int], worker: Visitor, reports: Any
) -> None:
    assert "待归入" not in worker.text(REPORTS)
    stays = report(instance, reports, "钱七", at=world.NEIGHBOUR)
    split = "e1 东社区\ne2 西社区"
    decree(world.boss(instance), "split", world.HOME, clock.today(), into=split)
    page = worker.text(REPORTS)
    assert "place" in offered(page)
    menu = page.split('name="unassigned"')[1].split("</select>")[0]
    assert re.findall(r'<option value="(\w*)"', menu) == ["", "true", "false"]
    assert "place" not in offered(worker.text(f"{REPORTS}?within={world.NEIGHBOUR}"))
    assert "place" not in offered(worker.text(f"{REPORTS}?unassigned=false"))
    waiting = worker.text(f"{REPORTS}?unassigned=true")
    assert "待归入：是" in waiting
    assert "place" in offered(waiting)
    assert "钱七" not in waiting
    checked = worker.post(f"{REPORTS}/bulk", said("place")).text
    assert "对 3 条：归入社区" in checked
    assert "1 条：不需要「归入社区」" in checked
    told = {**said("place"), "bulk.confirm": "1", "bulk.count": "3", "community": "e2"}
    result = worker.post(f"{REPORTS}/bulk", told)
    assert result.status_code == 303, result.text
    where = {row.id: row.community.code for row in reports.model.select()}
    assert [where[one] for one in (*made[:3], stays)] == ["e2"] * 3 + [world.NEIGHBOUR]
    assert "不需要「归入社区」" in worker.text(result.headers["Location"])
    assert "place" not in offered(worker.text(REPORTS))


def test_what_was_ticked_is_checked_confirmed_and_told(
    made: list[int], worker: Visitor, reports: Any
) -> None:
    chosen = said("accept", *made, bulk__list="state=submitted")
    page = worker.post(f"{REPORTS}/bulk", chosen)
    assert page.status_code == 200
    assert "金丝雀" not in page.text
    for told in ("对 2 条：接收", "1 条：现在是「已结束」", "张三", "李四", "没有找到"):
        assert told in page.text, told
    assert "lifang dual-reporting reports bulk accept --id 1 --id 2" in page.text
    assert states(reports)[0] == "submitted"
    confirmed = {**chosen, "bulk.confirm": "1", "bulk.count": "2"}
    answer = worker.post(f"{REPORTS}/bulk", confirmed)
    assert answer.status_code == 303
    assert states(reports) == ["accepted", "accepted", "ended", "submitted"]
    result = worker.text(answer.headers["Location"])
    assert "1 条：只有「已提交」的记录可以接收" in result
    assert f'<a href="{REPORTS}/{made[2]}">' in result
    assert f'href="{REPORTS}?state=submitted">回到列表' in result
    again = worker.post(f"{REPORTS}/bulk", confirmed)
    assert (again.status_code, "现在都不能「接收」" in again.text) == (409, True)


def test_the_whole_filtered_list_is_meant_beyond_its_first_page(
    instance: Instance, made: list[int], worker: Visitor, reports: Any
) -> None:
    for n in range(25):
        report(instance, reports, f"钱{n}")
    chosen = said("accept", bulk__list=f"state=submitted&within={world.CHENGGUAN}&q=钱&sort=-id")
    assert "对 25 条：接收" in worker.post(f"{REPORTS}/bulk", chosen).text
    report(instance, reports, "钱来晚")
    late = worker.post(f"{REPORTS}/bulk", {**chosen, "bulk.confirm": "1", "bulk.count": "25"})
    assert late.status_code == 409  # more than was confirmed: asked again, with the new number
    assert "对 26 条：接收" in late.text
    assert "accepted" not in states(reports)
    done = worker.post(f"{REPORTS}/bulk", {**chosen, "bulk.confirm": "1", "bulk.count": "26"})
    assert done.status_code == 303
    assert states(reports).count("accepted") == 26
    assert Job.get().title == "批量接收：报到记录"


def test_what_is_missing_is_asked_for_and_nothing_ticked_is_lost(
    made: list[int], worker: Visitor, reports: Any
) -> None:
    chosen = {**said("end", *made[:2]), "bulk.confirm": "1", "bulk.count": "2"}
    wrong = worker.post(f"{REPORTS}/bulk", chosen)
    assert wrong.status_code == 422
    assert "reports bulk end --reason … --id 1 --id 2" in wrong.text
    assert 'href="#f-reason"' in wrong.text
    assert re.findall(r'name="bulk.id" value="(\d+)"', wrong.text) == [str(n) for n in made[:2]]
    assert worker.post(f"{REPORTS}/bulk", {**chosen, "reason": "已迁出"}).status_code == 303
    assert states(reports) == ["ended", "ended", "ended", "submitted"]
    none = worker.post(f"{REPORTS}/bulk", {"bulk.verb": "accept", "bulk.which": "chosen"})
    assert (none.status_code, "还没有选中任何记录" in none.text) == (422, True)


def test_only_what_is_filled_in_is_changed_on_all(
    instance: Instance, worker: Visitor, reports: Any
) -> None:
    made = [world.organization(instance, name) for name in ("甲社", "乙社")]
    chosen = said("update", *(int(one.id) for one in made))
    page = worker.post("/organizations/bulk", chosen).text
    assert 'name="kind"' in page
    assert '<option value="party" selected>' not in page
    told = {**chosen, "bulk.confirm": "1", "bulk.count": "2"}
    empty = worker.post("/organizations/bulk", told)
    assert (empty.status_code, "请至少填写一个" in empty.text) == (422, True)
    assert worker.post("/organizations/bulk", {**told, "kind": "platform"}).status_code == 303
    rows = type(made[0]).select().order_by(type(made[0]).id)
    assert [(one.name, one.kind) for one in rows] == [("甲社", "platform"), ("乙社", "platform")]
    person = world.person(instance, "李强", phone="13800001234")
    page = worker.post("/people/bulk", said("update", int(person.id))).text
    assert 'name="sex"' in page
    assert 'name="phone"' not in page


def test_a_verb_that_is_not_held_and_a_job_of_somebody_else_are_not_there(
    made: list[int], worker: Visitor, visit: Visit, reports: Any
) -> None:
    assert worker.post(f"{REPORTS}/bulk", said("remove", *made)).status_code == 403
    assert worker.post(f"{REPORTS}/bulk", said("fly", *made)).status_code == 404
    assert worker.post(f"{REPORTS}/bulk", said("create", *made)).status_code == 404
    told = {**said("accept", made[0]), "bulk.confirm": "1", "bulk.count": "1"}
    where = worker.post(f"{REPORTS}/bulk", told).headers["Location"]
    worker.text(where)
    assert f'<a href="{where}">结果</a>' in worker.text("/admin/jobs/1")
    worker.text(where.replace(REPORTS, "/people"), status=404)
    visit("community_worker", at=world.HOME).text(where, status=404)


def test_long_work_is_left_to_a_worker_and_can_be_watched(
    instance: Instance, worker: Visitor, reports: Any
) -> None:
    with instance.database.transaction():  # one commit for all of them: only to be quick
        for n in range(201):
            report(instance, reports, f"钱{n}")
    told = {**said("accept"), "bulk.confirm": "1", "bulk.count": "201"}
    where = worker.post(f"{REPORTS}/bulk", told).headers["Location"]
    assert "已处理 0 / 201 条" in worker.text(where)
    jobs = Jobs(instance)
    while jobs.step():
        continue
    assert "<strong>201 条</strong>" in worker.text(where)
