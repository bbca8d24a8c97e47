"""What is told twice or from the start changes nothing; services given elsewhere count once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle.switching import switch
from lifang.mechanisms.figures import Scope, table
from lifang.mechanisms.ledger import discrepancies
from lifang.mechanisms.period import Period
from lifang.services.erasing import erase
from lifang.testing import world
from lifang_dual_reporting.resources import reports, service_entries
from lifang_dual_reporting.services.entry import confirm, void
from lifang_dual_reporting.services.report import accept
from lifang_volunteer_points.events import take_over
from lifang_volunteer_points.indicators import indicators
from lifang_volunteer_points.models import ServiceRecord
from lifang_volunteer_points.plugin import plugin
from lifang_volunteer_points.purposes import from_dual_reporting
from lifang_volunteer_points.resources import (
    items,
    redemptions,
    service_records,
    volunteers,
)
from lifang_volunteer_points.services import dispute, record, shop
from lifang_volunteer_points.services.points import points


@pytest.fixture
def reporting(station: Any) -> Any:
    """李强 reports where he lives, and is a volunteer there."""
    world.enable(station.instance, "dual_reporting", at=world.CHENGGUAN)
    station.look()
    station.liqiang = station.volunteer("李强")
    told = {"person": station.liqiang.person_id, "community": {"code": world.HOME}}
    lf.act(accept, lf.write(reports, "create", station.worker, told), station.worker)
    station.clock.move_to(station.at(20))
    return station


def serve(station: Any, hour: float = 9, nature: str = "voluntary") -> Any:
    told = {
        "person": station.liqiang.person_id,
        "community": {"code": world.HOME},
        "start": station.at(hour).isoformat(),
        "end": station.at(hour + 2).isoformat(),
        "content": "修水管",
        "nature": nature,
    }
    return lf.act(
        confirm, lf.write(service_entries, "create", station.worker, told), station.worker
    )


def records(station: Any) -> list[Any]:
    return list(lf.each(service_records, station.worker, person=station.liqiang.person_id))


def test_voluntary_service_of_dual_reporting_becomes_a_record_once_and_only_with_consent(
    reporting: Any,
):
    serve(reporting)
    reporting.events.deliver()
    assert records(reporting) == []
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    serve(reporting, 11, "duty")
    entry = serve(reporting, 13)
    reporting.events.deliver()
    (one,) = records(reporting)
    assert (one.content, one.minutes, one.state) == ("修水管", 120, "pending")
    assert one.source == f"dual_reporting.service_entry/{entry.id}"
    (told,) = [
        event
        for event in reporting.events.published("dual_reporting.service_entry.confirmed")
        if event.subject == entry.id
    ]
    reporting.events.again(told, take_over)
    reporting.events.tell_past("volunteer_points", at=world.CHENGGUAN)
    reporting.events.deliver()
    assert len([one for one in records(reporting) if one.source.endswith(f"/{entry.id}")]) == 1
    assert reporting.events.letters() == []


def test_time_that_is_recorded_already_is_not_taken_over(reporting: Any):
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    reporting.entered(reporting.liqiang, 3, reporting.at(8))
    serve(reporting)
    reporting.events.deliver()
    assert len(records(reporting)) == 1


def test_what_is_voided_there_is_disputed_here_and_its_points_are_frozen(reporting: Any):
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    entry = serve(reporting)
    reporting.events.deliver()
    (one,) = records(reporting)
    assert reporting.lock(one).points == 2
    lf.act(void, entry, reporting.worker, reason="登记错误")
    reporting.events.deliver()
    assert reporting.now(one).state == "disputed"
    assert points.balance(reporting.liqiang, reporting.boss).available == 0
    reporting.events.tell_past("volunteer_points", at=world.CHENGGUAN)
    reporting.events.deliver()
    assert reporting.now(one).state == "disputed"


def entries(station: Any) -> list[tuple[Any, ...]]:
    told = lf.each(service_entries, station.worker, person=station.liqiang.person_id)
    return [(one.source, one.minutes, one.state) for one in told]


def tell_again(station: Any) -> None:
    """Both plugins are told everything of service once more, and then from the start."""
    for event in station.events.published():
        if event.type.rpartition(".")[0].endswith(("service_record", "service_entry")):
            station.events.again(event)
    for name in ("volunteer_points", "dual_reporting"):
        station.events.tell_past(name, at=world.CHENGGUAN)
    station.events.deliver()
    assert station.events.letters() == []


def test_a_volunteers_hours_count_in_dual_reporting_once_and_never_come_back(reporting: Any):
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    one = reporting.lock(reporting.entered(reporting.liqiang, 1.5))
    once = [(f"volunteer_points.service_record/{one.id}", 90, "confirmed")]
    assert entries(reporting) == once
    tell_again(reporting)
    assert entries(reporting) == once
    assert [record.id for record in records(reporting)] == [one.id]


def test_hours_that_came_from_dual_reporting_do_not_come_back_there(reporting: Any):
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    serve(reporting)
    reporting.events.deliver()
    (one,) = records(reporting)
    assert reporting.lock(one).state == "locked"
    tell_again(reporting)
    assert entries(reporting) == [(None, 120, "confirmed")]
    assert len(records(reporting)) == 1


def test_a_record_that_is_void_is_void_in_dual_reporting_and_that_leads_to_nothing_more(
    reporting: Any,
):
    one = reporting.lock(reporting.entered(reporting.liqiang, 1.5))
    lf.act(dispute.dispute, one, reporting.worker, reason="没有参加")
    lf.act(dispute.propose, one, reporting.auditor, minutes=0, decision="没有参加")
    lf.act(dispute.void, one, reporting.second)
    reporting.events.deliver()
    void_there = [(f"volunteer_points.service_record/{one.id}", 90, "voided")]
    assert entries(reporting) == void_there
    tell_again(reporting)
    assert entries(reporting) == void_there
    assert reporting.now(one).state == "voided"
    assert len(reporting.events.published("dual_reporting.service_entry.voided")) == 1
    assert len(reporting.events.published("volunteer_points.service_record.voided")) == 1


@pytest.mark.parametrize("off", ["dual_reporting", "volunteer_points"])
def test_either_plugin_does_without_the_other_and_catches_up(reporting: Any, off: str):
    reporting.consent(reporting.liqiang.person, from_dual_reporting)
    switch(reporting.boss, off, at=world.CHENGGUAN, on=False)
    reporting.look()
    if off == "dual_reporting":
        reporting.lock(reporting.entered(reporting.liqiang, 1.5))
    else:
        serve(reporting)
    reporting.events.deliver()
    assert reporting.events.letters() == []
    switch(reporting.boss, off, at=world.CHENGGUAN, on=True, history="resume")
    reporting.events.deliver()
    reporting.look()
    assert len(entries(reporting)) == len(records(reporting)) == 1


def test_a_year_told_twice_and_from_the_start_leaves_hours_and_points_unchanged(station: Any):
    people = [station.volunteer(name) for name in ("李强", "王秀兰", "张晓燕")]
    start = station.at(9)
    for number in range(4):
        station.lock(station.serve(people[number % 3], start=start, title=f"清洁 {number}"))
        start = lf.now() + dt.timedelta(days=30)
    soap = lf.write(
        items, "create", station.worker,
        {"name": "肥皂", "community": {"code": world.HOME}, "points": 2},
    )  # fmt: skip
    lf.act(shop.restock, soap, station.worker, quantity=3)
    told = {"item": soap.id, "volunteer": people[0].id}
    one = lf.write(redemptions, "create", station.self_of(people[0]), told)
    code = one.shown_once["code"]
    lf.act(shop.pick_up, one, station.worker, code=code)
    station.events.deliver()

    boss, asked = station.boss, Scope(within=world.HOME, period=Period.read("2026"))

    def picture() -> Any:
        return (
            [(v.minutes, v.points, v.reached) for v in lf.each(volunteers, station.worker)],
            [(r.minutes, r.points, r.state) for r in ServiceRecord.select()],
            [points.balance(who, station.boss) for who in people],
            station.now(soap).stock,
            [str(table(boss, one, asked).total) for one in indicators],
        )

    before = picture()
    assert before[0] == [(420, 4, 0), (210, 3, 0), (210, 3, 0)]
    heard = {type for one in plugin.handlers for type in one.types}
    for event in station.events.published():
        if event.type in heard and event.type != "core.clock.day":
            station.events.again(event)
    assert picture() == before
    station.events.tell_past("volunteer_points", at=world.CHENGGUAN)
    station.events.deliver()
    assert picture() == before
    assert station.events.letters() == []
    assert discrepancies() == []


def test_who_is_erased_leaves_hours_and_nothing_of_what_was_said_of_them(station: Any):
    liqiang, wang = station.volunteer("李强"), station.volunteer("王秀兰")
    mine, hers = station.lock(station.serve(liqiang)), station.lock(station.serve(wang))
    lf.act(record.evaluate, mine, station.worker, rating=5, evaluation="耐心细致")
    erase(station.boss, f"core.person/{liqiang.person_id}")
    left, other = station.now(mine), station.now(hers)
    assert (left.content, left.evaluation, left.minutes, left.state) == ("", None, 210, "locked")
    assert other.content == "清理楼道杂物"
    erase(station.boss, f"core.person/{liqiang.person_id}")
    assert station.now(mine).version == left.version
