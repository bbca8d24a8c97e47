"""A ledger reads as superiors ask for it, and shows no number it should not."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Affiliation, Person
from lifang.kit import clock
from lifang.kit.errors import Forbidden, Invalid, NotFound
from lifang.mechanisms.registers import ledger
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

PHONE, CITIZEN = "13812345678", "11010519491231002X"
HARD = ["𠮷", "阿依古丽·买买提", "一", "里" * 40, "=1+1", "+86", "-x", "@x"]


def rows_of(pieces: Iterator[bytes]) -> list[list[Any]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(pieces))).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


def part(raw: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(raw)).read(name).decode()


@pytest.fixture
def people(instance: Instance) -> Any:
    told = {"phone": PHONE, "citizen_id": CITIZEN, "birth_date": "1949-12-31"}
    world.person(instance, "张近", sex="female", **told)
    world.person(instance, "金丝雀远", at=world.FOREIGN, phone="13900009999")
    return instance.registry.of(Person)


def test_it_has_a_title_who_filled_it_in_a_header_of_labels_and_a_place_to_sign(
    people: Any, caller: Callable[..., Caller]
) -> None:
    worker = caller("community_worker", at=world.CHENGGUAN)
    rows = rows_of(ledger(worker, people, Query(within=world.HOME)))
    assert rows[0][0] == "畅家巷社区人员台账"
    assert re.split("　+", rows[1][0]) == [
        "填报单位：畅家巷社区", f"填报人：{worker.name}", f"日期：{clock.today()}",
    ]  # fmt: skip
    assert rows[2] == ["序号", "姓名", "性别", "状态", "出生日期", "公民身份号码", "手机号", "住址",
                       "居住社区"]  # fmt: skip
    assert rows[3] == [1, "张近", "女", "常住", "1949-**-**", "110105***********X", "138****5678",
                       "", "畅家巷社区"]  # fmt: skip
    assert not any(rows[4])
    assert re.split("　+", rows[5][0]) == ["填报人：", "审核人：", "日期："]
    assert len(rows) == 6


def test_it_is_set_up_for_a4_across_with_its_header_on_every_page(
    people: Any, boss: Caller
) -> None:
    raw = b"".join(ledger(boss, people, Query()))
    sheet, book = part(raw, "xl/worksheets/sheet1.xml"), part(raw, "xl/workbook.xml")
    assert re.search(r'<pageSetup paperSize="9"[^>]*orientation="landscape"', sheet)
    assert 'fitToHeight="0"' in sheet and "<f>" not in sheet
    assert "<oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter>" in sheet
    assert re.search(r"Print_Titles[^>]*>[^<]*\$3:\$3<", book)
    assert '<mergeCell ref="A1:I1"/><mergeCell ref="A2:I2"/>' in sheet


def test_without_a_place_it_is_that_of_where_the_caller_stands(
    people: Any, caller: Callable[..., Caller], boss: Caller
) -> None:
    rows = rows_of(ledger(caller("community_secretary", at=world.HOME), people, Query()))
    assert rows[0][0] == "畅家巷社区人员台账"
    assert rows_of(ledger(boss, people, Query()))[0][0] == "人员台账"


def test_hard_names_and_what_looks_like_a_formula_are_plain_text(
    instance: Instance, caller: Callable[..., Caller]
) -> None:
    for name in HARD:
        world.organization(instance, name)
    worker = caller("community_worker", at=world.HOME)
    raw = b"".join(ledger(worker, instance.registry.find("core", "organizations"), Query()))  # type: ignore[arg-type]
    assert [row[1] for row in rows_of(iter([raw]))[3 : 3 + len(HARD)]] == HARD
    assert "<f>" not in part(raw, "xl/worksheets/sheet1.xml")


def test_days_and_instants_and_references_are_told_for_people(
    instance: Instance, boss: Caller
) -> None:
    from lifang.services.gateway import write

    someone = world.person(instance, "张近")
    resource = instance.registry.of(Affiliation)
    home = {"person": int(someone.id), "community": {"code": world.NEIGHBOUR}, "kind": "works"}
    write(resource, "create", boss, {**home, "from_date": "2026-01-05"})
    row = rows_of(ledger(boss, resource, Query(within=world.NEIGHBOUR)))[3]
    assert row == [1, "张近", "", "张家园社区", "工作", "2026-01-05", "", "否"]


def test_full_numbers_need_the_right_and_a_purpose_and_are_audited_before_they_leave(
    people: Any, caller: Callable[..., Caller]
) -> None:
    near = caller("district_admin", at=world.CHENGGUAN)
    masked = rows_of(ledger(near, people, Query()))
    assert masked[3][5:7] == ["110105***********X", "138****5678"]
    pieces = ledger(near, people, Query(within=world.HOME), purpose="报送民政局")
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.verb, entry.outcome, entry.reason) == ("export_full", "done", "报送民政局")
    assert entry.community == Community.get(Community.code == world.HOME).id
    told = AuditChange.select().where(AuditChange.entry == entry).order_by(AuditChange.id)
    assert [(one.field, one.after) for one in told] == [
        ("rows", "1"), ("format", "ledger"), ("revealed:birth_date", None),
        ("revealed:citizen_id", None), ("revealed:phone", None), ("revealed:address", None),
    ]  # fmt: skip
    row = rows_of(pieces)[3]
    assert row[4:8] == ["1949-12-31", CITIZEN, PHONE, ""]


def test_a_purpose_does_not_stand_in_for_the_right(
    people: Any, caller: Callable[..., Caller]
) -> None:
    worker = caller("community_worker", at=world.HOME)
    with pytest.raises(Forbidden):
        ledger(worker, people, Query(), purpose="报送民政局")
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.verb, entry.outcome) == ("export_full", "denied")
    for blank in ("", "  "):
        with pytest.raises(Invalid):
            ledger(caller("district_admin", at=world.HOME), people, Query(), purpose=blank)


def test_rows_beyond_the_right_to_full_numbers_stay_masked(
    instance: Instance, people: Any, caller: Callable[..., Caller]
) -> None:
    from dataclasses import replace

    near = caller("district_admin", at=world.CHENGGUAN)
    far = caller("community_worker", at=world.QILIHE)
    both = replace(near, standings=(*near.standings, *far.standings))
    rows = rows_of(ledger(both, people, Query(), purpose="核对"))
    assert [(row[1], row[6]) for row in rows[3:5]] == [
        ("张近", PHONE), ("金丝雀远", "139****9999"),
    ]  # fmt: skip


def test_what_is_hidden_from_a_reader_stays_hidden_with_a_purpose(
    instance: Instance, people: Any, caller: Callable[..., Caller], boss: Caller
) -> None:
    from lifang.services.gateway import write

    known = {"person": 1, "community": {"code": world.FOREIGN}, "kind": "works"}
    write(instance.registry.of(Affiliation), "create", boss, known)
    far = caller("district_admin", at=world.QILIHE)
    for purpose in (None, "核对"):
        rows = rows_of(ledger(far, people, Query(), purpose=purpose))[3:5]
        phones = {row[1]: row[6] for row in rows}
        assert phones == {"张近": "", "金丝雀远": "13900009999" if purpose else "139****9999"}


def test_it_needs_the_right_to_export_and_shows_nothing_of_elsewhere(
    people: Any, caller: Callable[..., Caller]
) -> None:
    with pytest.raises(Forbidden):
        ledger(caller("grid_worker", at=world.HOME), people, Query())
    denied = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (denied.verb, denied.outcome) == ("export", "denied")
    with pytest.raises(NotFound):
        ledger(caller("auditor"), people, Query())
    near = caller("district_admin", at=world.CHENGGUAN)
    raw = b"".join(ledger(near, people, Query(), purpose="核对"))
    everything = "".join(part(raw, name) for name in zipfile.ZipFile(io.BytesIO(raw)).namelist())
    assert "张近" in everything
    assert "金丝雀" not in everything and "9999" not in everything and "下西园" not in everything
    with pytest.raises(Invalid):
        ledger(near, people, Query(within=world.FOREIGN))


def test_as_csv_and_json_it_says_the_same_and_runs_nothing(
    people: Any, caller: Callable[..., Caller], instance: Instance
) -> None:
    world.person(instance, "=1+1")
    worker = caller("community_worker", at=world.CHENGGUAN)
    paper = rows_of(ledger(worker, people, Query(within=world.HOME)))
    text = b"".join(ledger(worker, people, Query(within=world.HOME), form="csv"))
    lines = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert lines[:2] == [[paper[0][0]], [paper[1][0]]]
    assert lines[2] == paper[2]
    assert lines[3] == ["1", *map(str, paper[3][1:])]
    assert lines[4][1] == "'=1+1"
    told = json.loads(b"".join(ledger(worker, people, Query(within=world.HOME), form="json")))
    assert (told["title"], told["columns"]) == (paper[0][0], paper[2])
    assert told["rows"][0][1:4] == ["张近", "女", "常住"]
    assert [row[1] for row in told["rows"]] == ["张近", "=1+1"]
    assert PHONE not in json.dumps(told) and PHONE not in text.decode()
