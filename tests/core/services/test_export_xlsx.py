"""An export for spreadsheets has the columns of the CSV, keeps text as text, and stays small."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.organization import Organization
from lifang.entities.person import Affiliation, Person
from lifang.kit.errors import Forbidden
from lifang.services.exchange import export
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from tests.bench.world import settle

MEBIBYTE = 1024 * 1024


def table(raw: bytes) -> list[list[Any]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


def test_it_says_what_the_csv_says(instance: Instance, boss: Caller) -> None:
    world.person(instance, "阿依古丽·买买提", phone="13800005678", citizen_id="11010519491231002X")
    world.person(instance, "𠮷", at=world.FOREIGN)
    for name in ("=1+1", "+86", "-x", "@x", "＝1", "'=x", "里" * 40, "<r>x</r>"):
        world.organization(instance, name)
    for model in (Person, Organization):
        resource = instance.registry.of(model)
        raw = b"".join(export(boss, resource, Query(), form="xlsx"))
        text = b"".join(export(boss, resource, Query(), form="csv")).decode("utf-8-sig")
        assert table(raw) == list(csv.reader(io.StringIO(text, newline="")))
        sheet = zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet and b"<v>" not in sheet
        if model is Person:
            assert "138****5678" in table(raw)[1] and "110105***********X" in table(raw)[1]


def test_yes_and_no_are_what_spreadsheets_call_so(instance: Instance, boss: Caller) -> None:
    world.person(instance, "张近")
    head, row = table(
        b"".join(export(boss, instance.registry.of(Affiliation), Query(), form="xlsx"))
    )
    told = dict(zip(head, row, strict=True))
    assert (told["id"], told["person"], told["primary"]) == ("1", "1", True)


def test_it_is_audited_and_needs_its_right(
    instance: Instance, caller: Callable[..., Caller]
) -> None:
    world.person(instance, "张近")
    world.person(instance, "金丝雀", at=world.FOREIGN)
    people = instance.registry.of(Person)
    with pytest.raises(Forbidden):
        export(caller("grid_worker", at=world.HOME), people, Query(), form="xlsx")
    worker = caller("community_worker", at=world.CHENGGUAN)
    rows = table(b"".join(export(worker, people, Query(), form="xlsx")))
    assert [row[1] for row in rows] == ["name", "张近"]
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    told = AuditChange.select().where(AuditChange.entry == entry).order_by(AuditChange.id)
    assert [(one.field, one.after) for one in told] == [("rows", "1"), ("format", "xlsx")]


@pytest.mark.once
def test_twenty_thousand_rows_take_no_more_memory_than_two_thousand(
    instance: Instance, boss: Caller
) -> None:
    people = instance.registry.of(Person)

    def peak() -> int:
        tracemalloc.start()
        try:
            size = sum(map(len, export(boss, people, Query(), form="xlsx")))
            assert size > 10_000
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    settle(instance, 2_000)
    peak()  # what is imported and prepared once
    few = peak()
    settle(instance, 18_000)
    many = peak()
    assert many < few + MEBIBYTE
    assert many < 16 * MEBIBYTE
