"""The desk: an organiser works from one page, a volunteer chooses, serves and reads off a total."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import lifang as lf
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.mechanisms.laid import Laid, desk
from lifang.testing import world
from lifang.testing.commands import Command
from lifang_volunteer_points.models import ServiceRecord, SignUp

HOME = "/p/volunteer-points"


def on(caller: lf.Caller) -> dict[str, Laid]:
    """The panels somebody finds, by their labels."""
    return {one.panel.label: one for one in desk(caller, "volunteer_points")}


def lives(station: Any, page: Callable[..., Any], person: Any) -> Any:
    """Somebody at their own page, let in as a resident of their home."""
    visitor = page("resident", person=person)
    with station.instance.database.transaction():
        account = Account.get(Account.name == visitor.name)
        home = Community.get(Community.code == world.HOME)
        Grant.create(account=account, role="resident", community=home)
    return visitor


def test_an_organiser_confirms_what_waits_from_one_page_and_nobody_confirms_their_own(
    station: Any, page: Callable[..., Any], api: Callable[..., Any], run: Command
) -> None:
    liqiang = station.volunteer("李强")
    waiting = station.serve(liqiang)
    worker = page("community_worker", at=world.HOME)
    shown = worker.text(HOME)
    assert "待确认的服务记录" in shown and "李强" in shown and "楼道清洁" in shown
    confirm = f"{HOME}/service-records/{waiting.id}/actions/confirm"
    assert f'action="{confirm}"' in shown
    himself = page("community_worker", at=world.HOME, person=liqiang.person)
    assert f'action="{confirm}"' not in himself.text(HOME), "not one's own"
    for elsewhere in (page("community_worker", at=world.NEIGHBOUR),):
        assert "李强" not in elsewhere.text(HOME)
    told = api("community_worker", at=world.HOME).get("/api/v1/desks/volunteer-points").json
    first = told["panels"][0]
    assert (first["number"], first["items"][0]["actions"]) == (1, ["confirm"])
    assert worker.post(confirm, {"back": HOME}).headers["Location"].startswith(f"{HOME}?done=")
    assert ServiceRecord.get_by_id(waiting.id).state == "confirmed"
    assert "没有待确认的服务记录" in worker.text(HOME)
    assert "待确认的服务记录（0）" in run("desk", "volunteer-points").out


def test_todays_shifts_are_those_of_today(station: Any) -> None:
    station.clock.move_to(station.at(9, day=15))
    station.shift(start=station.at(9))
    tomorrow = station.shift(start=station.at(9, day=17))
    assert on(station.worker)["今天的班次"].number == 0
    station.clock.move_to(station.at(0))
    assert [one["activity"]["name"] for one in on(station.worker)["今天的班次"].items] == [
        "楼道清洁"
    ]
    assert tomorrow.id not in [one["id"] for one in on(station.worker)["今天的班次"].items]


def test_a_volunteer_signs_up_in_two_presses_and_reads_off_hours_that_stand(
    station: Any, page: Callable[..., Any]
) -> None:
    liqiang = station.volunteer("李强")
    station.lock(station.serve(liqiang, hours=3.5))
    station.serve(liqiang, hours=2, start=lf.now().replace(hour=1, minute=0))
    shift = station.shift(start=lf.now() + dt.timedelta(days=2))
    mine = lives(station, page, liqiang.person)
    shown = mine.text("/me")
    assert "合计：3.5 小时" in shown, "what is not locked yet does not count"
    assert f"{HOME}/volunteers/new" not in shown, "nobody registers twice"
    ways = re.findall(rf'href="({HOME}/sign-ups/new[^"]+)"', shown)
    choose = next(unescape(one) for one in ways if f"shift={shift.id}&" in unescape(one))
    form = mine.text(choose)
    assert f'value="#{shift.id}"' in form
    assert f'value="{liqiang.number} #{liqiang.id}"' in form, "as whom is known"
    told = {"shift": str(shift.id), "volunteer": str(liqiang.id), "back": "/me"}
    assert mine.post(choose, told).headers["Location"].startswith("/me?done=")
    (signed,) = SignUp.select().where(SignUp.shift == shift.id)
    shown = mine.text("/me")
    assert f"{HOME}/sign-ups/{signed.id}/actions/cancel?back=%2Fme" in shown
    wang = lives(station, page, station.person("王秀兰"))
    other = wang.text("/me")
    assert "您还没有注册为志愿者" in other and f"{HOME}/volunteers/new" in other
    assert "李强" not in other


def test_a_liaison_drafts_and_submits_for_their_organization(
    station: Any, page: Callable[..., Any]
) -> None:
    unit = world.organization(station.instance, "社区医院")
    draft = station.draft(organization=unit.id)
    station.draft(title="别家的")
    liaison = world.caller(station.instance, "unit_liaison", unit=unit)
    told = on(liaison)
    assert list(told) == ["我们单位的活动"] and told["我们单位的活动"].number == 1
    desk_of = page("unit_liaison", unit=unit)
    shown = desk_of.text(HOME)
    assert "别家的" not in shown and "待确认的服务记录" not in shown
    submit = f"{HOME}/activities/{draft.id}/actions/submit"
    assert desk_of.post(submit, {"back": HOME}).status_code == 303
    assert "待发布的活动" in on(station.worker)
    assert on(station.worker)["待发布的活动"].number == 1
