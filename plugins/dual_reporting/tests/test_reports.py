"""People report: by themselves, by slip, by list; the community accepts or sends back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lifang as lf
from lifang.kit.errors import Busy
from lifang.mechanisms import documents as issued
from lifang.services import reading
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.purposes import sensitive
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import accept, end, reject, submit
from plugins.dual_reporting.tests.office import Office, at

ADDRESS, PARTY = "丁香家园 3号楼 2单元 501", "中共党员"
API = "/api/v1/dual-reporting/reports"


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_a_party_member_reports_online_and_the_employer_is_told_of_the_receipt(
    office: Office, api: Any, run: Any
) -> None:
    liqiang, bureau = office.person("李强"), office.unit()
    office.seat(liqiang, bureau)
    mine = api("resident", person=liqiang)
    told = {"person": liqiang.id, "organization": bureau.id, "skills": "水电维修"}
    told |= {"political_status": "01", "household_address": ADDRESS}
    told |= {"community": {"code": world.HOME}}
    refused = mine.post(API, json=told)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "agreed")
    made = mine.post(API, json=told | {"agreed": True})
    assert made.status_code == 201, made.json
    number = made.json["id"]
    assert (made.json["state"], made.json["channel"]) == ("submitted", "online")
    assert sensitive.given(liqiang, office.boss), "agreed to in the same step"
    assert mine.post(f"{API}/{number}/actions/accept").status_code == 403
    accepted = run("dual-reporting", "reports", "accept", str(number), "--json")
    assert accepted.code == 0, accepted.err
    receipt = "SBD-620102001001-2026-0001"
    [event] = office.told("accepted")
    assert event == {
        "person": liqiang.id, "organization": bureau.id, "receipt_no": receipt,
    }  # fmt: skip
    liaison = office.liaison(bureau)
    [paper] = issued.issued_about(liaison, reports, number)
    assert (paper["number"], paper["holder"]) == (receipt, "李*")
    shown = str(issued.shown(liaison, paper["id"]))
    assert "畅家巷社区" in shown and "丁香" not in shown and PARTY not in shown
    assert issued.verify(office.instance, paper["code"])["state"] == "valid"
    with pytest.raises(lf.Conflict, match="只有「已提交」的记录可以接收"):
        lf.act(accept, Report.get_by_id(number), office.worker)


def test_a_public_servant_of_no_party_is_accepted_in_lanzhou_and_stays_who_she_is(
    office: Office,
) -> None:
    zhaomin = office.person("赵敏")
    told = {"public_servant": True, "political_status": "群众", "slip_no": "甲-7"}
    report = lf.act(accept, office.report(zhaomin, **told), office.worker)
    assert report.state == "accepted"
    shown = reading.reveal(
        office.secretary, reports, report.id, fields=["political_status"], reason="核对"
    )
    assert shown == {"political_status": "群众"}


def test_where_only_party_members_report_somebody_else_is_refused_and_says_who_may(
    office: Office,
) -> None:
    office.set("foshan")
    with pytest.raises(lf.Invalid, match="本地只要求在职党员报到"):
        office.report(office.person("赵敏"), political_status="13", slip_no="1")
    with pytest.raises(lf.Invalid, match="须为中共党员或中共预备党员"):
        office.report(office.person("王芳"))
    with pytest.raises(lf.Invalid) as refused:
        office.report(office.person("王小明"), political_status="无", slip_no="3")
    assert "须为其中之一：01 中共党员、02 中共预备党员" in refused.value.errors[0].message
    liqiang = office.person("李强")
    listed = office.report(liqiang, listed=True)
    with pytest.raises(lf.Invalid, match="本地只要求在职党员报到"):
        lf.act(submit, listed, office.worker, slip_no="4")
    lf.write(
        reports, "update", office.me(liqiang), {"political_status": "预备党员", "agreed": True},
        listed.id,
    )  # fmt: skip
    assert lf.act(submit, office.now(listed), office.me(liqiang)).state == "submitted"


def test_a_list_says_who_should_report_and_they_do_by_themselves_or_by_a_signed_slip(
    office: Office, page: Any
) -> None:
    liqiang, zhaomin, bureau = office.person("李强"), office.person("赵敏"), office.unit()
    office.seat(liqiang, bureau)
    liaison = office.liaison(bureau)
    told = {"organization": bureau.id, "listed": True}
    with pytest.raises(lf.Invalid, match="只能列入应报到名单"):
        office.report(liqiang, liaison, organization=bureau.id)
    with pytest.raises(lf.Invalid):
        office.report(zhaomin, liaison, **told)  # she is none of theirs
    with pytest.raises(lf.Invalid, match="由本人报到时填写"):
        office.report(liqiang, liaison, **told, political_status="01")
    first = office.report(liqiang, liaison, **told)
    assert (first.state, first.reported_on, first.channel) == ("pending", None, None)
    with pytest.raises(lf.Forbidden):
        lf.act(submit, first, liaison)
    with pytest.raises(lf.Conflict, match="只有「已提交」的记录可以接收"):
        lf.act(accept, first, office.worker)
    visitor = page("resident", person=liqiang)
    path = f"/p/dual-reporting/reports/{first.id}/actions/submit"
    assert visitor.post(path, {}).status_code == 303
    assert (office.now(first).state, office.now(first).channel) == ("submitted", "online")
    assert not sensitive.given(liqiang, office.boss), "nothing sensitive, nothing to agree to"
    second = office.report(zhaomin, listed=True)
    with pytest.raises(lf.Invalid, match="报到单编号"):
        lf.act(submit, second, office.worker)
    done = lf.act(submit, second, office.worker, slip_no="纸-12")
    assert (done.channel, done.slip_no, str(done.reported_on)) == ("paper", "纸-12", "2026-05-15")
    assert sensitive.given(zhaomin, office.boss), "what was signed is a consent on paper"


def test_who_is_entered_from_a_slip_cannot_report_elsewhere_and_learns_nothing_of_where(
    office: Office, api: Any
) -> None:
    liqiang = office.person("李强", citizen_id="620102198001010033")
    office.report(liqiang, slip_no="1")
    with pytest.raises(lf.Conflict, match="已在本社区报到"):
        office.report(liqiang)
    world.enable(office.instance, "dual_reporting", at=world.QILIHE)
    office.look()
    told = {"person": liqiang.id, "community": {"code": world.FOREIGN}}
    again = api("resident", person=liqiang).post(API, json=told)
    sentence = "已在其他社区报到，请办理转移"
    assert (again.status_code, again.json["detail"]) == (409, sentence)
    people = office.instance.registry.of(lf.Person)
    known = {"name": "李强", "citizen_id": "620102198001010033"}
    same = lf.write(
        people, "create", office.foreign, {**known, "community": {"code": world.FOREIGN}}
    )
    assert same.id == liqiang.id
    with pytest.raises(lf.Conflict) as refused:
        office.report(same, office.foreign, community={"code": world.FOREIGN})
    assert refused.value.sentence == sentence
    assert list(lf.each(reports, office.foreign)) == []


def test_of_two_communities_that_enter_somebody_at_once_one_has_them(
    instance: Any, enable: Callable[..., None], boss: lf.Caller
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    office, places = Office(instance, Events(boss)), (world.HOME, world.NEIGHBOUR)
    people = [office.person(f"王{number}") for number in range(4)]

    def enter(number: int) -> str:
        person, place = people[number // 2], places[number % 2]
        with instance.database.connection():
            for _try in range(60):
                try:
                    office.report(person, office.boss, community={"code": place})
                    return "entered"
                except Busy:
                    continue  # as a client would after a 503
                except lf.Conflict:
                    return "refused"
        raise AssertionError("always busy")

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(enter, range(8)))
    assert sorted(ends) == ["entered"] * 4 + ["refused"] * 4
    assert Report.select().count() == 4


def test_one_reports_at_home_or_where_the_unit_is_as_the_district_says(office: Office) -> None:
    wang = office.person("王芳", at=world.NEIGHBOUR)
    here, there = office.unit("示例甲"), office.unit("示例乙", at=world.NEIGHBOUR)
    with pytest.raises(lf.Invalid, match="不是居住地，也不是单位所在地"):
        office.report(wang, office.boss, organization=there.id)
    office.set(place="residence")
    with pytest.raises(lf.Invalid, match="本地在居住地报到"):
        office.report(wang, office.boss, organization=here.id)
    office.set(place="unit")
    with pytest.raises(lf.Invalid, match="本地在单位所在社区报到"):
        office.report(wang, office.boss, organization=there.id)
    office.set(place="both")
    office.report(wang, office.boss, organization=here.id)
    office.report(office.person("李强"))


def test_what_belongs_elsewhere_is_sent_back_and_names_the_right_community(office: Office) -> None:
    wang = office.report(office.person("王芳", at=world.NEIGHBOUR), office.boss)
    back = lf.act(reject, wang, office.worker, reason="不在本社区居住")
    assert (back.state, back.suggested.code) == ("rejected", world.NEIGHBOUR)
    assert back.end_reason == "不在本社区居住"
    there = office.report(wang.person, office.neighbour, community={"code": world.NEIGHBOUR})
    assert there.state == "submitted", "whoever was sent back reports anew"
    given = lf.Community.get(lf.Community.code == world.FOREIGN)
    mine = office.report(office.person("李强"))
    assert lf.act(reject, mine, office.boss, reason="x", suggested=given).suggested_id == given.id
    with pytest.raises(lf.Conflict):
        lf.act(accept, office.now(mine), office.worker)


def test_a_report_ends_by_the_person_the_liaison_or_the_community_and_by_nobody_else(
    office: Office,
) -> None:
    bureau, other = office.unit("示例甲"), office.unit("示例乙")
    mine = office.accepted("李强", organization=bureau.id)
    for who in (office.liaison(other), office.neighbour, office.me(office.person("王芳"))):
        with pytest.raises((lf.Forbidden, lf.NotFound)):
            lf.act(end, mine, who, reason="退休")
    assert lf.act(end, mine, office.me(mine), reason="本人意愿").state == "ended"
    assert str(office.now(mine).ended_on) == "2026-05-15"
    with pytest.raises(lf.Conflict):
        lf.act(end, mine, office.worker, reason="退休")
    theirs = office.accepted("赵敏", organization=bureau.id)
    lf.act(end, theirs, office.liaison(bureau), reason="退休")
    assert [one["reason"] for one in office.told("ended")] == ["本人意愿", "退休"]
