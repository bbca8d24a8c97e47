"""Who registers agrees first; children by a guardian and out of sight; stars are posted first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms.posted import NoticeObjection, PublicNotice
from lifang.services import reading
from lifang.services.query import Query
from lifang.testing import world
from lifang_volunteer_points.purposes import registration
from lifang_volunteer_points.resources import stars, teams, volunteers
from lifang_volunteer_points.services import star, volunteer


def register(station: Any, person: Any, caller: Any = None, **told: Any) -> Any:
    data = {"person": person.id, "community": {"code": world.HOME}, "category": "environment"}
    return lf.write(volunteers, "create", caller or station.resident(person), data | told)


def test_one_registers_oneself_after_agreeing_and_once(station: Any):
    liqiang = station.person("李强")
    with pytest.raises(lf.Conflict, match="还没有「志愿者注册和服务记录」的同意"):
        register(station, liqiang)
    with pytest.raises(lf.Conflict, match="还没有"):
        register(station, liqiang, station.worker)
    station.consent(liqiang)
    with pytest.raises((lf.Forbidden, lf.Invalid)):
        register(station, liqiang, station.resident(station.person("王秀兰")))
    one = register(station, liqiang)
    assert one.number == f"V{one.id:08d}"
    with pytest.raises(lf.Conflict):
        register(station, liqiang, station.worker)
    assert lf.act(volunteer.leave, one, station.resident(liqiang)).state == "left"
    register(station, liqiang)


def test_a_child_is_registered_by_a_guardian_and_hidden_from_search(station: Any):
    child = station.person("陈小远", birth_date="2013-01-05")
    youth = station.person("周一一", birth_date="2009-06-01")
    for one in (child, youth):
        with pytest.raises(lf.Invalid, match="未满 18 周岁，只有监护人的同意有效"):
            station.consent(one)
        with pytest.raises(lf.Conflict, match="须由监护人同意"):
            register(station, one, station.worker)
        station.consent(one, how="guardian", guardian_name="陈志远")
        assert registration.given(one, station.boss)
        register(station, one, station.worker)
    found = reading.find(station.worker, volunteers, Query(q="陈小远"))
    assert found.items == []
    assert len(reading.find(station.worker, volunteers, Query(q="周一一")).items) == 1


def test_tasks_fit_age_and_rescue_is_nothing_for_minors(station: Any):
    youth = station.person("周一一", birth_date="2009-06-01")
    station.consent(youth, how="guardian", guardian_name="周一")
    one, unknown = register(station, youth, station.worker), station.volunteer("李强")
    old = station.volunteer("王秀兰", person=station.person("王秀兰", birth_date="1960-01-01"))
    plain = station.shift(start=station.at(7), hours=1)
    rescue = station.shift(title="防汛演练", category="rescue")
    sixteen = station.shift(start=station.at(14), min_age=16)
    station.sign_up(plain, one)
    with pytest.raises(lf.Invalid, match="须年满 18 周岁"):
        station.sign_up(rescue, one)
    with pytest.raises(lf.Invalid, match="没有登记出生日期"):
        station.sign_up(rescue, unknown)
    station.sign_up(rescue, old)
    station.sign_up(sixteen, one)


def test_a_team_inside_a_community_needs_the_residents_committees_consent(station: Any):
    told = {"name": "红马甲", "community": {"code": world.HOME}, "kind": "internal"}
    with pytest.raises(lf.Invalid, match="须经居民委员会同意"):
        lf.write(teams, "create", station.worker, told)
    with pytest.raises(lf.Invalid, match="志愿服务组织"):
        lf.write(teams, "create", station.worker, told | {"kind": "organization"})
    lf.write(teams, "create", station.worker, told | {"consented_on": "2026-05-01"})


def reach(station: Any, name: str, hours: int) -> Any:
    """A volunteer who has served so many hours, twenty a day."""
    one = station.volunteer(name)
    first = station.at(1) - dt.timedelta(days=hours // 20)
    station.set(day_hours=24)
    for day in range(hours // 20):
        start = first + dt.timedelta(days=day)
        station.clock.move_to(start + dt.timedelta(hours=21))
        lf.act(station.confirm, station.entered(one, 20, start), station.worker)
    station.clock.later(days=17)
    station.events.deliver()
    return station.now(one)


def test_a_star_is_posted_for_five_working_days_and_given_if_nobody_objects(station: Any):
    chen = reach(station, "陈志远", 300)
    assert (chen.minutes, chen.reached, chen.stars) == (300 * 60, 2, 0)
    (told,) = [
        one for one in station.events.published("volunteer_points.volunteer.star_reached")
        if one.data["level"] == 2
    ]  # fmt: skip
    assert told.subject == chen.id
    station.clock.move_to(station.at(9, day=1, month=6))
    asked = lf.write(stars, "create", station.self_of(chen), {"volunteer": chen.id})
    assert asked.level == 2
    lf.act(star.post, asked, station.worker)
    hanging = PublicNotice.get()
    assert "陈*远" in hanging.text
    assert "陈志远" not in hanging.text
    station.clock.move_to(station.at(23, day=8, month=6))
    with pytest.raises(lf.Conflict, match="公示到 2026-06-08 为止"):
        lf.act(star.grant, asked, station.auditor)
    station.clock.move_to(station.at(1, day=9, month=6))
    station.events.deliver()
    with pytest.raises(lf.Forbidden):
        lf.act(star.grant, asked, station.worker)
    assert lf.act(star.grant, asked, station.auditor).state == "granted"
    station.events.deliver()
    assert station.now(chen).stars == 2
    with pytest.raises(lf.Invalid, match="还没有达到下一个星级"):
        lf.write(stars, "create", station.self_of(chen), {"volunteer": chen.id})


def test_an_objection_keeps_a_star_back_and_faked_hours_are_banned_for_one_to_three_years(
    station: Any,
):
    chen = reach(station, "陈志远", 100)
    asked = lf.write(stars, "create", station.self_of(chen), {"volunteer": chen.id})
    lf.act(star.post, asked, station.worker)
    told = {"notice": PublicNotice.get().id, "objector": "李强", "text": "时长有误"}
    objections = station.instance.registry.of(NoticeObjection)
    lf.write(objections, "create", station.worker, told)
    station.clock.later(days=10)
    station.events.deliver()
    with pytest.raises(lf.Conflict, match="有 1 条异议还没有答复"):
        lf.act(star.grant, asked, station.auditor)
    assert lf.act(star.reject, asked, station.auditor, reason="异议成立").state == "rejected"
    today = lf.today()
    for days in (300, 1200):
        until = today + dt.timedelta(days=days)
        with pytest.raises(lf.Invalid, match="一年以上、三年以下"):
            lf.act(volunteer.ban, chen, station.auditor, until=until, reason="虚报时长")
    with pytest.raises(lf.Forbidden):
        lf.act(volunteer.ban, chen, station.worker, until=today, reason="虚报时长")
    until = today + dt.timedelta(days=366)
    lf.act(volunteer.ban, chen, station.auditor, until=until, reason="虚报时长")
    assert station.now(chen).minutes == 100 * 60, "a ban is for the future"
    start = lf.now() + dt.timedelta(days=1)
    with pytest.raises(lf.Invalid, match="因弄虚作假"):
        station.sign_up(station.shift(start=start), station.now(chen))
    with pytest.raises(lf.Invalid, match="因弄虚作假"):
        lf.write(stars, "create", station.self_of(chen), {"volunteer": chen.id})
