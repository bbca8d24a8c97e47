"""Political status and home are nobody's business but the community's, and files keep them so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.events.tables import EventRow
from lifang.mechanisms.consents import Consent, withdraw
from lifang.services import reading
from lifang.services.erasing import erase
from lifang.services.importing import import_table
from lifang.services.query import Query
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.purposes import sensitive
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import accept, end
from plugins.dual_reporting.tests.office import Office, at

ADDRESS, SHOWN = "丁香家园3号楼2单元501", "丁香家园3号楼***"
API = "/api/v1/dual-reporting/reports"
SAID = {"political_status": "中共党员", "household_address": ADDRESS, "slip_no": "甲-1"}


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_the_employer_sees_that_somebody_reports_and_nothing_of_home_or_party(
    office: Office, api: Any, page: Any, make_community: Any
) -> None:
    grid = make_community("第一网格", under=world.HOME, kind="grid", code="620102001001001")
    bureau = office.unit()
    report = office.report(office.person("李强"), organization=bureau.id, **SAID)
    lf.act(accept, report, office.worker, grid=grid)
    worker, liaison = api("community_worker", at=world.HOME), api("unit_liaison", unit=bureau)
    seen, veiled = (one.get(f"{API}/{report.id}").json for one in (worker, liaison))
    assert (seen["household_address"], seen["political_status"]) == (SHOWN, "***")
    assert seen["grid"]["name"] == "第一网格"
    for name in ("household_address", "political_status", "agreed", "grid"):
        assert veiled[name] is None, name
    assert (veiled["state"], veiled["receipt_no"]) == ("accepted", seen["receipt_no"])
    past = str(liaison.get(f"{API}/{report.id}/history").json)
    assert "household_address" not in past and "grid" not in past, past
    assert "receipt_no" in past
    assert liaison.get(f"{API}?grid={grid.code}").json["items"] == [], "not by asking either"
    assert len(worker.get(f"{API}?grid={grid.code}").json["items"]) == 1
    told = {"fields": ["household_address"], "reason": "核对"}
    assert liaison.post(f"{API}/{report.id}/reveal", json=told).status_code == 403
    assert worker.post(f"{API}/{report.id}/reveal", json=told).status_code == 403
    mine = api("resident", person=report.person)
    assert ADDRESS in mine.post(f"{API}/{report.id}/reveal", json=told).text, "their own"
    text = page("unit_liaison", unit=bureau).text(f"/p/dual-reporting/reports/{report.id}")
    assert "丁香" not in text and "第一网格" not in text and "畅家巷" in text


def test_neither_lists_nor_neighbours_nor_events_tell_of_it(office: Office, api: Any) -> None:
    report = office.report(office.person("李强"), **SAID)
    lf.act(end, lf.act(accept, report, office.worker), office.me(report), reason="退休回乡")
    columns = {spec.name for spec in reports.columns}
    assert not columns & {"political_status", "household_address", "phone"}
    wang = api("resident", person=office.person("王芳"))
    assert wang.get(API).json["items"] == []
    assert wang.get(f"{API}/{report.id}").status_code == 404
    with pytest.raises(lf.NotFound):
        lf.get(reports, office.neighbour, report.id)
    office.events.deliver()
    kept = str([str(row.data) for row in EventRow.select()])
    for secret in ("丁香", "中共党员", "退休回乡", "甲-1"):
        assert secret not in kept, secret


def test_what_is_sensitive_needs_its_own_consent_and_goes_when_that_is_taken_back(
    office: Office,
) -> None:
    liqiang, zhaomin = office.person("李强"), office.person("赵敏")
    with pytest.raises(lf.Invalid, match="请勾选「单独同意」"):
        office.report(liqiang, office.me(liqiang), political_status="13")
    with pytest.raises(lf.Conflict, match="还没有「双报到登记政治面貌和住址」的同意"):
        office.report(zhaomin, household_address=ADDRESS)
    told = {"political_status": "13", "household_address": ADDRESS}
    mine = office.report(liqiang, office.me(liqiang), agreed=True, **told)
    theirs = office.report(zhaomin, slip_no="甲-2", **told)
    basis = Consent.get(Consent.person == zhaomin.id)
    assert (basis.how, basis.basis) == ("paper", "报到单 甲-2")
    office.report(office.person("王芳"), office.worker)  # nothing sensitive: nothing to agree to
    lf.act(withdraw, Consent.get(Consent.person == liqiang.id), office.me(liqiang))
    office.events.deliver()
    cleared, kept = office.now(mine), office.now(theirs)
    assert (cleared.political_status, cleared.household_address_mask) == (None, None)
    assert (cleared.agreed, cleared.state) == (False, "submitted"), "the report goes on"
    assert kept.household_address_mask == SHOWN
    with pytest.raises(lf.Conflict, match="还没有"):
        lf.write(reports, "update", office.worker, {"household_address": ADDRESS}, mine.id)
    assert not sensitive.given(liqiang, office.boss)


def test_an_accepted_report_is_changed_by_its_person_only_in_what_is_theirs(office: Office) -> None:
    report = office.accepted("李强", **SAID)
    me = office.me(report)
    lf.write(reports, "update", me, {"skills": "书法", "available_time": "周末"}, report.id)
    with pytest.raises(lf.Conflict, match="请由社区修改"):
        lf.write(reports, "update", me, {"post_title": "局长"}, report.id)
    with pytest.raises(lf.Conflict, match="不能改社区；请办理转移"):
        lf.write(
            reports, "update", office.boss, {"community": {"code": world.NEIGHBOUR}}, report.id
        )
    lf.write(reports, "update", office.worker, {"post_title": "科长"}, report.id)
    with pytest.raises(lf.Invalid, match="不能直接填写|请用操作"):
        lf.write(reports, "update", office.worker, {"receipt_no": "1"}, report.id)


def test_a_file_of_slips_is_judged_like_people_and_what_was_exported_changes_nothing(
    office: Office, tmp_path: Path, run: Any
) -> None:
    people = [office.person(name) for name in ("李强", "赵敏", "王芳", "张伟")]
    head = "人员,居住社区,报到单编号,政治面貌,居住小区楼号,列入应报到名单\n"
    lines = [
        f"{people[0].id},{world.HOME},1,中共党员,{ADDRESS},否",
        f"{people[1].id},畅家巷社区,2,13,,",
        f"{people[2].id},{world.HOME},,,,是",
        f"{people[3].id},{world.HOME},,群众,,",  # no slip, so no consent
    ]
    bad = tmp_path / "slips.csv"
    bad.write_text(head + "\n".join(lines) + "\n", "utf-8")
    told = import_table(office.worker, reports, bad, skip_invalid=True)
    assert (told["created"], told["failed"]) == (3, 1), told
    assert "同意" in told["errors"][0]["message"]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(head + f"{people[3].id},{world.HOME},9,不详,,\n", "utf-8")
    told = import_table(office.worker, reports, wrong, dry_run=True)
    assert "须为其中之一" in told["errors"][0]["message"]
    states = {one.person.name: (one.state, one.channel) for one in Report.select()}
    assert states == {
        "李强": ("submitted", "paper"), "赵敏": ("submitted", "paper"), "王芳": ("pending", None),
    }  # fmt: skip
    done = Report.get(Report.person == people[1].id)
    kept = reading.reveal(
        office.secretary, reports, done.id, fields=["political_status"], reason="核对"
    )
    assert kept == {"political_status": "群众"}
    for kind in ("csv", "xlsx"):
        file = tmp_path / f"out.{kind}"
        run("dual-reporting", "reports", "export", "--output", str(file))
        again = import_table(office.worker, reports, file)
        assert (again["unchanged"], again["failed"]) == (3, 0), again
    assert len(reading.find(office.worker, reports, Query()).items) == 3


def test_who_is_erased_leaves_a_report_without_what_was_said_of_them(office: Office) -> None:
    report = office.accepted("李强", skills="水电维修", **SAID)
    lf.act(end, report, office.worker, reason="退休回乡")
    erase(office.boss, f"core.person/{report.person_id}")
    one = office.now(report)
    assert (one.political_status, one.household_address, one.skills) == (None, None, None)
    assert (one.end_reason, one.slip_no, one.state) == (None, None, "ended")
    [ended] = office.told("ended")
    assert ended["reason"] == lf.ERASED
