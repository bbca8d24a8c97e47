"""A notice hangs for its days, is objected to and answered, and blocks what comes next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import clock as wall
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.mechanisms.board import board, object_to
from lifang.mechanisms.consents import consents
from lifang.mechanisms.posted import notice_objections, public_notices
from lifang.services import history, holidays, reading
from lifang.services.clockwork import tick
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from lifang.testing.events import Clock, Events
from tests.core.mechanisms.club import noted, open_club, profiles, stars

Make = Callable[..., Caller]
MONDAY = dt.datetime(2026, 6, 15, 9, tzinfo=wall.zone())
"""Friday the 19th is 端午, so five working days end with Tuesday the 23rd."""


@pytest.fixture(autouse=True)
def club(instance: Instance, clock: Clock) -> None:
    clock.move_to(MONDAY)
    open_club(instance, at=world.CHENGGUAN)


@pytest.fixture
def worker(instance: Instance, caller: Make) -> Caller:
    return caller("community_worker", at=world.HOME)


@pytest.fixture
def profile(instance: Instance, worker: Caller) -> Any:
    person = world.person(instance, "陈志远")
    told = {"person": int(person.id), "purpose_name": "club.hours", "how": "paper", "basis": "7 号"}
    write(consents, "create", worker, told)
    there = {"person": int(person.id), "community": {"code": world.HOME}}
    return write(profiles, "create", worker, there)


def resident(instance: Instance, caller: Make, name: str, at: str = world.HOME) -> Caller:
    return caller("resident", person=world.person(instance, name, at=at))


def own_notice(view: dict[str, Any]) -> dict[str, Any]:
    """A notice that somebody would put up by themselves."""
    names = set(public_notices.by_name)
    told = {name: value for name, value in view.items() if name in names}
    return told | {"community": {"code": world.HOME}}


def hung(caller: Caller) -> Any:
    return board(caller)[0]


def test_a_notice_hangs_for_working_days_among_those_who_live_there_with_names_covered(
    instance: Instance, caller: Make, worker: Caller, profile: Any, clock: Clock, events: Events
) -> None:
    own = caller("resident", person=profile.person)
    assert stars.standing(profile, worker).state == "none"
    with pytest.raises(Conflict, match="「星级公示」：还没有公示"):
        write(profiles, "grant", worker, {}, profile.id)
    write(profiles, "apply", own, {}, profile.id)
    neighbour = resident(instance, caller, "赵敏")
    elsewhere = resident(instance, caller, "外人", world.NEIGHBOUR)
    assert board(elsewhere) == []
    assert board(caller("community_worker", at=world.NEIGHBOUR)) == []
    for who in (neighbour, worker, own):
        told = hung(who)
        assert told.view["title"] == "拟授予陈*远二星"
        assert told.view["text"] == "陈*远，电话 138****1234，服务满 300 小时。"
        assert told.standing.sentence == "公示到 2026-06-23 为止"
    with pytest.raises(Forbidden):
        write(public_notices, "create", worker, own_notice(told.view))
    with pytest.raises(Conflict, match="这件事正在公示"):
        write(profiles, "apply", own, {}, profile.id)
    clock.move_to(dt.datetime(2026, 6, 23, 23, 59, 59, tzinfo=wall.zone()))
    tick(instance)
    with pytest.raises(Conflict, match="公示到 2026-06-23 为止"):
        write(profiles, "grant", worker, {}, profile.id)
    clock.later(seconds=1)
    assert write(profiles, "grant", worker, {}, profile.id).state == "starred"
    tick(instance)
    events.deliver()
    assert noted() == [("core.public_notice.ended", f"club.profile/{profile.id}")]


def test_those_who_live_there_object_and_only_staff_see_whose_it_is(
    instance: Instance, caller: Make, worker: Caller, profile: Any
) -> None:
    own = caller("resident", person=profile.person)
    write(profiles, "apply", worker, {}, profile.id)
    neighbour, other = (resident(instance, caller, name) for name in ("赵敏", "钱多"))
    elsewhere = resident(instance, caller, "外人", world.NEIGHBOUR)
    number = int(hung(neighbour).view["id"])
    with pytest.raises(Invalid, match="不存在，或您看不到它"):
        object_to(elsewhere, number, "不认识")
    with pytest.raises(Invalid, match="请填写异议内容"):
        object_to(neighbour, number, " ")
    said = object_to(neighbour, number, "时长有误")
    paper = {"notice": number, "text": "他没有来", "received_on": "2026-06-15"}
    with pytest.raises(Invalid, match="请填写异议人"):
        write(notice_objections, "create", worker, paper)
    written = write(notice_objections, "create", worker, paper | {"objector": "孙桂英"})
    assert [one["text"] for one in hung(neighbour).own] == ["时长有误"]
    assert (hung(other).own, hung(own).own) == ([], [])
    with pytest.raises(NotFound):
        reading.get(other, notice_objections, int(said.id))
    for who in (other, own):
        told = str(history.history(who, public_notices, number))
        assert "赵敏" not in told
        assert "时长有误" not in told
    assert hung(worker).waiting == 2
    shown = reading.view(worker, notice_objections, int(written.id))
    assert shown["objector"] == "孙*英"


def test_whoever_answers_late_is_told_and_nothing_goes_on_before_all_are_answered(
    instance: Instance, caller: Make, worker: Caller, profile: Any, clock: Clock, events: Events
) -> None:
    write(profiles, "apply", worker, {}, profile.id)
    neighbour, other = (resident(instance, caller, name) for name in ("赵敏", "钱多"))
    number = int(hung(neighbour).view["id"])
    said = object_to(neighbour, number, "时长有误")
    paper = {"notice": number, "text": "他没有来", "objector": "孙桂英"}
    written = write(notice_objections, "create", worker, paper)
    clock.move_to(dt.datetime(2026, 6, 24, 0, 0, tzinfo=wall.zone()))
    with pytest.raises(Conflict, match="「星级公示」：有 2 条异议还没有答复"):
        write(profiles, "grant", worker, {}, profile.id)
    with pytest.raises(Conflict, match="公示期是 2026-06-15 至 2026-06-23"):
        object_to(other, number, "太晚了")
    with pytest.raises(Invalid, match="收到日期应为今天"):
        write(notice_objections, "create", other, {
            "notice": number, "person": other.person, "text": "倒填", "received_on": "2026-06-20",
        })  # fmt: skip
    tick(instance)
    events.deliver()
    overdue = [kind for kind, _told in noted() if kind == "core.notice_objection.overdue"]
    assert len(overdue) == 2, "three working days after the 15th is the 18th"
    partial = caller("community_worker", at=world.HOME, person=Person.get_by_id(neighbour.person))
    with pytest.raises(Forbidden, match="不能答复自己提出的异议"):
        write(notice_objections, "answer", partial, {"answer": "驳回"}, said.id)
    write(notice_objections, "answer", worker, {"answer": "已核对签到表"}, said.id)
    assert hung(neighbour).own[0]["answer"] == "已核对签到表"
    with pytest.raises(Conflict, match="有 1 条异议"):
        write(profiles, "grant", worker, {}, profile.id)
    write(notice_objections, "answer", worker, {"answer": "查实参加"}, written.id)
    assert write(profiles, "grant", worker, {}, profile.id).state == "starred"


def test_an_objection_that_is_right_ends_it_and_a_new_notice_begins_anew(
    instance: Instance, caller: Make, worker: Caller, profile: Any, clock: Clock, events: Events
) -> None:
    write(profiles, "apply", worker, {}, profile.id)
    neighbour = resident(instance, caller, "赵敏")
    said = object_to(neighbour, int(hung(worker).view["id"]), "虚报时长")
    write(notice_objections, "uphold", worker, {"answer": "属实"}, said.id)
    clock.later(days=30)
    tick(instance)
    with pytest.raises(Conflict, match="「星级公示」：异议成立"):
        write(profiles, "grant", worker, {}, profile.id)
    write(profiles, "apply", worker, {"working_days": 1}, profile.id)
    assert reading.count(worker, public_notices, Query()) == 2
    clock.later(days=5)
    tick(instance)
    assert write(profiles, "grant", worker, {}, profile.id).state == "starred"


def test_a_notice_moves_with_the_calendar_and_none_begins_without_one(
    instance: Instance, worker: Caller, boss: Caller, profile: Any, clock: Clock, tmp_path: Any
) -> None:
    write(profiles, "apply", worker, {}, profile.id)
    assert stars.standing(profile, worker).until == dt.date(2026, 6, 23)
    file = tmp_path / "days.csv"
    file.write_text("date,kind,name\n2026-06-22,holiday,停电\n", "utf-8")
    assert holidays.import_days(boss, file, dry_run=False)["moved"] == 1
    assert stars.standing(profile, worker).until == dt.date(2026, 6, 24)
    clock.move_to(dt.datetime(2026, 6, 24, 12, tzinfo=wall.zone()))
    assert stars.standing(profile, worker).state == "running"
