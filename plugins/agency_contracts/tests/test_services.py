"""Services count when somebody vouches for them and the community confirms, and count once."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms.attachments import attach
from lifang.testing import world
from lifang_agency_contracts.resources.reporting import monthly_reports
from lifang_agency_contracts.resources.service import (
    indicators,
    progress,
    service_logs,
    staff_members,
)
from lifang_agency_contracts.services import reporting, service
from lifang_agency_contracts.services.progress import measure

TARGETS = {"个案": (24, 12), "小组": (8, 5), "活动": (40, 31), "探访": (600, 410)}


@pytest.fixture
def made(deal: Any, clock: Any) -> Any:
    """A contract of 2026, with four promises, that began to run on the 20th of March."""
    contract = deal.procured()
    for name, (target, _done) in TARGETS.items():
        deal.promise(contract, name, target, kind="activity" if name == "活动" else "other")
    clock.move_to(deal.at("2026-03-20"))
    return deal.begin(deal.sign(contract, "2026-03-20"))


def promised(deal: Any, name: str) -> Any:
    found = lf.find(indicators, deal.purchaser, name=name)
    assert found is not None
    return found


def report(deal: Any, made: Any, month: str) -> Any:
    told = {
        "contract": made.id, "month": month, "users": "独居老人 40 户", "services": "见统计表",
        "effect": "满意度 95%", "workers": "3 人在岗",
    }  # fmt: skip
    sent = lf.write(monthly_reports, "create", deal.provider, told)
    return lf.act(reporting.submit, sent, deal.provider)


def counted(deal: Any, made: Any, month: str, name: str = "探访") -> int:
    return int(measure(promised(deal, name), made, month, deal.purchaser).so_far)


def test_after_two_thirds_of_the_year_each_promise_has_its_light(
    deal: Any, made: Any, clock: Any
) -> None:
    clock.move_to(deal.at("2026-08-31", 20))
    for name, (_target, done) in TARGETS.items():
        one = promised(deal, name)
        deal.done(one, deal.at("2026-08-20"), quantity=done - 1)
        deal.done(one, deal.at("2026-07-20"), quantity=1)
        deal.log(one, deal.at("2026-08-21"), quantity=5)  # nobody has confirmed these yet
    with pytest.raises(lf.Conflict, match="2026-08 还没有结束"):
        report(deal, made, "2026-08")
    clock.move_to(deal.at("2026-09-03"))
    sent = lf.find(monthly_reports, deal.provider, month="2026-08")
    sent = lf.act(reporting.submit, sent, deal.provider)
    assert str(sent.due) == "2026-09-05"
    lines = {
        promised_.name: line
        for line in lf.each(progress, deal.purchaser, report=sent.id)
        for promised_ in [lf.get(indicators, deal.purchaser, line.indicator_id)]
    }
    shown = {name: (one.completion, one.behind, one.light) for name, one in lines.items()}
    assert shown == {
        "个案": (5000, 1667, "red"),
        "小组": (6250, 417, "yellow"),
        "活动": (7750, -1083, "green"),
        "探访": (6833, -167, "green"),
    }
    assert (lines["个案"].of_month, lines["个案"].so_far) == (11, 12)
    [behind] = deal.events.published("agency_contracts.contract.indicator_behind")
    assert (behind.subject, behind.data["label"], behind.data["behind"]) == (made.id, "个案", 1667)
    forged = {"report": sent.id, "indicator": promised(deal, "个案").id, "so_far": 24}
    with pytest.raises(lf.Invalid):
        lf.write(progress, "create", deal.provider, forged)


def test_a_service_is_shown_supervised_and_confirmed_where_it_was_rendered(
    deal: Any, made: Any, caller: Any
) -> None:
    one = promised(deal, "探访")
    bare = deal.log(one, deal.at("2026-03-19"), evidence=None)
    with pytest.raises(lf.Conflict, match="请先填写或上传证明材料"):
        lf.act(service.supervise, bare, deal.supervisor)
    with pytest.raises(lf.Conflict, match="只有「已督导」的记录可以确认"):
        lf.act(service.confirm, bare, deal.worker)
    photo = {"name": "探访.png", "kind": "evidence"}
    attach(deal.provider, service_logs, bare.id, BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(99)), **photo)
    with pytest.raises(lf.Forbidden, match="做过「新建」的人不能再「督导通过」"):
        lf.act(service.supervise, bare, deal.provider)
    done = lf.act(service.supervise, bare, deal.supervisor)
    with pytest.raises(lf.Forbidden):
        lf.act(service.confirm, done, deal.provider)
    with pytest.raises(lf.NotFound):
        lf.act(service.confirm, done, caller("community_worker", at=world.NEIGHBOUR))
    assert lf.act(service.confirm, done, deal.worker).state == "accepted"
    with pytest.raises(lf.Conflict):
        lf.write(service_logs, "update", deal.provider, {"quantity": 9}, bare.id)


def test_nobody_renders_two_services_at_the_same_time(deal: Any, made: Any) -> None:
    one, member = promised(deal, "探访"), deal.staff(made)
    first = deal.log(one, deal.at("2026-03-19", 9), staff_member=member.id, minutes=90)
    for start in (deal.at("2026-03-19", 9), deal.at("2026-03-19", 10)):
        with pytest.raises(lf.Invalid, match=f"与第 {first.id} 号服务日志的社工和时间重复"):
            deal.log(one, start, staff_member=member.id)
    deal.log(promised(deal, "个案"), deal.at("2026-03-19", 11), staff_member=member.id)
    lf.act(service.reject, first, deal.worker, reason="没有来")
    deal.log(one, deal.at("2026-03-19", 9), staff_member=member.id)


def test_a_service_lies_within_its_contract_in_time_and_place(deal: Any, made: Any) -> None:
    one = promised(deal, "探访")
    member = deal.staff(made, since="2026-03-10")
    for wrong, sentence in (
        ({"start": deal.at("2026-03-20", 9)}, "服务还没有结束"),
        ({"start": deal.at("2025-12-31")}, "须在合同期 2026-01-01 至 2026-12-31 内"),
        ({"minutes": 0}, "时长为 1 至 1440 分钟"),
        ({"quantity": 0}, "计入数量至少为 1"),
        ({"staff_member": member.id, "start": deal.at("2026-03-09")}, "当天不在岗"),
    ):
        with pytest.raises(lf.Invalid, match=sentence):
            deal.log(one, **{"start": deal.at("2026-03-19"), **wrong})
    with pytest.raises(lf.Conflict, match="合同已经开始履行，指标不能再改"):
        lf.write(indicators, "update", deal.purchaser, {"target": 1}, one.id)


def test_what_is_done_with_a_lapsed_certificate_is_marked_and_not_counted_until_it_is_renewed(
    deal: Any, made: Any, clock: Any
) -> None:
    one, member = promised(deal, "探访"), deal.staff(made, "孙丽华", valid_to="2026-12-31")
    clock.move_to(deal.at("2026-06-30"))
    before, after = (
        deal.done(one, deal.at(day), staff_member=member.id) for day in ("2026-05-31", "2026-06-02")
    )
    told = {"person": member.person_id, "valid_to": "2026-05-31"}
    expired = deal.told_elsewhere("talent.certificate.expired", 1, **told)
    later = deal.done(one, deal.at("2026-06-29"), staff_member=member.id)
    marks = [lf.get(service_logs, deal.worker, log.id).lapsed for log in (before, after, later)]
    assert marks == [False, True, True]
    assert counted(deal, made, "2026-06") == 1

    with pytest.raises(lf.Invalid, match="请用「重新登记」操作"):
        lf.write(staff_members, "update", deal.provider, {"valid_to": "2029-06-29"}, member.id)
    member = lf.get(staff_members, deal.provider, member.id)
    lf.act(
        service.renew, member, deal.provider,
        date=dt.date(2026, 6, 30), valid_to=dt.date(2029, 6, 29),
    )  # fmt: skip
    clock.move_to(deal.at("2026-07-31"))
    fresh = deal.done(one, deal.at("2026-07-01"), staff_member=member.id)
    gap = deal.log(one, deal.at("2026-06-15"), staff_member=member.id)
    assert (fresh.lapsed, gap.lapsed) == (False, True)
    deal.events.again(expired)
    deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
    deal.events.deliver()
    assert lf.get(service_logs, deal.worker, fresh.id).lapsed is False
    assert counted(deal, made, "2026-07") == 2


def test_without_the_talent_plugin_the_certificates_own_last_day_decides(
    deal: Any, made: Any, clock: Any
) -> None:
    member = deal.staff(made, valid_to="2026-03-10")
    deal.events.deliver()
    [expiring] = deal.events.published("agency_contracts.staff_member.certificate_expiring")
    assert (expiring.subject, expiring.data["valid_to"]) == (member.id, "2026-03-10")
    logs = [
        deal.log(promised(deal, "探访"), deal.at(day), staff_member=member.id)
        for day in ("2026-03-10", "2026-03-11")
    ]
    assert [log.lapsed for log in logs] == [False, True]


def test_an_activity_of_the_agency_counts_once_however_often_it_is_told(
    deal: Any, made: Any, clock: Any
) -> None:
    clock.move_to(deal.at("2026-05-20"))
    told = {
        "organization": deal.agency.id, "title": "邻里节", "start": "2026-05-16T09:00:00+08:00",
        "minutes": 180, "person_times": 120,
    }  # fmt: skip
    completed = deal.told_elsewhere("activities.activity.completed", 7, **told)
    [log] = lf.each(service_logs, deal.worker)
    assert (log.state, log.users, log.evidence) == ("accepted", 120, "activities.activity/7")
    assert counted(deal, made, "2026-05", "活动") == 1
    deal.events.again(completed)
    deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
    deal.events.deliver()
    assert deal.events.letters() == []
    assert counted(deal, made, "2026-05", "活动") == 1
    other = {**told, "organization": deal.judge.id}
    deal.told_elsewhere("activities.activity.completed", 8, **other)
    assert lf.count(service_logs, deal.worker) == 1


def test_a_month_that_was_not_reported_by_the_fifth_is_told_of_once(
    deal: Any, made: Any, clock: Any
) -> None:
    deal.events.deliver()  # today is known from here on
    clock.move_to(deal.at("2026-04-05", 23))
    deal.events.deliver()
    assert deal.events.published("agency_contracts.contract.report_missing") == []
    clock.move_to(deal.at("2026-04-06", 1))
    deal.events.deliver()
    [missing] = deal.events.published("agency_contracts.contract.report_missing")
    assert (missing.subject, missing.data["month"]) == (made.id, "2026-03")
    report(deal, made, "2026-03")
    for month, sentence in (("2026-13", "月份写作"), ("2027-01", "合同期")):
        with pytest.raises(lf.Invalid, match=sentence):
            report(deal, made, month)
    deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
    clock.move_to(deal.at("2026-04-08", 1))
    deal.events.deliver()
    assert len(deal.events.published("agency_contracts.contract.report_missing")) == 1
