"""Volunteers sign up, come by the code of the moment, and leave with a record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.entities.audit import AuditChange
from lifang.entities.presence import Presence
from lifang.events.tables import EventRow
from lifang_volunteer_points.models import ServiceRecord
from lifang_volunteer_points.resources import shifts, sign_ups
from lifang_volunteer_points.services import activity, attendance

SQUARE, NEARBY, FAR = "36.0611,103.8343", "36.0617,103.8343", "36.0711,103.8343"


def test_an_activity_is_published_before_it_happens_and_risk_is_told_and_insured(station: Any):
    wrong = {
        "草坪补录": "补录",
        "周一会议": "“会议”不属于志愿服务",
        "年终聚餐": "“聚餐”不属于志愿服务",
    }
    for title, sentence in wrong.items():
        with pytest.raises(lf.Invalid, match=sentence):
            station.draft(title=title)
    with pytest.raises(lf.Invalid, match="须晚于开始时间"):
        station.draft(hours=0)
    late = lf.act(activity.submit, station.draft(), station.worker)
    station.clock.move_to(station.at(9))
    with pytest.raises(lf.Invalid, match="须在开始之前发布"):
        lf.act(activity.publish, late, station.secretary)
    station.clock.move_to(station.at(8))
    with pytest.raises(lf.Forbidden):
        lf.act(activity.publish, late, station.worker)
    assert lf.act(activity.publish, late, station.secretary).state == "published"
    risky = lf.act(activity.submit, station.draft(risky=True), station.worker)
    for lacking in ({"risk_note": "登高"}, {"insurance": "示例保险 001"}):
        with pytest.raises(lf.Invalid):
            lf.act(activity.publish, risky, station.secretary)
        lf.act(activity.take_back, risky, station.worker)
        lf.write(station.activities, "update", station.worker, lacking, risky.id)
        risky = lf.act(activity.submit, station.now(risky), station.worker)
    with pytest.raises(lf.Conflict, match="须先经街道审核"):
        lf.act(activity.publish, risky, station.secretary)
    large = lf.act(activity.submit, station.draft(people=101), station.worker)
    for one in (risky, large):
        with pytest.raises(lf.Conflict, match="超过 100 人的活动须先经街道审核"):
            lf.act(activity.publish, one, station.secretary)
        with pytest.raises(lf.Forbidden):
            lf.act(activity.review, one, station.secretary)
        lf.act(activity.review, one, station.auditor)
        assert lf.act(activity.publish, one, station.secretary).state == "published"


def test_what_was_reviewed_and_taken_back_is_reviewed_again(station: Any):
    one = lf.act(activity.submit, station.draft(people=200), station.worker)
    lf.act(activity.review, one, station.auditor)
    lf.act(activity.take_back, one, station.worker)
    lf.act(activity.submit, one, station.worker)
    with pytest.raises(lf.Conflict, match="须先经街道审核"):
        lf.act(activity.publish, one, station.secretary)
    with pytest.raises(lf.Conflict):
        lf.write(station.activities, "update", station.worker, {"people": 5}, one.id)


def test_the_last_place_fills_an_activity_and_who_waited_longest_gets_what_comes_free(station: Any):
    people = [station.volunteer(name) for name in ("李强", "王秀兰", "张晓燕")]
    shift = station.shift(slots=1)
    first, second, third = (station.sign_up(shift, one) for one in people)
    assert [one.state for one in (first, second, third)] == ["signed_up", "waiting", "waiting"]
    with pytest.raises(lf.Conflict):
        station.sign_up(shift, people[0])
    station.events.deliver()
    assert station.now(shift.activity).state == "full"
    with pytest.raises(lf.NotFound):
        lf.act(attendance.cancel, first, station.self_of(people[1]))
    lf.act(attendance.cancel, first, station.self_of(people[0]))
    station.events.deliver()
    assert [station.now(one).state for one in (second, third)] == ["signed_up", "waiting"]
    lf.write(shifts, "update", station.worker, {"slots": 3}, shift.id)
    station.events.deliver()
    assert station.now(third).state == "signed_up"
    again = station.sign_up(shift, people[0])
    assert again.state == "signed_up", "who has cancelled may come back"
    with pytest.raises(lf.Conflict, match="已有 3 个名额被占用"):
        lf.write(shifts, "update", station.worker, {"slots": 2}, shift.id)


def test_tasks_fit_skill_and_nobody_is_at_two_places_at_once(station: Any):
    liqiang = station.volunteer("李强", skills="水电维修")
    wang = station.volunteer("王秀兰")
    repair = station.shift(title="上门维修", skill="水电维修")
    with pytest.raises(lf.Invalid, match="需要技能「水电维修」"):
        station.sign_up(repair, wang)
    station.sign_up(repair, liqiang)
    clean = station.shift()
    with pytest.raises(lf.Invalid, match="同一时间"):
        station.sign_up(clean, liqiang)
    station.sign_up(clean, wang)
    with pytest.raises(lf.Invalid, match="您看不到它"):
        lf.write(sign_ups, "create", station.self_of(wang), told_of(clean, liqiang))


def told_of(shift: Any, volunteer: Any) -> dict[str, int]:
    return {"shift": shift.id, "volunteer": volunteer.id}


def test_one_comes_and_leaves_by_the_code_of_the_moment_from_ones_own_phone(station: Any):
    liqiang, wang = station.volunteer("李强"), station.volunteer("王秀兰")
    shift = station.shift()
    mine = station.sign_up(shift, liqiang)
    me, organiser = station.self_of(liqiang), station.worker
    station.clock.move_to(station.at(8))
    early = lf.act(activity.show_arrival, shift, organiser).shown_once
    with pytest.raises(lf.Conflict, match="「签到」的时间是 05-16 08:30 到 05-16 09:30"):
        lf.act(attendance.check_in, shift, me, code=early["code"])
    station.clock.move_to(station.at(9))
    with pytest.raises(lf.Invalid, match="请扫现场正在显示的码"):
        lf.act(attendance.check_in, shift, me, code=early["code"])
    with pytest.raises(lf.Forbidden):
        lf.act(activity.show_arrival, shift, me)
    shown = lf.act(activity.show_arrival, shift, organiser).shown_once
    assert shown["link"].endswith(f"/shifts/{shift.id}/actions/check-in?code={shown['code']}")
    with pytest.raises(lf.Conflict, match="您没有报名这个班次"):
        lf.act(attendance.check_in, shift, station.self_of(wang), code=shown["code"])
    lf.act(attendance.check_in, shift, me, code=shown["code"])
    with pytest.raises(lf.Conflict):
        lf.act(attendance.check_in, shift, me, code=shown["code"])
    station.clock.move_to(station.at(12.5))
    leave_code = lf.act(activity.show_leaving, shift, organiser).shown_once["code"]
    lf.act(attendance.check_out, shift, me, code=leave_code)
    one = station.now(mine)
    assert (one.state, one.method) == ("served", "qr")
    station.events.deliver()
    record = ServiceRecord.get()
    assert (record.real_minutes, record.minutes, record.state) == (210, 210, "pending")
    assert (record.title, record.venue, record.day) == (
        "楼道清洁",
        "畅家巷 1 号楼",
        dt.date(2026, 5, 16),
    )


def test_the_organiser_enters_who_has_no_phone_with_a_reason_and_nobody_else_does(station: Any):
    liqiang = station.volunteer("李强")
    one = station.sign_up(station.shift(), liqiang)
    station.clock.move_to(station.at(10))
    told = {"at": station.at(9.25), "reason": "手机没电"}
    with pytest.raises(lf.Forbidden):
        lf.act(attendance.enter_arrival, one, station.self_of(liqiang), **told)
    with pytest.raises(lf.Conflict, match="的时间是"):
        lf.act(attendance.enter_arrival, one, station.worker, **told | {"at": station.at(9.75)})
    lf.act(attendance.enter_arrival, one, station.worker, **told)
    with pytest.raises(lf.Conflict):
        lf.act(attendance.enter_arrival, station.now(one), station.worker, **told)
    row = Presence.get()
    assert (row.method, row.reason, row.actor) == ("manual", "手机没电", station.worker.name)


def test_a_position_serves_where_very_many_come_and_is_kept_nowhere(station: Any):
    liqiang = station.volunteer("李强")
    told = {"title": "万人健步走", "people": 100, "position": SQUARE, "slots": 100}
    large = station.sign_up(station.shift(**told), liqiang)
    small = station.sign_up(station.shift(start=station.at(14), position=SQUARE), liqiang)
    me = station.self_of(liqiang)
    station.clock.move_to(station.at(9))
    with pytest.raises(lf.Conflict, match="须在 500 米以内"):
        lf.act(attendance.sign_in, large, me, position=FAR)
    lf.act(attendance.sign_in, large, me, position=NEARBY)
    assert station.now(large).method == "geo"
    assert Presence.get().distance == 70
    station.clock.move_to(station.at(14))
    with pytest.raises(lf.Invalid, match="只有 100 人以上的活动可以定位签到"):
        lf.act(attendance.sign_in, small, me, position=NEARBY)
    kept = [str(row) for table in (AuditChange, EventRow) for row in table.select().tuples()]
    assert any("签到" in row or "sign_up" in row for row in kept)
    assert not any("36.0617" in row for row in kept)
    station.clock.move_to(station.at(0, day=17, month=6))
    station.events.deliver()
    assert Presence.get().distance is None


def test_a_day_has_three_sign_ins_at_most(station: Any):
    liqiang = station.volunteer("李强")
    hours = (8, 10, 12, 14)
    ups = [station.sign_up(station.shift(start=station.at(h), hours=1), liqiang) for h in hours]
    for number, (hour, one) in enumerate(zip(hours, ups, strict=True), 1):
        station.clock.move_to(station.at(hour))
        told = {"at": station.at(hour), "reason": "手机没电"}
        if number == 4:
            with pytest.raises(lf.Conflict, match="每天最多签到 3 次"):
                lf.act(attendance.enter_arrival, one, station.worker, **told)
            station.set(sign_ins_a_day=4)
        lf.act(attendance.enter_arrival, one, station.worker, **told)


def test_time_begins_and_ends_an_activity_reminds_and_counts_who_did_not_come(station: Any):
    came, missed = station.volunteer("李强"), station.volunteer("王秀兰")
    station.clock.move_to(station.at(9, day=14))
    shift = station.shift()
    mine, other = station.sign_up(shift, came), station.sign_up(shift, missed)
    station.clock.move_to(station.at(9, day=15))
    station.events.deliver()
    assert len(station.events.published("volunteer_points.sign_up.starting")) == 2
    station.clock.move_to(station.at(9))
    station.events.deliver()
    assert station.now(shift.activity).state == "running"
    lf.act(attendance.enter_arrival, mine, station.worker, at=station.at(9), reason="无手机")
    station.clock.move_to(station.at(13.5))
    station.events.deliver()
    assert station.now(shift.activity).state == "ended"
    assert station.now(other).state == "absent"
    missing = station.events.published("volunteer_points.sign_up.sign_out_missing")
    assert [one.subject for one in missing] == [mine.id], "an hour after the end"
    with pytest.raises(lf.Conflict, match="还有人没有签退"):
        lf.act(activity.settle, shift.activity, station.worker)
    told = {"at": station.at(12.5), "reason": "忘记签退"}
    lf.act(attendance.enter_leaving, mine, station.worker, **told)
    station.events.deliver()
    with pytest.raises(lf.Conflict, match="还有服务记录没有确认"):
        lf.act(activity.settle, shift.activity, station.worker)
