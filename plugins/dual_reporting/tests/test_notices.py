"""Who is told of what, once, and in words that say no more than they may know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle import switching
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.resources import reports, unit_reports
from lifang_dual_reporting.services import report, unit
from lifang_dual_reporting.services.suspension import resume, suspend
from lifang_dual_reporting.services.transfer import ask_transfer, release
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.readers import Post
from plugins.dual_reporting.tests.yearly import SAID

pytestmark = pytest.mark.once  # says nothing about the database


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Post:
    clock.move_to(at("2026-05-15"))  # a Friday
    enable("dual_reporting", at=world.CHENGGUAN)
    return Post(instance, Events(boss), clock)


def test_the_employer_and_the_person_learn_the_receipt_once_and_another_employer_nothing(
    office: Post,
) -> None:
    bureau, other = office.unit(), office.unit("示例乙")
    liaison, stranger = (office.account("unit_liaison", unit=one) for one in (bureau, other))
    told = {"household_address": "3号楼2单元", "political_status": "中共党员", "slip_no": "A1"}
    one = office.member("李强", bureau, office.accepted, **told)
    sentence = "「畅家巷社区」已接收李强的报到，回执号 SBD-620102001001-2026-0001"
    assert office.read(liaison) == [sentence]
    assert office.read(one.person) == [sentence]
    office.tell_again()
    assert (office.read(liaison), office.read(one.person)) == ([sentence], [sentence])
    assert office.read(stranger) == []
    alone = office.accepted("赵敏")
    assert len(office.read(alone.person, "receipt")) == 1, "also whom no unit employs"


def test_a_unit_learns_what_became_of_its_own_report(office: Post) -> None:
    bureau, other = office.unit(), office.unit("示例乙")
    data = {**SAID, "community": {"code": world.HOME}, "members_total": 60}
    mine, theirs = (
        lf.write(unit_reports, "create", office.worker, {**data, "organization": one.id})
        for one in (bureau, other)
    )
    liaison, second = (office.account("unit_liaison", unit=one) for one in (bureau, other))
    lf.act(unit.accept, mine, office.worker)
    lf.act(unit.reject, theirs, office.worker, reason="不在本社区")
    assert office.read(liaison) == [
        "「畅家巷社区」已接收兰州市示例局的报到，回执号 DBD-620102001001-2026-0001"
    ]
    assert office.read(second) == ["「畅家巷社区」退回了示例乙的报到，原因见记录；应报到的社区：—"]
    assert "13812345678" not in str(office.read(liaison) + office.read(second))


def test_who_is_sent_back_learns_the_right_community_and_nobody_the_reason_by_mail(
    office: Post,
) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    there = office.person("李强")
    one = office.report(there, organization=bureau.id)
    right = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
    lf.act(report.reject, one, office.worker, reason="住在隔壁，患病", suggested=right)
    assert office.read(there) == [
        "「畅家巷社区」退回了李强的报到，原因见记录；应报到的社区：张家园社区"
    ]
    assert office.read(liaison) == [], "what was never accepted is between person and community"


def test_a_move_is_asked_about_then_asked_of_the_old_community_then_told_to_all(
    office: Post,
) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    worker = office.account("community_worker", at=world.HOME)
    above = office.account("subdistrict_admin", at="620102001000")
    one = office.member("李强", bureau)
    world.move(office.instance, one.person, to=world.NEIGHBOUR)
    assert office.read(one.person, "proposed") == [
        "您登记的住址变了，报到可以转到「张家园社区」；要转的，请申请转移"
    ]
    lf.act(ask_transfer, office.now(one), office.me(one))
    assert office.read(worker) == [
        "有人申请把报到从「畅家巷社区」转到「张家园社区」，请在 2026-05-22 前放行；逾期自动放行"
    ]
    assert office.read(above) == [], "the community has somebody who does it"
    lf.act(release, office.now(one), office.worker)
    sentence = "李强的报到已从「畅家巷社区」转往「张家园社区」"
    office.tell_again()
    assert office.read(one.person, "transferred") == [sentence]
    assert office.read(liaison, "transferred") == [sentence]


def test_the_employer_learns_the_days_of_a_suspension_and_never_why(office: Post) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    one = office.member("李强", bureau)
    told = {
        "cause": "illness",
        "note": "住院手术",
        "since": lf.today(),
        "until": at("2026-06-30").date(),
    }
    lf.act(suspend, one, office.secretary, **told)
    lf.act(resume, office.now(one), office.secretary)
    lf.act(suspend, office.now(one), office.secretary, **told | {"until": None})
    lf.act(report.end, office.now(one), office.me(one), reason="退休")
    read = office.read(liaison)
    assert read[1:] == [
        "李强暂停服务，自 2026-05-15 至 2026-06-30",
        "李强自 2026-05-15 起恢复服务",
        "李强暂停服务，自 2026-05-15 至 —",
        *read[4:],
    ]
    assert "李强在「畅家巷社区」的报到已结束" in read
    assert not [word for word in ("住院", "生病", "illness", "退休") if word in str(read)]


def test_before_the_deadline_the_person_is_told_and_the_unit_once_for_all(office: Post) -> None:
    office.set("foshan", scope="public_servants", place="both")
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    one, _two = (
        office.report(office.person(name), listed=True, organization=bureau.id)
        for name in ("李强", "赵敏")
    )
    office.go("2026-05-30", 23.9)
    office.go("2026-05-31", 0)
    office.go("2026-06-23")
    office.tell_again()
    assert office.read(one.person) == [
        f"报到截止日期为 2026-06-30，还有 {n} 天；请尽快报到" for n in (30, 7)
    ]
    assert office.read(liaison) == [
        f"报到截止日期为 2026-06-30，还有 {n} 天；本单位还有 2 人没有向「畅家巷社区」报到"
        for n in (30, 7)
    ]
    office.go("2026-07-01")
    assert office.read(one.person, "half_year") == [
        "2026-01-01 至 2026-06-30，您没有报到或服务；本地要求每半年报到并服务一次"
    ]


def test_a_quarters_sheet_asks_for_a_receipt_and_the_subdistrict_learns_when_it_is_late(
    office: Post, page: Any
) -> None:
    office.set(unit_visits="1")
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    above = office.account("subdistrict_admin", at="620102001000")
    district = office.account("district_admin", at=world.CHENGGUAN)
    office.unit_reports(bureau, 60)
    office.member("李强", bureau)
    office.go("2026-10-01", 0)
    office.tell_again()
    assert office.read(liaison, "feedback")[1:] == [
        "「畅家巷社区」发来服务反馈单（2026-07-01 至 2026-09-30），请在 2026-10-16 前回执"
    ]
    assert "2026-07-01 至 2026-09-30，本单位到「畅家巷社区」0 次，少于本地要求" in office.read(
        liaison, "visits"
    )
    kinds = page("unit_liaison", unit=bureau).text("/inbox/kinds")
    assert "服务反馈单待回执" in kinds and "须办理或签收" in kinds
    assert kinds.count(">双报到</th>") == 1, "kinds stand under the plugin that tells them"
    office.go("2026-10-17", 0)
    office.tell_again()
    late = "「兰州市示例局」没有按时回执「畅家巷社区」的反馈，期限为 2026-10-16"
    assert office.read(above, "overdue") == [late] * 2
    assert office.read(district, "overdue") == [], "the subdistrict has somebody to see to it"


def test_a_kind_that_somebody_leaves_out_is_not_shown_and_a_receipt_cannot_be(
    office: Post, api: Any
) -> None:
    bureau = office.unit()
    liaison = api("unit_liaison", unit=bureau)
    kinds = {one["name"]: one for one in liaison.get("/api/v1/inbox/kinds").json["items"]}
    assert kinds["dual_reporting.feedback"]["required"]
    refused = liaison.post("/api/v1/inbox/kinds/dual_reporting.feedback", json={"shown": False})
    assert refused.status_code == 409, refused.json
    left = liaison.post("/api/v1/inbox/kinds/dual_reporting.receipt", json={"shown": False})
    assert left.status_code == 200, left.json
    office.accepted("李强", organization=bureau.id)
    office.events.deliver()
    assert liaison.get("/api/v1/inbox").json["items"] == []


def test_what_happened_while_it_was_off_is_told_once_it_is_on_again(office: Post) -> None:
    bureau = office.unit()
    liaison = office.account("unit_liaison", unit=bureau)
    one = office.report(office.person("李强"), organization=bureau.id)
    lf.act(report.accept, one, office.worker)
    switching.switch(office.boss, "dual_reporting", at=world.CHENGGUAN, on=False)
    office.go("2026-06-20")
    switching.switch(office.boss, "dual_reporting", at=world.CHENGGUAN, on=True)
    office.look()
    office.go("2026-06-21")
    assert len(office.read(liaison, "receipt")) == 1
    assert lf.find(reports, office.worker, id=one.id) is not None
