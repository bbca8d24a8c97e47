"""A resident's own page and the notice board: what is theirs, one tap each, and nobody else's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import clock as wall
from lifang.mechanisms.consents import Consent
from lifang.mechanisms.posted import NoticeObjection, PublicNotice
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.mechanisms.club import Profile, open_club, profiles
from tests.core.web.conftest import Visit

Make = Callable[..., Caller]
NOON = dt.datetime(2026, 6, 15, 12, tzinfo=wall.zone())


@pytest.fixture(autouse=True)
def club(instance: Instance) -> None:
    open_club(instance, at=world.CHENGGUAN)


@pytest.fixture
def wang(instance: Instance) -> Person:
    return world.person(instance, "王秀兰", phone="13800001234", birth_date="1980-05-06")


def test_somebody_agrees_joins_sees_what_is_theirs_and_takes_it_back(
    instance: Instance, visit: Visit, caller: Make, wang: Person
) -> None:
    me = visit("resident", person=wang)
    assert me.get("/").headers["Location"] == "/me"
    page = me.text("/me")
    assert "您好，王秀兰" in page
    assert "138****1234" in page
    assert "13800001234" not in page
    assert "1980-**-**" in page
    assert "记录您参加志愿服务的日期和时长" in page
    new = re.search(r'href="(/p/club/profiles/new[^"]+)"', page)
    assert new is not None
    form = me.text(new[1].replace("&amp;", "&"))
    assert f"王秀兰 #{wang.id}" in form
    told = {"person": f"王秀兰 #{wang.id}", "community": world.HOME, "nickname": "兰姐"}
    refused = me.post("/p/club/profiles/new", told)
    assert refused.status_code == 409
    assert "还没有「志愿时长记录」的同意：请由本人在「我的」页面同意" in refused.text
    agreed = me.post("/me/consents", {"purpose": "club.hours"})
    assert agreed.headers["Location"] == "/me?done=given"
    assert "已记录您的同意" in me.text("/me?done=given")
    assert me.post("/p/club/profiles/new", told).status_code == 303
    page = me.text("/me")
    number = Profile.get().id
    assert f"/p/club/profiles/{number}/actions/apply" in page
    assert f"/p/club/profiles/{number}/actions/grant" not in page


def test_nobody_takes_back_what_is_anothers_and_a_withdrawal_is_one_tap(
    instance: Instance, visit: Visit, wang: Person
) -> None:
    me = visit("resident", person=wang)
    me.post("/me/consents", {"purpose": "club.hours"})
    number = Consent.get().id
    stranger = visit("resident", person=world.person(instance, "李强"))
    assert stranger.post("/me/consents", {"withdraw": str(number)}).status_code == 404
    assert "起同意" not in stranger.text("/me")
    for wrong in ("x", "9" * 30, ""):
        assert me.post("/me/consents", {"withdraw": wrong}).status_code in (404, 422)
    gone = me.post("/me/consents", {"withdraw": str(number)})
    assert gone.headers["Location"] == "/me?done=withdrawn"
    assert Consent.get().state == "withdrawn"


def test_a_child_is_sent_to_a_guardian_and_a_worker_who_lives_here_sees_only_their_own(
    instance: Instance, visit: Visit, caller: Make, wang: Person, boss: Caller
) -> None:
    child = world.person(instance, "王小明", birth_date=f"{wall.today().year - 10}-01-01")
    page = visit("resident", person=child).text("/me")
    assert "未满 14 周岁，请监护人到社区办理。" in page
    assert 'value="club.hours"' not in page
    own = caller("resident", person=wang)
    write(instance.registry.find("core", "consents"), "create", own,  # type: ignore[arg-type]
          {"person": int(wang.id), "purpose_name": "club.hours", "how": "self"})  # fmt: skip
    told = {"person": int(wang.id), "community": {"code": world.HOME}}
    made = write(profiles, "create", own, told)
    both = visit("community_worker", at=world.HOME, person=world.person(instance, "赵敏"))
    assert both.get("/").status_code == 200
    page = both.text("/me")
    assert 'href="/me"' in both.text("/")
    assert f"/p/club/profiles/{made.id}" not in page
    assert "/p/club/profiles/new" in page


def test_where_a_plugin_is_off_nothing_of_it_is_offered_but_a_consent_can_be_taken_back(
    instance: Instance, visit: Visit, wang: Person
) -> None:
    me = visit("resident", person=wang)
    assert me.post("/me/consents", {"purpose": "club.photos"}).status_code == 303
    world.move(instance, wang, to=world.FOREIGN)
    page = me.text("/me")
    assert "活动照片" in page
    assert "志愿时长记录" not in page
    assert "还没有开通可以在这里办理的事项" in page
    assert me.post("/me/consents", {"withdraw": str(Consent.get().id)}).status_code == 303


def test_an_account_that_is_nobodys_is_told_so(visit: Visit) -> None:
    worker = visit("community_worker", at=world.HOME)
    assert "这个账号没有关联人员" in worker.text("/me")
    assert 'href="/me"' not in worker.text("/")
    assert worker.post("/me/consents", {"purpose": "club.hours"}).status_code in (200, 409)
    assert not Consent.select().exists()


def test_a_resident_objects_on_the_notice_board_and_reads_the_answer(
    instance: Instance, visit: Visit, caller: Make, wang: Person, clock: Clock
) -> None:
    clock.move_to(NOON)
    own = caller("resident", person=wang)
    consent: Any = instance.registry.find("core", "consents")
    given = {"person": int(wang.id), "purpose_name": "club.hours", "how": "self"}
    write(consent, "create", own, given)
    there = {"person": int(wang.id), "community": {"code": world.HOME}}
    write(profiles, "apply", own, {}, write(profiles, "create", own, there).id)
    neighbour = visit("resident", person=world.person(instance, "赵敏"))
    assert "正在公示 1 件" in neighbour.text("/me")
    page = neighbour.text("/notices")
    assert "拟授予王*兰二星" in page
    assert "王秀兰" not in page
    assert "公示到 2026-06-23 为止" in page
    hung = f"/notices/{PublicNotice.get().id}/objections"
    assert "请填写异议内容" in neighbour.post(hung, {"text": " "}).text
    assert neighbour.post(hung, {"text": "<b>不对"}).status_code == 303
    assert "&lt;b&gt;不对" in neighbour.text("/notices?done=objected")
    elsewhere = visit("resident", person=world.person(instance, "外人", at=world.FOREIGN))
    assert "没有公示。" in elsewhere.text("/notices")
    assert elsewhere.post(hung, {"text": "不对"}).status_code == 422
    assert "不对" not in visit("resident", person=wang).text("/notices")
    worker = visit("community_worker", at=world.HOME)
    assert "答复 1 条异议" in worker.text("/notices")
    answer = f"/notice-objections/{NoticeObjection.get().id}/actions/answer"
    assert worker.post(answer, {"answer": "已核对签到表"}).status_code == 303
    assert "已核对签到表" in neighbour.text("/notices")
    clock.move_to(dt.datetime(2026, 6, 24, 0, 1, tzinfo=wall.zone()))
    late = visit("resident", person=world.person(instance, "钱多"))
    assert "公示期满" in late.text("/notices")
    assert "我有异议" not in late.text("/notices")
