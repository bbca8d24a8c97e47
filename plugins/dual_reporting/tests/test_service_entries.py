"""Service entries as residents, workers and liaisons meet them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Events
from lifang_dual_reporting.models import Report, ServiceEntry
from lifang_dual_reporting.resources import reports, service_entries
from lifang_dual_reporting.services.entry import confirm, void
from lifang_dual_reporting.services.report import accept, end

Make = Callable[..., lf.Caller]
ZONE = dt.timezone(dt.timedelta(hours=8))
MORNING = dt.datetime(2026, 5, 16, 9, tzinfo=ZONE)


@pytest.fixture
def report(instance: Any, caller: Make, enable: Callable[..., None]) -> Report:
    """李强 of 示例甲 reports to the community where he lives; it has accepted."""
    enable("dual_reporting", at=world.CHENGGUAN)
    ours, liqiang = world.organization(instance, "示例甲"), world.person(instance, "李强")
    told = {
        "person": liqiang.id,
        "organization": ours.id,
        "community": {"code": world.HOME},
    }
    worker = caller("community_worker", at=world.HOME)
    return lf.act(accept, lf.write(reports, "create", worker, told), worker)


def served(caller: lf.Caller, report: Report, *, hours: float = 3.5, **told: Any) -> ServiceEntry:
    start = told.pop("start", MORNING)
    data = {
        "person": report.person_id,
        "community": report.community_id,
        "start": start.isoformat(),
        "end": (start + dt.timedelta(hours=hours)).isoformat(),
        "content": "楼道清洁",
        "nature": "voluntary",
    }
    return lf.write(service_entries, "create", caller, data | told)


def test_the_community_confirms_what_a_person_entered_and_says_so_once(
    report: Report, caller: Make, events: Events
) -> None:
    entry = served(caller("resident", person=report.person), report)
    assert (entry.minutes, entry.state, entry.organization_id) == (
        210, "submitted", report.organization_id,
    )  # fmt: skip
    with pytest.raises(lf.Forbidden):
        lf.act(confirm, entry, caller("resident", person=report.person))
    worker = caller("community_worker", at=world.HOME)
    lf.act(confirm, entry, worker)
    with pytest.raises(lf.Conflict, match="只有「待社区确认」的记录可以确认"):
        lf.act(confirm, entry, worker)
    [event] = events.published("dual_reporting.service_entry.confirmed")
    assert event.subject == entry.id
    assert dict(event.data) == {
        "person": report.person_id,
        "community": report.community_id,
        "organization": report.organization_id,
        "nature": "voluntary",
        "start": "2026-05-16T01:00:00+00:00",
        "end": "2026-05-16T04:30:00+00:00",
        "minutes": 210,
        "content": "楼道清洁",
    }


def test_what_was_confirmed_is_voided_with_a_reason_and_never_rewritten(
    report: Report, caller: Make, events: Events
) -> None:
    worker, secretary = (
        caller(f"community_{who}", at=world.HOME) for who in ("worker", "secretary")
    )
    entry = served(worker, report)
    lf.write(service_entries, "update", worker, {"content": "楼道清洁和消杀"}, entry.id)
    lf.act(confirm, entry, worker)
    with pytest.raises(lf.Conflict, match="只有「待社区确认」的记录可以修改；这条记录是「已确认」"):
        lf.write(service_entries, "update", worker, {"content": "别的"}, entry.id)
    with pytest.raises(lf.Conflict, match="只有「待社区确认」的记录可以移除"):
        lf.write(service_entries, "remove", secretary, {}, entry.id)
    lf.act(void, entry, worker, reason="重复登记")
    [event] = events.published("dual_reporting.service_entry.voided")
    assert (event.data["reason"], event.data["minutes"]) == ("重复登记", 210)
    served(worker, report)  # the hours are free again


def test_no_hour_of_a_person_counts_twice_and_none_lies_ahead(report: Report, caller: Make) -> None:
    worker = caller("community_worker", at=world.HOME)
    served(worker, report)
    served(worker, report, start=MORNING + dt.timedelta(hours=3.5))  # one may follow the other
    for told, field in (
        ({"start": MORNING + dt.timedelta(hours=1)}, "start"),
        ({"start": MORNING - dt.timedelta(hours=1)}, "start"),
        ({"hours": 0}, "end"),
        ({"hours": 25}, "end"),
        ({"start": lf.now()}, "end"),
    ):
        with pytest.raises(lf.Invalid) as refused:
            served(worker, report, **told)
        assert [error.field for error in refused.value.errors] == [field]


def test_only_who_reports_there_serves_there_and_what_was_entered_outlives_the_report(
    instance: Any, report: Report, caller: Make
) -> None:
    district = caller("community_worker", at=world.CHENGGUAN)
    entry = served(district, report)
    with pytest.raises(lf.Invalid, match="没有已接收的报到"):
        served(district, report, person=world.person(instance, "赵敏").id)
    with pytest.raises(lf.Invalid, match="没有已接收的报到"):
        served(district, report, community={"code": world.NEIGHBOUR})
    lf.act(end, report, district, reason="退休")
    assert lf.act(confirm, entry, district).state == "confirmed"


def test_a_liaison_and_a_neighbour_see_no_more_than_theirs(
    instance: Any, report: Report, caller: Make
) -> None:
    entry = served(caller("community_worker", at=world.HOME), report)
    liaison = caller("unit_liaison", unit=report.organization)
    others = caller("unit_liaison", unit=world.organization(instance, "示例乙"))
    assert [one.id for one in lf.each(service_entries, liaison)] == [entry.id]
    assert list(lf.each(service_entries, others)) == []
    assert list(lf.each(service_entries, caller("community_worker", at=world.NEIGHBOUR))) == []
    with pytest.raises(lf.Forbidden):
        lf.act(confirm, entry, liaison)
