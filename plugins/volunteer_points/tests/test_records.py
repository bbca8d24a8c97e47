"""Records are confirmed by others within the law's time, limited by day, locked, and disputed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang_volunteer_points.models import ServiceRecord
from lifang_volunteer_points.resources import service_records
from lifang_volunteer_points.services import dispute, record
from lifang_volunteer_points.services.hours import counted, worth
from lifang_volunteer_points.services.points import points


@pytest.mark.parametrize(
    ("real", "rounding", "most", "expected"),
    [
        (210, "real", 0, 210),
        (59, "half_hour", 0, 30),
        (29, "half_hour", 0, 0),
        (90, "half_hour", 0, 90),
        (545, "half_hour", 8, 480),
        (20, "one_hour", 0, 60),
        (60, "one_hour", 0, 60),
        (61, "one_hour", 0, 61),
        (0, "one_hour", 0, 0),
    ],
)
def test_hours_are_rounded_by_the_rule_of_the_place(
    real: int, rounding: str, most: int, expected: int
):
    assert counted(real, rounding, most) == expected


def test_points_are_whole_and_an_activity_gives_up_to_its_cap():
    assert [worth(210, 1), worth(210, 1, 2), worth(60, 1, 2, used=90)] == [3, 2, 0]
    assert worth(30, 2) == 1
    assert worth(600, 0) == 0


def test_wang_xiulan_serves_three_and_a_half_hours_and_gets_two_points_in_hailin(station: Any):
    station.set("hailin")
    wang = station.volunteer("王秀兰")
    one = station.lock(station.serve(wang))
    assert (one.state, one.minutes, one.points) == ("locked", 210, 2)
    after = station.now(wang)
    assert (after.minutes, after.points) == (210, 2)
    told = station.events.published("volunteer_points.volunteer.points_earned")
    assert [event.data["points"] for event in told] == [2]


def test_a_day_beyond_eight_hours_waits_for_the_parent_and_beyond_twelve_for_the_province(
    station: Any,
):
    liqiang = station.volunteer("李强")
    station.clock.move_to(station.at(23))
    morning = station.entered(liqiang, 7.5, station.at(6))
    evening = station.entered(liqiang, 3, station.at(14))
    late = station.entered(liqiang, 2, station.at(18))
    lf.act(record.confirm, morning, station.worker)
    with pytest.raises(lf.Conflict, match=r"合计 10.5 小时，超过 8 小时；请先由上级组织审批"):
        lf.act(record.confirm, evening, station.worker)
    assert station.now(evening).state == "pending"
    with pytest.raises(lf.Forbidden):
        lf.act(record.approve_hours, evening, station.worker, hours=11)
    with pytest.raises(lf.Invalid, match="须由省级主管部门批准"):
        lf.act(record.approve_hours, evening, station.auditor, hours=13)
    lf.act(record.approve_hours, evening, station.auditor, hours=11)
    assert lf.act(record.confirm, evening, station.worker).state == "confirmed"
    lf.act(record.approve_hours, late, station.auditor, hours=12)
    with pytest.raises(lf.Conflict, match="合计 12.5 小时，超过 12 小时"):
        lf.act(record.confirm, late, station.worker)
    with pytest.raises(lf.Forbidden):
        lf.act(record.enter_approval, late, station.auditor, hours=13, basis="批复〔2026〕1 号")
    lf.act(record.enter_approval, late, station.second, hours=13, basis="批复〔2026〕1 号")
    assert lf.act(record.confirm, late, station.worker).state == "confirmed"


def test_nobody_confirms_audits_or_evaluates_their_own_service(station: Any):
    liqiang = station.volunteer("李强")
    one = station.serve(liqiang)
    for role, deed in (
        (station.worker, lambda who: lf.act(record.confirm, one, who)),
        (station.worker, lambda who: lf.act(record.evaluate, one, who, rating=5)),
    ):
        with pytest.raises(lf.Forbidden, match="不能办理本人的记录"):
            deed(dataclasses.replace(role, person=liqiang.person_id))
    with pytest.raises(lf.Forbidden):
        lf.act(record.confirm, one, station.self_of(liqiang))
    with pytest.raises(lf.Invalid, match="1 到 5 星"):
        lf.act(record.evaluate, one, station.worker, rating=6)
    told = lf.act(record.evaluate, one, station.worker, rating=5, evaluation="认真")
    assert (told.rating, told.evaluation, told.evaluated_on) == (5, "认真", dt.date(2026, 5, 16))
    lf.act(record.confirm, one, station.worker)


def test_the_organiser_has_three_working_days_and_the_law_gives_ten(station: Any):
    liqiang = station.volunteer("李强")
    one = station.serve(liqiang, start=station.at(9, day=29, month=4))
    station.clock.move_to(station.at(23, day=5))
    station.events.deliver()
    assert not station.events.published("volunteer_points.service_record.confirm_due")
    station.clock.move_to(station.at(0, day=8))  # 30 April, 6 and 7 May are worked
    station.events.deliver()
    due = station.events.published("volunteer_points.service_record.confirm_due")
    assert [event.subject for event in due] == [one.id]
    station.clock.move_to(station.at(23, day=15))
    station.events.deliver()
    assert not station.events.published("volunteer_points.service_record.legal_due")
    station.clock.move_to(station.at(0, day=16))  # Saturday the 9th is worked
    station.events.deliver()
    assert len(station.events.published("volunteer_points.service_record.legal_due")) == 1


def test_what_is_recorded_too_late_says_why_and_waits_for_the_subdistrict(station: Any):
    liqiang = station.volunteer("李强")
    start = station.at(9, day=20, month=4)
    with pytest.raises(lf.Invalid, match="已超过 10 个工作日，请填写逾期记录的原因"):
        station.entered(liqiang, start=start)
    with pytest.raises(lf.Invalid, match="不能含有“补录”"):
        station.entered(liqiang, start=start, title="补录楼道清洁", late_reason="停电")
    one = station.entered(liqiang, start=start, late_reason="停电")
    with pytest.raises(lf.Conflict, match="逾期记录须先由街道审批"):
        lf.act(record.confirm, one, station.worker)
    with pytest.raises(lf.Forbidden):
        lf.act(record.approve_late, one, station.worker)
    lf.act(record.approve_late, one, station.auditor)
    assert lf.act(record.confirm, one, station.worker).state == "confirmed"


def test_no_hour_of_a_person_counts_twice_and_none_before_it_is_over(station: Any):
    liqiang = station.volunteer("李强")
    station.clock.move_to(station.at(20))
    station.entered(liqiang)
    for start in (station.at(8), station.at(12), station.at(9)):
        with pytest.raises(lf.Invalid, match="同一时间只计一次"):
            station.entered(liqiang, start=start)
    station.entered(liqiang, start=station.at(12.5))
    for start, hours in ((station.at(19), 2), (station.at(17), 0), (station.at(17, day=14), 25)):
        with pytest.raises(lf.Invalid, match="一条记录最长 24 小时"):
            station.entered(liqiang, hours, start)


def test_every_record_is_audited_first_where_the_place_says_so(station: Any):
    station.set(audit_all="yes")
    one = station.serve(station.volunteer("李强"))
    assert station.lock(one).state == "confirmed"
    with pytest.raises(lf.Forbidden):
        lf.act(record.audit, one, station.worker)
    lf.act(record.audit, one, station.auditor)
    station.clock.later(days=2)
    station.events.deliver()
    assert station.now(one).state == "locked"


def test_a_complaint_upheld_takes_points_back_by_a_counter_entry_and_overwrites_nothing(
    station: Any,
):
    liqiang = station.volunteer("李强")
    one = station.lock(station.serve(liqiang))
    assert points.balance(liqiang, station.boss).available == 3
    lf.act(dispute.dispute, one, station.self_of(liqiang), reason="时间有误")
    assert points.balance(liqiang, station.boss).available == 0, "frozen"
    with pytest.raises(lf.Conflict, match="请先由审核人提出处理意见"):
        lf.act(dispute.void, one, station.second)
    lf.act(dispute.propose, one, station.auditor, minutes=0, decision="投诉属实")
    with pytest.raises(lf.Forbidden):
        lf.act(dispute.void, one, station.auditor)
    with pytest.raises(lf.Conflict, match="处理意见是作废"):
        lf.act(dispute.correct, one, station.second)
    gone = lf.act(dispute.void, one, station.second)
    assert (gone.state, gone.minutes, gone.points) == ("voided", 0, 0)
    assert (gone.real_minutes, gone.decision) == (210, "投诉属实")
    day = lf.today()
    opening, lines, closing = points.statement(liqiang, station.boss, day - dt.timedelta(30), day)
    assert [(line.kind, line.amount) for line in lines] == [
        ("grant", 3), ("hold", -3), ("release", 3), ("reverse", -3),
    ]  # fmt: skip
    assert (opening, closing) == (0, 0)
    station.events.deliver()
    assert (station.now(liqiang).minutes, station.now(liqiang).points) == (0, 0)


def test_a_correction_counts_anew_and_only_what_was_really_served(station: Any):
    liqiang = station.volunteer("李强")
    one = station.lock(station.serve(liqiang))
    lf.act(dispute.dispute, one, station.worker, reason="提前离开")
    with pytest.raises(lf.Invalid, match="不能超过实际时长 210 分钟"):
        lf.act(dispute.propose, one, station.auditor, minutes=211, decision="多记")
    lf.act(dispute.propose, one, station.auditor, minutes=120, decision="提前离开")
    after = lf.act(dispute.correct, one, station.second)
    assert (after.state, after.minutes, after.points) == ("corrected", 120, 2)
    station.events.deliver()
    assert (station.now(liqiang).minutes, station.now(liqiang).points) == (120, 2)


def test_records_are_for_the_national_system_and_are_changed_by_actions_only(station: Any):
    one = station.serve(station.volunteer("李强"))
    assert one.sync_status == "pending"
    assert lf.act(record.mark_synced, one, station.worker).sync_status == "synced"
    for verb, told in (("update", {"minutes": 999}), ("remove", {})):
        with pytest.raises((lf.Forbidden, lf.Invalid)):
            lf.write(service_records, verb, station.boss, told, one.id)
    assert ServiceRecord.get_by_id(one.id).minutes == 210


def test_only_what_was_audited_is_locked_before_the_time_for_objections_is_over(station: Any):
    station.clock.move_to(station.at(20))
    one = station.entered(station.volunteer("李强"))
    lf.act(record.confirm, one, station.worker)
    with pytest.raises(lf.Conflict, match="异议期满后自动锁定"):
        lf.act(record.lock, one, station.second)
    lf.act(record.audit, one, station.auditor)
    assert lf.act(record.lock, one, station.auditor).state == "locked"
