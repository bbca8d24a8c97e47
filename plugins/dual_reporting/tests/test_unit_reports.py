"""Units report to the community where they are, and each liaison looks after their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import documents as issued
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import UnitReport
from lifang_dual_reporting.resources import reports, unit_reports
from lifang_dual_reporting.services import unit
from plugins.dual_reporting.tests.office import Office, at

PAGE = "/p/dual-reporting/unit-reports"
SAID = {"secretary": "张书记", "liaison": "王联络", "phone": "13812345678", "members_total": 60}


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-05-15"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def test_a_liaison_reports_the_unit_and_the_community_accepts_with_a_receipt_of_its_own_kind(
    office: Office, page: Any, run: Any
) -> None:
    bureau = office.unit()
    mine = page("unit_liaison", unit=bureau)
    told = {**SAID, "organization": str(bureau.id), "community": f"畅家巷社区 #{world.HOME}"}
    assert mine.post(f"{PAGE}/new", told).status_code == 303
    made = UnitReport.get()
    assert (made.state, str(made.reported_on)) == ("submitted", "2026-05-15")
    assert mine.post(f"{PAGE}/{made.id}/actions/accept").status_code == 403
    done = run("dual-reporting", "unit-reports", "accept", str(made.id), "--json")
    assert done.json["receipt_no"] == "DBD-620102001001-2026-0001", done.err
    [paper] = issued.issued_about(office.liaison(bureau), unit_reports, made.id)
    assert (paper["label"], paper["number"]) == ("单位报到回执", "DBD-620102001001-2026-0001")
    shown = mine.text(f"{PAGE}/{made.id}")
    assert "138****5678" in shown and "13812345678" not in shown
    person = office.accepted()
    assert person.receipt_no == "SBD-620102001001-2026-0001", "people are numbered by themselves"


def test_a_unit_reports_once_and_where_it_is_and_may_be_sent_back_or_end(office: Office) -> None:
    bureau = office.unit()
    liaison = office.liaison(bureau)
    told = {**SAID, "organization": bureau.id, "community": {"code": world.HOME}}

    def report(by: lf.Caller, **more: Any) -> UnitReport:
        return lf.write(unit_reports, "create", by, told | more)

    with pytest.raises(lf.Invalid, match="单位不在「张家园社区」"):
        report(office.boss, community={"code": world.NEIGHBOUR})
    with pytest.raises(lf.Invalid, match="不能小于 0"):
        report(liaison, members_total=-1)
    with pytest.raises((lf.Forbidden, lf.Invalid)):
        report(office.liaison(office.unit("示例乙")))
    one = report(liaison)
    with pytest.raises(lf.Conflict, match="单位只向一个社区报到"):
        report(office.worker)
    back = lf.act(unit.reject, one, office.worker, reason="人数不符")
    assert (back.state, back.end_reason) == ("rejected", "人数不符")
    two = lf.act(unit.accept, report(liaison, members_total=58), office.worker)
    lf.write(unit_reports, "update", liaison, {"members_total": 59}, two.id)
    with pytest.raises(lf.Conflict, match="不能改社区"):
        lf.write(
            unit_reports, "update", office.boss, {"community": {"code": world.NEIGHBOUR}}, two.id
        )
    assert lf.act(unit.end, two, liaison, reason="机构撤销").state == "ended"
    with pytest.raises(lf.Conflict):
        lf.write(unit_reports, "update", liaison, {"members_total": 1}, two.id)
    report(liaison)


def test_liaisons_of_several_employers_each_see_only_their_own_people(office: Office) -> None:
    units = [office.unit(name) for name in ("示例甲", "示例乙")]
    kept = {}
    for one, name in zip(units, ("李强", "赵敏"), strict=True):
        kept[one.id] = office.accepted(name, organization=one.id)
        told = {**SAID, "organization": one.id, "community": {"code": world.HOME}}
        lf.write(unit_reports, "create", office.worker, told)
    for one in units:
        liaison = office.liaison(one)
        assert [report.id for report in lf.each(reports, liaison)] == [kept[one.id].id]
        assert [row.organization_id for row in lf.each(unit_reports, liaison)] == [one.id]
    assert list(lf.each(unit_reports, office.neighbour)) == []
    with pytest.raises(lf.NotFound):
        list(lf.each(unit_reports, office.me(kept[units[0].id])))
