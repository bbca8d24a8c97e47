"""A sheet tells all of a place or a unit to whoever reads all of it, and nobody else anything."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

import lifang as lf
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.kit.errors import Malformed
from lifang.mechanisms import documents, filling, sheet
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.mechanisms import rollbook
from tests.core.mechanisms.rollbook import come, visits

REGISTER = "rollbook.register"
SUBDISTRICT = "620102001000"
Caller = Callable[..., lf.Caller]


@pytest.fixture
def book(instance: Instance, clock: Clock) -> Iterator[Instance]:
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    rollbook.open_rollbook(instance)
    rollbook.asked_how_often.clear()
    yield instance


def fill(caller: lf.Caller, name: str = REGISTER, purpose: str | None = None, **told: Any) -> Any:
    return filling.Filled(sheet.asked(caller, name, **told), purpose=purpose)


def table(pieces: Any) -> list[list[Any]]:
    read = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(pieces))).get_sheet_by_index(0)
    return [list(row) for row in read.to_python(skip_empty_area=False)]


@pytest.mark.once
def test_what_cannot_be_kept_of_a_declaration_is_refused_when_it_is_made():
    told: dict[str, Any] = {"of": visits, "columns": (("日期", "day"),)}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("Register", {}, "small letters"), ("rollbook.x", {"columns": ()}, "either columns"),
        ("rollbook.x", {"rows": rollbook.days}, "either columns"),
        ("rollbook.x", {"columns": (("x", "nothing.name"),)}, "has no .'nothing'"),
        ("rollbook.x", {"columns": (), "rows": rollbook.days}, "rows need headings"),
        ("rollbook.x", {"by": ("house",)}, "by is among"),
        ("rollbook.x", {"by": ()}, "by is among"),
        ("rollbook.x", {"order": "person"}, "not sorted by person"),
        ("rollbook.x", {"dated": "when"}, "has no .'when'"),
    ]  # fmt: skip
    for name, changed, sentence in wrong:
        with pytest.raises(ValueError, match=sentence):
            lf.Sheet(name, "表", **(told | changed))
    with pytest.raises(ValueError, match="sheets of its own"):
        lf.Plugin("other", "别的", sheets=[rollbook.register])


def test_rows_follow_references_and_functions_in_order_within_place_and_period(
    book: Instance, caller: Caller
):
    anyone = world.person(book, "张近", phone="13800005678")
    afar = world.person(book, "远人", at=world.FOREIGN)
    unit = world.organization(book, "示例单位")
    come(book, "2026-10-05", person=anyone, unit=unit, remark="=1+1")
    come(book, "2026-11-20", person=anyone, phone="13911112222")
    come(book, "2026-11-21", person=afar)
    come(book, "2026-09-30", person=anyone)
    come(book, "2026-11-22", person=anyone, at=world.NEIGHBOUR)
    worker = caller("community_worker", at=world.HOME)
    filled = fill(worker, period="2026-Q4")
    assert filled.title == "畅家巷社区到访登记表（2026年第4季度）" and filled.total == 3
    assert list(filled.rows()) == [
        [1, "2026-11-21", "—", "—", None, "—", None, None, 1],  # whom the worker cannot see
        [2, "2026-11-20", "张近", "138****5678", "139****2222", "畅家巷社区", None, None, 3],
        [3, "2026-10-05", "张近", "138****5678", None, "畅家巷社区", "示例单位", "=1+1", 3],
    ]  # fmt: skip
    assert rollbook.asked_how_often == [3], "many records in one go"
    rows = table(filled.file("xlsx"))
    assert rows[0][0] == filled.title and "填报单位：畅家巷社区" in rows[1][0]
    assert rows[2][:2] == ["序号", "日期"] and rows[5][7] == "=1+1"
    assert "只列已登记的到访。" in [row[0] for row in rows]
    assert "审核人" in rows[-1][0]
    told = json.loads(b"".join(filled.file("json")))
    assert told["rows"] == list(filled.rows()) and told["within"] == world.HOME
    assert [one[1] for one in fill(worker, "rollbook.locked").rows()] == []
    daily = fill(worker, "rollbook.daily", period="2026-Q4")
    assert [row[1:] for row in daily.rows()][0] == ["2026-10-05", 1, "否"]
    assert daily.note == "共 3 次"


def test_a_sheet_costs_as_many_questions_for_many_rows_as_for_few(
    book: Instance, caller: Caller, monkeypatch: pytest.MonkeyPatch
):
    worker, engine = caller("community_worker", at=world.HOME), book.database.engine
    told: list[str] = []
    ask = engine.execute_sql

    def counting(sql: str, *rest: Any, **more: Any) -> Any:
        told.append(sql)
        return ask(sql, *rest, **more)

    def questions() -> int:
        told.clear()
        filled = fill(worker, period="2026-Q4")
        monkeypatch.setattr(engine, "execute_sql", counting)
        list(filled.rows())
        monkeypatch.undo()
        return len(told)

    for number in range(2):
        come(book, "2026-11-01", person=world.person(book, f"张{number}"))
    few = questions()
    for number in range(20):
        come(book, "2026-11-02", person=world.person(book, f"李{number}"))
    assert 0 < questions() == few < 20


@pytest.fixture
def units(book: Instance) -> tuple[lf.Organization, lf.Organization]:
    """Two units whose people came, one of them to two communities."""
    unit = world.organization(book, "示例单位")
    other = world.organization(book, "另一单位", at=world.NEIGHBOUR)
    come(book, "2026-11-20", person=world.person(book, "张近"), unit=unit)
    come(book, "2026-11-21", at=world.NEIGHBOUR, unit=unit)
    come(book, "2026-11-22", unit=other)
    return unit, other


def test_only_whoever_reads_all_of_it_sees_it_and_takes_it_away_who_may_export(
    units: Any, caller: Caller
):
    resident = caller("resident", person=lf.Person.get(), at=world.HOME)
    assert sheet.sheets(resident) == []
    with pytest.raises(lf.NotFound):
        fill(resident)
    grid = caller("grid_worker", at=world.HOME)
    assert [one.name for one in sheet.sheets(grid)][0] == REGISTER
    filled = fill(grid, within=world.HOME)
    assert filled.total == 2 and not filled.may("export")
    with pytest.raises(lf.Forbidden, match="没有导出"):
        filled.leaves("xlsx")
    with pytest.raises(lf.Forbidden, match="没有导出"):
        filling.issue(grid, filled.asked)
    for told in ({"within": world.NEIGHBOUR}, {"within": SUBDISTRICT}):
        with pytest.raises(lf.Invalid):
            fill(grid, **told)
    assert fill(caller("community_worker", at=SUBDISTRICT)).total == 3


def test_a_liaison_sees_the_sheet_of_their_unit_wherever_and_of_no_other(
    book: Instance, units: Any, caller: Caller
):
    unit, other = units
    liaison, grid = caller("unit_liaison", unit=unit), caller("grid_worker", at=world.HOME)
    mine = fill(liaison)
    assert (mine.total, mine.title[:4], mine.may("export")) == (2, "示例单位", True)
    assert fill(grid, unit=int(unit.id)).total == 1, "of the unit, but in this place only"
    for told in ({"unit": int(other.id)}, {"within": world.HOME}):
        with pytest.raises((lf.NotFound, lf.Invalid)):
            fill(liaison, **told)
    standings = (*liaison.standings, *caller("unit_liaison", unit=other).standings)
    both = lf.Caller(book, liaison.snapshot, "both", "api", standings=standings)
    with pytest.raises(Malformed, match="请指明 unit"):
        fill(both)
    assert fill(both, unit=int(other.id)).total == 1
    for name, asked, sentence in (
        ("rollbook.locked", {"unit": int(unit.id)}, "不分单位"),
        ("rollbook.locked", {"period": "2026"}, "不分统计期"),
        (REGISTER, {"period": "2027"}, "还没有开始"),
    ):
        with pytest.raises(Malformed, match=sentence):
            fill(grid, name, **asked)


def test_a_part_of_a_place_is_no_sheet_of_it(book: Instance, caller: Caller):
    come(book, "2026-11-20")
    part = caller("grid_worker", at=world.HOME)
    whole = caller("platform_administrator", at=world.CITY)
    standings = (*part.standings, *whole.standings)
    both = lf.Caller(book, part.snapshot, "both", "api", standings=standings)
    with pytest.raises(lf.Forbidden, match="只能看到「兰州市」的一部分"):
        fill(both, within=world.CITY)
    assert fill(both, within=world.HOME).total == 1


def test_full_numbers_are_for_a_stated_purpose_of_whoever_may_and_audited(
    book: Instance, caller: Caller
):
    anyone = world.person(book, "张近", phone="13800005678")
    come(book, "2026-11-20", person=anyone, phone="13911112222")
    worker = caller("community_worker", at=world.HOME)
    with pytest.raises(lf.Forbidden, match="完整信息"):
        fill(worker, purpose="核对")
    assert AuditEntry.select().where(AuditEntry.outcome == "denied").count() == 1
    admin = caller("district_admin", at=world.CHENGGUAN)
    with pytest.raises(lf.Invalid, match="用途"):
        fill(admin, within=world.HOME, purpose=" ")
    filled = fill(admin, within=world.HOME, purpose="报送民政局")
    assert "13800005678" not in str(list(filled.rows())), "nothing before it was audited"
    filled.leaves("xlsx")
    assert {"13800005678", "13911112222"} <= set(table(filled.file("xlsx"))[3])
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert (entry.verb, entry.reason, entry.noun) == ("export_full", "报送民政局", "visits")
    told = {one.field: one.after for one in AuditChange.select().where(AuditChange.entry == entry)}
    assert told["sheet"] == REGISTER and told["rows"] == "1" and "revealed:phone" in told


def test_an_issued_sheet_is_verified_by_anybody_without_a_word_about_people(
    book: Instance, caller: Caller
):
    anyone, unit = world.person(book, "张近", phone="13800005678"), world.organization(book, "单位")
    come(book, "2026-11-20", person=anyone, unit=unit)
    worker = caller("community_worker", at=world.HOME)
    asked = sheet.asked(worker, REGISTER, within=world.HOME)
    made = filling.issue(worker, asked)
    assert made.number == f"TZ-{world.HOME}-2026-0001" and filling.issued(asked) == [made]
    told = documents.verify(book, made.code)
    assert (told["state"], told["label"], told["issuer"]) == ("valid", "到访登记表", "畅家巷社区")
    assert told["extent"] == "2026年第4季度，共 1 行"
    assert "张" not in str(told) and "138" not in str(told)
    come(book, "2026-11-21")
    whole = documents.shown(worker, made.id)
    assert [row[2] for row in whole["sections"][0]["rows"]] == ["张近"], "as it was issued"
    assert table(filling.paper(worker, made.id))[3][:3] == [1.0, "2026-11-20", "张近"]
    for stranger in (
        caller("community_worker", at=world.NEIGHBOUR), caller("unit_liaison", unit=unit),
        caller("resident", person=anyone, at=world.HOME),
    ):  # fmt: skip
        assert documents.listed(stranger, 10) == []
        for refused in (documents.shown, filling.paper, documents.sheet_of):
            with pytest.raises(lf.NotFound):
                refused(stranger, made.id)
    with pytest.raises(lf.Forbidden):
        filling.revoke(caller("grid_worker", at=world.HOME), made.id, reason="有误")
    with pytest.raises(lf.Invalid, match="撤销的原因"):
        filling.revoke(worker, made.id, reason="")
    filling.revoke(worker, made.id, reason="有误")
    with pytest.raises(lf.Conflict, match="已经撤销"):
        filling.revoke(worker, made.id, reason="有误")
    assert documents.verify(book, made.code)["state"] == "revoked"
    liaison = caller("unit_liaison", unit=unit)
    own = filling.issue(liaison, sheet.asked(liaison, REGISTER))
    assert own.number == f"TZ-D{unit.id}-2026-0001" and own.issuer == "单位"
    assert [one["id"] for one in documents.listed(liaison, 10)] == [own.id]
    assert [one["id"] for one in documents.listed(worker, 10)] == [made.id]


def test_what_is_too_long_for_paper_says_so(
    book: Instance, caller: Caller, monkeypatch: pytest.MonkeyPatch
):
    worker = caller("community_worker", at=world.HOME)
    for _number in range(3):
        come(book, "2026-11-20")
    monkeypatch.setattr(filling, "PRINTED", 2)
    with pytest.raises(lf.Invalid, match="有 3 行，最多打印或开具 2 行"):
        filling.issue(worker, sheet.asked(worker, REGISTER))
    assert len(list(fill(worker).rows(2))) == 2
    monkeypatch.setattr(filling, "MOST", 2)
    with pytest.raises(lf.Invalid, match="超过 2 行"):
        list(fill(worker).rows())


def test_an_issued_sheet_of_a_plugin_that_is_gone_is_verified_and_read_by_nobody(
    book: Instance, caller: Caller
):
    worker = caller("community_worker", at=world.HOME)
    made = filling.issue(worker, sheet.asked(worker, REGISTER))
    book.plugins.drop("rollbook")
    assert documents.verify(book, made.code)["state"] == "valid"
    boss = world.boss(book)
    assert documents.listed(boss, 10) == []
    with pytest.raises(lf.NotFound):
        documents.shown(boss, made.id)
