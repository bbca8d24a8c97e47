"""Desks: everybody finds what concerns them and nothing else, and one failure harms no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import lifang as lf
from lifang.kit import clock as wall
from lifang.kit.errors import NotFound
from lifang.mechanisms.laid import Laid, desk, desks
from lifang.mechanisms.oneself import oneself
from lifang.plugins.tables import Stop
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.mechanisms import tasks as ours
from tests.core.mechanisms.tasks import claims, open_tasks, panel, task, tasks

Make = Callable[..., lf.Caller]
NOON = dt.datetime(2026, 6, 15, 12, tzinfo=wall.zone())


@pytest.fixture(autouse=True)
def plugin(instance: Instance) -> Iterator[None]:
    open_tasks(instance, at=world.CHENGGUAN)
    yield
    ours.trouble.clear()


@pytest.fixture
def worker(caller: Make) -> lf.Caller:
    return caller("community_worker", at=world.HOME)


def on(caller: lf.Caller) -> dict[str, Laid]:
    """The panels a caller finds, by their labels."""
    return {one.panel.label: one for one in desk(caller, "tasks")}


def titles(laid: Laid) -> list[str]:
    return [str(view.get("title") or view.get("task.title")) for view in laid.items]


def test_staff_finds_the_first_of_their_own_part_how_many_there_are_and_what_they_come_to(
    worker: lf.Caller, boss: lf.Caller, caller: Make
) -> None:
    for number in range(3):
        task(worker, f"第{number}件", world.HOME, minutes=50)
    task(boss, "隔壁的", world.NEIGHBOUR, minutes=600)
    told = on(worker)
    assert list(told) == ["待办事项", "今天到期", "今天开始"], "as declared, and nothing of others"
    waiting = told["待办事项"]
    assert titles(waiting) == ["第0件", "第1件"]
    assert (waiting.number, waiting.total, waiting.unit) == (3, 2.5, "小时")
    assert waiting.offered == [("finish", "postpone", "drop")] * 2
    assert waiting.create == {"title": "新事项"}
    assert waiting.asked == [("state", "open")]
    above = on(caller("subdistrict_admin", at="620102001000"))["待办事项"]
    assert (above.number, above.total) == (4, 12.5)
    lf.write(tasks, "finish", worker, {}, waiting.items[0]["id"])
    assert on(worker)["待办事项"].number == 2


def test_values_that_move_are_worked_out_each_time_by_the_day_of_the_instance(
    worker: lf.Caller, clock: Clock
) -> None:
    clock.move_to(NOON)
    task(worker, "昨天到期", world.HOME, due_on="2026-06-14")
    task(worker, "明天到期", world.HOME, due_on="2026-06-16")
    for title, hour in (("今早", "00:00"), ("今晚", "23:59")):
        task(worker, title, world.HOME, begins=f"2026-06-15T{hour}:00+08:00")
    task(worker, "明早", world.HOME, begins="2026-06-16T00:00:00+08:00")
    told = on(worker)
    assert titles(told["今天到期"]) == ["昨天到期"]
    assert titles(told["今天开始"]) == ["今晚", "今早"]
    assert told["今天到期"].asked == [("state", "open"), ("due_on__lte", "2026-06-15")]
    clock.move_to(NOON + dt.timedelta(days=1))
    told = on(worker)
    assert titles(told["今天到期"]) == ["昨天到期", "明天到期"]
    assert titles(told["今天开始"]) == ["明早"]


def test_a_liaison_finds_what_is_their_organizations_and_nothing_of_the_tree(
    instance: Instance, worker: lf.Caller, caller: Make
) -> None:
    ours_, other = (world.organization(instance, name) for name in ("社区医院", "建行支行"))
    mine = task(worker, "医院的", world.HOME, organization=ours_.id)
    task(worker, "银行的", world.HOME, organization=other.id)
    liaison = caller("unit_liaison", unit=ours_)
    told = on(liaison)
    assert list(told) == ["本单位的事项"]
    assert [view["id"] for view in told["本单位的事项"].items] == [mine]
    assert told["本单位的事项"].asked[-1] == ("organization", str(ours_.id))
    assert told["本单位的事项"].offered == [("drop",)]


def test_a_resident_finds_their_own_and_what_is_offered_where_they_live(
    instance: Instance, worker: lf.Caller, boss: lf.Caller, caller: Make
) -> None:
    wang, li = (world.person(instance, name) for name in ("王秀兰", "李强"))
    task(worker, "王秀兰的", world.HOME, person=wang.id, minutes=30)
    task(worker, "李强的", world.HOME, person=li.id)
    free = task(worker, "没人的", world.HOME, due_on="2026-12-01")
    task(boss, "隔壁没人的", world.NEIGHBOUR)
    me = caller("resident", at=world.HOME, person=wang)
    told = on(me)
    assert list(told) == ["我承办的", "附近的事项", "我的认领"]
    assert titles(told["我承办的"]) == ["王秀兰的"] and told["我承办的"].total == 30
    assert told["我承办的"].offered == [("finish",)]
    near = told["附近的事项"]
    assert titles(near) == ["没人的"]
    assert near.choose == {"person": str(wang.id)}, "whose it will be is known"
    lf.write(claims, "create", me, {"task": free, "person": wang.id})
    (claimed,) = on(me)["我的认领"].items
    assert (claimed["task.title"], claimed["task.due_on"]) == ("没人的", "2026-12-01")
    nobody = caller("resident", person=world.person(instance, "外人", at=world.FOREIGN))
    with pytest.raises(NotFound):
        desk(nobody, "tasks")


def test_whoever_works_here_and_lives_here_finds_both_and_nothing_empty_of_their_own(
    instance: Instance, caller: Make, boss: lf.Caller
) -> None:
    zhao = world.person(instance, "赵敏", at=world.NEIGHBOUR)
    both = caller("community_worker", at=world.CHENGGUAN, person=zhao)
    task(boss, "远处没人的", world.HOME)
    assert "附近的事项" not in on(both), "an office reaches it, but it is not where they live"
    task(boss, "楼下没人的", world.NEIGHBOUR)
    told = on(both)
    assert titles(told["附近的事项"]) == ["楼下没人的"]
    assert "我承办的" not in told
    assert told["待办事项"].number == 2
    assert [one.panel.label for _id, one in oneself(both).panels] == [
        "附近的事项", "我承办的", "我的认领",
    ]  # fmt: skip


def test_where_it_is_off_or_unheard_of_there_is_no_desk(worker: lf.Caller, caller: Make) -> None:
    there = caller("community_worker", at=world.FOREIGN)
    assert desks(worker) == ["tasks"] and desks(there) == []
    for who, name in ((there, "tasks"), (worker, "nothing"), (worker, "core"), (worker, "")):
        with pytest.raises(NotFound, match="没有找到"):
            desk(who, name)


@pytest.mark.once
def test_a_panel_that_fails_is_left_out_and_stopped_and_the_others_stand(
    instance: Instance, worker: lf.Caller, caller: Make
) -> None:
    task(worker, "还在", world.HOME, due_on="2026-01-01")
    ours.trouble.append("写错了")
    for _time in range(instance.plugins.watch.breaker.errors):
        assert list(on(worker)) == ["今天到期", "今天开始"]
    stopped = Stop.get()
    assert (stopped.plugin, stopped.part, stopped.rule) == ("tasks", "desk 待办事项", "errors")
    assert "写错了" in stopped.why
    ours.trouble.clear()
    assert "待办事项" not in on(caller("community_worker", at=world.HOME)), "until it is released"
    Stop.delete().execute()
    instance.plugins.watch.saw([])
    assert "待办事项" in on(caller("community_worker", at=world.NEIGHBOUR)), "others never lost it"


def statements(instance: Instance, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> int:
    """How many statements something asks of the database, once it has been asked before."""
    engine, told = type(instance.database.engine), []
    asked = engine.execute_sql
    work()
    with monkeypatch.context() as patch:

        def count(self: Any, sql: str, *given: Any, **named: Any) -> Any:
            told.append(sql)
            return asked(self, sql, *given, **named)

        patch.setattr(engine, "execute_sql", count)
        work()
    return len(told)


def test_more_rows_cost_no_more_statements(
    instance: Instance, boss: lf.Caller, caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = world.person(instance, "王秀兰")

    def asked() -> tuple[int, int]:
        def at_work() -> Any:
            return desk(caller("community_worker", at=world.HOME), "tasks")

        def at_home() -> Any:
            return oneself(caller("resident", at=world.HOME, person=wang))

        return tuple(statements(instance, monkeypatch, one) for one in (at_work, at_home))  # type: ignore[return-value]

    def grow(count: int) -> None:
        for _time in range(count):
            mine = task(boss, "我的", world.HOME, person=wang.id, due_on="2026-01-01")
            lf.write(claims, "create", boss, {"task": mine, "person": wang.id})
            task(boss, "没人的", world.HOME)

    grow(6)
    few = asked()
    grow(5)
    assert asked() == few
    assert few[0] <= 30 and few[1] <= 60, few


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": {"stat": "open"}}, {"filters": {"state__to": "open"}}, {"columns": ("titel",)},
        {"actions": ("accept",)}, {"reach": "street"}, {"sort": "person"}, {"total": "title"},
        {"create": {"name": "x"}}, {"choose": ("认领", tasks)}, {"limit": 0}, {"over": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_could_never_be_shown_is_refused_where_it_is_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="panel 错的: tasks has nothing for"):
        panel("错的", tasks, **wrong)


@pytest.mark.once
def test_a_desk_shows_its_plugins_own_nouns_each_panel_by_a_name_of_its_own() -> None:
    with pytest.raises(TypeError, match="two panels of one label"):
        lf.Desk([panel("一样", tasks), panel("一样", claims)])
    with pytest.raises(ValueError, match=r"not its own: \['tasks'\]"):
        lf.Plugin("others", "别人的", desk=lf.Desk([panel("借来的", tasks)]))
    with pytest.raises(TypeError, match="reach=unit"):
        panel("没有单位", claims, reach="unit")
