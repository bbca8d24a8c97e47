"""A report moves to another community: proposed, asked for, released, accepted there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.services.gateway import preview
from lifang.services.holidays import import_days
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.events.moving import suggest_transfer
from lifang_dual_reporting.models import Report, ServiceEntry
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import accept, end
from lifang_dual_reporting.services.transfer import ask_transfer, release, withdraw_transfer
from plugins.dual_reporting.tests.office import Office, at


def place(code: str) -> lf.Community:
    return lf.Community.get(lf.Community.code == code)


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))  # a Friday
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_a_transfer_is_asked_for_released_and_accepted_and_the_hours_stay(
    office: Office, api: Any
) -> None:
    bureau = office.unit()
    told = {"organization": bureau.id, "skills": "水电维修", "slip_no": "1"}
    old = office.active(**told, household_address="丁香家园 3号楼", political_status="01")
    entry = ServiceEntry.create(
        person=old.person, community=old.community, start=lf.now(), end=lf.now(), minutes=60,
        content="x", nature="duty",
    )  # fmt: skip
    mine = api("resident", person=old.person)
    path = f"/api/v1/dual-reporting/reports/{old.id}/actions"
    asked = mine.post(f"{path}/ask-transfer", json={"community": {"code": world.NEIGHBOUR}})
    assert (asked.status_code, asked.json["transfer_due"]) == (200, "2026-05-22"), asked.json
    assert asked.json["transfer_to"]["name"] == "张家园社区", "named though they do not live there"
    again = mine.post(f"{path}/ask-transfer", json={"community": {"code": world.NEIGHBOUR}})
    assert again.json["detail"] == "已申请转移，最迟 2026-05-22 放行"
    assert mine.post(f"{path}/release").status_code == 403
    assert lf.act(release, old, office.worker).state == "transferred"
    office.events.deliver()
    new = Report.get(Report.previous == old.id)
    assert (new.state, new.community.code, new.organization_id) == (
        "submitted", world.NEIGHBOUR, bureau.id,
    )  # fmt: skip
    assert (new.skills, new.household_address, new.political_status) == ("水电维修", None, None)
    assert lf.act(accept, new, office.neighbour).receipt_no == "SBD-620102001002-2026-0001"
    assert office.now(entry).community_id == old.community_id
    [event] = office.told("transferred")
    assert (event["old"], event["new"]) == (old.community_id, new.community_id)
    office.events.again(office.events.published("dual_reporting.report.transferred")[0])
    office.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    office.events.deliver()
    assert Report.select().count() == 2


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-05-15", "2026-05-22"),  # a week from a Friday
        ("2026-09-29", "2026-10-12"),  # 国庆 is free for a week, a Saturday is worked
        ("2026-02-12", "2026-02-26"),  # 春节, and a Saturday that is worked before it
        ("2025-12-30", "2026-01-07"),  # over the year's end, 元旦 and a Sunday that is worked
    ],
)
def test_what_is_not_released_within_five_working_days_is_released_by_itself(
    office: Office, clock: Clock, asked: str, due: str
) -> None:
    clock.move_to(at(asked))
    office.look()
    report = office.active()
    made = lf.act(ask_transfer, report, office.me(report), community=place(world.NEIGHBOUR))
    assert str(made.transfer_due) == due
    clock.move_to(at(due, 23.9))
    office.events.deliver()
    assert office.now(report).state == "active"
    clock.later(minutes=10)
    office.events.deliver()
    assert office.now(report).state == "transferred"
    assert Report.get(Report.previous == report.id).community.code == world.NEIGHBOUR


def test_when_the_calendar_changes_the_last_day_moves_and_who_stays_takes_it_back(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    report = office.active()
    lf.act(ask_transfer, report, office.me(report), community=place(world.NEIGHBOUR))
    notice = tmp_path / "2026.csv"
    notice.write_text("date,kind,name\n2026-05-20,holiday,地方假日\n", encoding="utf-8")
    import_days(office.boss, notice)
    office.events.deliver()
    assert str(office.now(report).transfer_due) == "2026-05-25"
    lf.act(withdraw_transfer, office.now(report), office.me(report))
    clock.move_to(at("2026-06-01"))
    office.events.deliver()
    one = office.now(report)
    assert (one.state, one.transfer_to_id, one.transfer_due) == ("active", None, None)
    with pytest.raises(lf.Conflict, match="请本人先申请转移"):
        lf.act(release, one, world.caller(office.instance, "community_worker", at=world.HOME))


def test_where_the_new_place_has_no_dual_reporting_nothing_breaks_and_it_is_said(
    office: Office,
) -> None:
    report, there = office.active(), place(world.FOREIGN)
    told = preview(reports, "ask_transfer", office.me(report), {"community": there}, report.id)
    assert "「下西园社区」没有开通双报到" in str(told.sections)
    with pytest.raises(lf.Invalid, match="请填写转往哪个社区"):
        lf.act(ask_transfer, report, office.me(report))
    with pytest.raises(lf.Invalid, match="已在该社区报到"):
        lf.act(ask_transfer, report, office.me(report), community=report.community)
    lf.act(ask_transfer, report, office.me(report), community=there)
    gone = lf.act(release, office.now(report), office.worker)
    office.events.deliver()
    assert "没有开通双报到，放行后请本人到当地报到" in (gone.end_reason or "")
    assert Report.select().count() == 1
    office.report(report.person)  # whoever comes back reports anew


def test_whoever_moves_house_is_asked_whether_the_report_moves_along(
    office: Office, clock: Clock
) -> None:
    serving, waiting = office.active("赵敏"), office.report(office.person("李强"))
    for report in (serving, waiting):
        world.move(office.instance, report.person, to=world.NEIGHBOUR)
    with office.events.failing(suggest_transfer, times=2):
        office.events.deliver()
        assert office.now(serving).transfer_to_id is None
        clock.later(minutes=1)
        office.events.deliver()
        clock.later(minutes=1)
        with office.events.crashing(suggest_transfer):
            office.events.deliver()
    [event] = office.told("transfer_proposed")
    new = place(world.NEIGHBOUR)
    assert (event["person"], event["community"]) == (serving.person_id, new.id)
    proposed, sent_back = office.now(serving), office.now(waiting)
    assert (proposed.state, proposed.transfer_to_id) == ("active", new.id)
    assert (proposed.transfer_asked_on, proposed.transfer_due) == (None, None)
    assert (sent_back.state, sent_back.suggested_id) == ("rejected", new.id)
    for moved in office.events.published("core.person.moved"):
        office.events.again(moved)
    office.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    office.events.deliver()
    assert len(office.told("transfer_proposed")) == len(office.told("rejected")) == 1
    asked = lf.act(ask_transfer, proposed, office.me(serving))
    assert asked.transfer_to_id == new.id, "confirmed without naming it again"


def test_who_moves_within_the_community_or_back_or_reports_at_the_unit_is_asked_nothing(
    office: Office, make_community: Any
) -> None:
    back = office.active("李强")
    for code in (world.NEIGHBOUR, world.HOME):
        world.move(office.instance, back.person, to=code)
    office.events.deliver()
    assert office.now(back).transfer_to_id is None
    grid = make_community("第一网格", under=world.HOME, kind="grid", code="620102001001001")
    inside = office.active("赵敏")
    world.move(office.instance, inside.person, to=grid.code)
    wang, bureau = office.person("王芳", at=world.NEIGHBOUR), office.unit()
    report = office.report(wang, office.boss, organization=bureau.id)
    lf.act(accept, report, office.worker)
    world.move(office.instance, wang, to=world.FOREIGN)
    assert office.told("transfer_proposed") == []
    gone = office.active("张伟")
    for code in (world.NEIGHBOUR, world.HOME):
        world.move(office.instance, gone.person, to=code)
        office.events.deliver()
    assert len(office.told("transfer_proposed")) == 1
    assert office.now(gone).transfer_to_id is None, "taken back with the move"


def test_who_has_left_the_city_or_died_reports_no_more(office: Office) -> None:
    people = office.instance.registry.of(lf.Person)
    for name, status in (("赵敏", "moved_out"), ("李强", "deceased"), ("王芳", "floating")):
        report = office.active(name)
        lf.write(people, "update", office.boss, {"status": status}, report.person_id)
    assert [one["reason"] for one in office.told("ended")] == ["已迁出本地", "已故"]
    office.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    assert len(office.told("ended")) == 2


def test_what_has_ended_is_told_nothing_more_by_time(office: Office, clock: Clock) -> None:
    report = office.active()
    lf.act(ask_transfer, report, office.me(report), community=place(world.NEIGHBOUR))
    lf.act(end, office.now(report), office.me(report), reason="退休")
    clock.move_to(at("2026-07-01"))
    office.events.deliver()
    assert office.now(report).state == "ended"
    assert Report.select().count() == 1


def test_where_a_community_is_closed_its_reports_are_placed_in_another(office: Office) -> None:
    report = office.active()
    with pytest.raises(lf.Conflict, match="不能改社区"):
        lf.write(
            reports, "update", office.boss, {"community": {"code": world.NEIGHBOUR}}, report.id
        )
    tree, told = (
        office.instance.registry.of(lf.Community),
        {"date": "2026-05-15", "basis": "兰政发"},
    )
    lf.write(tree, "close", office.boss, told, report.community_id)
    lf.write(reports, "place", office.boss, {"community": {"code": world.NEIGHBOUR}}, report.id)
    assert (office.now(report).community.code, office.now(report).state) == (
        world.NEIGHBOUR, "active",
    )  # fmt: skip
