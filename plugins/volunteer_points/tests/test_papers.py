"""Certificates say what stands and no more, and the time bank pays in hours, never in money."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
from lifang.testing import world
from lifang_volunteer_points.plugin import plugin
from lifang_volunteer_points.resources import awards, certificates, time_draws, trainings
from lifang_volunteer_points.services import certificate, dispute, record, time_bank
from lifang_volunteer_points.services.time_bank import coins


def ask(station: Any, who: Any, **told: Any) -> Any:
    data = {"volunteer": who.id, "since": "2026-05-01", "until": lf.today().isoformat()}
    return lf.write(certificates, "create", station.self_of(who), data | told)


def four_hours(station: Any, who: Any, *days: int) -> list[Any]:
    """Locked records of four hours each, on days of May."""
    made = []
    for day in days:
        station.clock.move_to(station.at(20, day=day))
        made.append(station.entered(who, 4, station.at(9, day=day)))
        lf.act(record.confirm, made[-1], station.worker)
    station.clock.later(days=17)
    station.events.deliver()
    return [station.now(one) for one in made]


def test_a_certificate_totals_what_is_locked_and_is_verified_by_its_code(station: Any):
    liqiang = station.volunteer("李强")
    kept, wrong, also = four_hours(station, liqiang, 18, 19, 20)
    for one in (wrong, also):
        lf.act(dispute.dispute, one, station.worker, reason="时间有误")
    with pytest.raises(lf.Invalid, match="不晚于今天"):
        ask(station, liqiang, until="2027-01-01")
    paper = ask(station, liqiang)
    with pytest.raises(lf.Forbidden):
        lf.act(certificate.check, paper, station.self_of(liqiang))
    lf.act(certificate.check, paper, station.worker)
    with pytest.raises(lf.Forbidden):
        lf.act(certificate.seal, paper, station.worker)
    lf.act(certificate.seal, paper, station.secretary)
    done = lf.act(certificate.issue, paper, station.self_of(liqiang))
    assert (done.minutes, done.records, done.state) == (240, 1, "issued")
    assert done.number == f"ZM-{world.HOME}-2026-00001"
    told = issued.verify(station.instance, done.code)
    assert (told["state"], told["label"], told["holder"], told["mark"]) == (
        "valid", "志愿服务记录证明", "李*", "",
    )  # fmt: skip
    sheet = issued.issued_about(station.self_of(liqiang), certificates, done.id)[0]
    whole = issued.shown(station.self_of(liqiang), sheet["id"])
    assert whole["holder"] == "李强"
    (line,) = whole["sections"][1]["rows"]
    assert line[:5] == ["2026-05-18", "楼道清洁", "清理楼道杂物", "4", "畅家巷社区"]
    lf.act(dispute.dispute, kept, station.worker, reason="重复")
    lf.act(dispute.propose, kept, station.auditor, minutes=0, decision="重复")
    lf.act(dispute.void, kept, station.second)
    station.events.deliver()
    assert station.now(done).state == "revoked"
    assert issued.verify(station.instance, done.code)["state"] == "revoked"
    with pytest.raises(lf.Conflict, match="没有已锁定的服务记录"):
        lf.act(certificate.check, ask(station, liqiang), station.worker)


def test_what_is_neither_sealed_nor_in_the_national_system_is_a_platforms_record(station: Any):
    liqiang = station.volunteer("李强")
    (one,) = four_hours(station, liqiang, 18)

    def verified() -> tuple[str, str]:
        paper = lf.act(certificate.check, ask(station, liqiang), station.worker)
        done = lf.act(certificate.issue, paper, station.self_of(liqiang))
        told = issued.verify(station.instance, done.code)
        return told["label"], told["mark"]

    assert verified() == ("志愿服务平台记录", "平台记录")
    lf.act(record.mark_synced, one, station.worker)
    assert verified() == ("志愿服务记录证明", "")


def test_the_style_of_2015_is_posted_seven_working_days_and_names_who_handled_it(station: Any):
    station.set(certificate_style="2015")
    person = station.person("李强", citizen_id="620102198001010017")
    liqiang = station.volunteer("李强", person=person)
    four_hours(station, liqiang, 18)
    paper = lf.act(certificate.check, ask(station, liqiang), station.worker)
    with pytest.raises(lf.Conflict, match="须先公示和用印"):
        lf.act(certificate.issue, paper, station.worker)
    with pytest.raises(lf.Conflict, match="公示到"):
        lf.act(certificate.seal, paper, station.secretary)
    station.clock.later(days=12)
    station.events.deliver()
    lf.act(certificate.seal, paper, station.secretary)
    done = lf.act(certificate.issue, paper, station.worker)
    number = issued.issued_about(station.worker, certificates, done.id)[0]["id"]
    rows = dict(map(tuple, issued.shown(station.worker, number)["sections"][0]["rows"]))
    assert rows["证件类型和号码"].startswith("居民身份证 620102")
    assert "*" in rows["证件类型和号码"]
    assert (rows["经办人"], rows["用印人"]) == (station.worker.name, station.secretary.name)


def test_training_and_awards_stand_beside_the_records(station: Any):
    liqiang = station.volunteer("李强")
    union = world.organization(station.instance, "示例协会")
    told = {"volunteer": liqiang.id, "name": "急救培训", "content": "心肺复苏", "minutes": 120}
    lf.write(
        trainings, "create", station.worker, told | {"organization": union.id, "day": "2026-05-10"}
    )
    told = {"volunteer": liqiang.id, "name": "优秀志愿者", "grantor": "示例街道"}
    lf.write(awards, "create", station.worker, told | {"day": "2026-05-11"})
    with pytest.raises(lf.Invalid):
        lf.write(awards, "create", station.worker, told)
    with pytest.raises(lf.NotFound):
        lf.write(awards, "create", station.self_of(liqiang), told | {"day": "2026-05-11"})


def test_in_changning_an_hour_is_a_coin_two_a_day_for_those_of_the_age_that_saves(station: Any):
    station.set("changning")
    told = {"title": "陪伴老人", "category": "elderly"}
    ages = {"王秀兰": ("1974-01-01", "female"), "李强": ("1974-01-01", "male")}
    ages |= {"张建国": ("1960-01-01", "male"), "赵大爷": ("1950-01-01", "male")}
    whole = station.shift(**told).activity
    station.clock.move_to(station.at(20))
    people = []
    for name, (born, sex) in ages.items():
        who = station.volunteer(name, person=station.person(name, birth_date=born, sex=sex))
        one = station.entered(who, activity=whole.id)
        lf.act(record.confirm, one, station.worker)
        people.append(who)
    station.clock.later(days=17)
    station.events.deliver()
    saved = [coins.balance(who, station.boss).available for who in people]
    assert saved == [2, 0, 2, 0], "a woman of 52, men of 52, 66 and 76"
    wang = people[0]
    with pytest.raises(lf.Conflict, match="余额不足：可用 2个，需要 3个"):
        draw(station, wang, 3)
    first = draw(station, wang, 2)
    lf.act(time_bank.cancel, first, station.self_of(wang))
    second = draw(station, wang, 2)
    with pytest.raises(lf.Forbidden):
        lf.act(time_bank.serve, second, station.self_of(wang))
    lf.act(time_bank.serve, second, station.worker)
    assert coins.balance(wang, station.boss).available == 0


def draw(station: Any, who: Any, amount: int) -> Any:
    told = {"volunteer": who.id, "service": "errands", "coins": amount}
    return lf.write(time_draws, "create", station.self_of(who), told)


def test_somebody_saves_six_hundred_coins_at_most_and_a_disputed_hour_is_taken_back(station: Any):
    station.set("changning")
    station.set(coins_in_all=3)
    told = {"title": "陪伴老人", "category": "elderly"}
    person = station.person("张建国", birth_date="1960-01-01", sex="male")
    who = station.volunteer("张建国", person=person)
    one = station.lock(station.serve(who, **told))
    two = station.lock(station.serve(who, start=lf.now() + dt.timedelta(days=2), **told))
    assert coins.balance(who, station.boss).available == 3
    lf.act(dispute.dispute, one, station.worker, reason="有误")
    lf.act(dispute.propose, one, station.auditor, minutes=0, decision="有误")
    lf.act(dispute.void, one, station.second)
    assert coins.balance(who, station.boss).available == 1
    assert station.now(two).state == "locked"


def test_nothing_here_has_a_price_a_fee_or_a_rank():
    words = ("price", "money", "fee", "cash", "yuan", "rank", "score", "deduct")
    names = [
        name
        for resource in plugin.resources
        for name in (*(spec.name for spec in resource.fields), *resource.actions)
    ]
    assert not [name for name in names if any(word in name.split("_") for word in words)]
    assert not [spec for one in plugin.resources for spec in one.fields if spec.kind == "money"]
