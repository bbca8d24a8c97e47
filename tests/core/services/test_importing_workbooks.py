"""Workbooks as offices make them: text stays text, nothing is run, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from xlsxwriter.worksheet import Worksheet

from lifang.builtin.people import affiliations, organizations, people
from lifang.entities.caller import Caller
from lifang.entities.organization import Organization
from lifang.entities.person import Affiliation, Person
from lifang.kit.errors import Malformed
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.exchange import export
from lifang.services.importing import Imported, import_table
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

Fill = Callable[[xlsxwriter.Workbook, Worksheet], Any]
HEADER = ("name", "phone", "citizen_id", "birth_date", "community")
CITIZEN = "620102198001010033"


def book(fill: Fill, *, header: tuple[str, ...] = HEADER) -> bytes:
    """A workbook with a header, filled by hand from its second row on; the place is text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, header)
        page.write_string(1, header.index("community"), world.HOME)
        fill(made, page)
    return out.getvalue()


def bring(caller: Caller, raw: bytes, resource: Resource[Any] = people) -> Imported:
    return import_table(caller, resource, io.BytesIO(raw))


def stored(boss: Caller, fill: Fill, *, name: str | None = "张三") -> dict[str, Any]:
    """Somebody as imported from one row that must be sound."""

    def whole(made: xlsxwriter.Workbook, page: Worksheet) -> None:
        if name is not None:
            page.write_string(1, 0, name)
        fill(made, page)

    done = bring(boss, book(whole))
    assert (done["created"], done["errors"]) == (1, [])
    person = Person.select().order_by(Person.id.desc()).first()
    wanted = ["phone", "citizen_id", "birth_date"]
    some = [field for field in wanted if getattr(person, f"{field}_mask")]
    open_values = reading.reveal(boss, people, person.id, fields=some, reason="试") if some else {}
    return {"name": person.name, **open_values}


FORMULAS: list[tuple[str, Any, str]] = [
    ("=1+1", "旧值", "旧值"),
    ('=HYPERLINK("http://example.org","张三")', "张三", "张三"),
    ('=WEBSERVICE("http://127.0.0.1:9/x")', "张三", "张三"),
    ("=A1&B1", 7, "7"),
    ("{=SUM(1,2)}", 3, "3"),
]


@pytest.mark.parametrize(("formula", "showed", "name"), FORMULAS)
def test_a_formula_is_what_it_last_showed(
    boss: Caller, formula: str, showed: Any, name: str
) -> None:
    told = stored(boss, lambda _b, page: page.write_formula(1, 0, formula, None, showed), name=None)
    assert told == {"name": name}


ACTIVE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=DDE("cmd";"/C calc";"x")',
    '=HYPERLINK("http://x";"y")',
    "+86",
    "-1",
    "@SUM(A1)",
    "＝1",
    "'=1",
    "00123",
    "1E5",
    "TRUE",
    "#N/A",
    "#REF!",
]


def test_text_that_could_start_something_is_text_on_both_ways(
    instance: Instance, boss: Caller
) -> None:
    for name in ACTIVE:
        world.organization(instance, name)
    raw = b"".join(export(boss, organizations, Query(), form="xlsx"))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert {type(cell) for row in rows for cell in row} == {str}
    assert not {str(row[1])[0] for row in rows} & set("=+-@＝")
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")
    assert bring(boss, raw, organizations)["unchanged"] == len(ACTIVE)

    def typed(_made: xlsxwriter.Workbook, page: Worksheet) -> None:
        for row, name in enumerate(ACTIVE, start=1):
            page.write_string(row, 0, name)
            page.write_row(row, 1, ["party", "无", world.HOME])

    raw = book(typed, header=("name", "kind", "no_uscc_reason", "community"))
    assert bring(boss, raw, organizations)["created"] == len(ACTIVE)
    names = [row.name for row in Organization.select().order_by(Organization.id)]
    assert names[len(ACTIVE) :] == [name.removeprefix("'") for name in ACTIVE]


def test_a_phone_typed_as_a_number_keeps_its_digits(boss: Caller) -> None:
    assert stored(boss, lambda _b, page: page.write_number(1, 1, 13800005678)) == {
        "name": "张三",
        "phone": "13800005678",
    }
    grouped = stored(
        boss,
        lambda made, page: page.write_number(
            1, 1, 13900005678, made.add_format({"num_format": "0.00E+00"})
        ),
    )
    assert grouped["phone"] == "13900005678"


def test_an_id_typed_as_text_is_kept_whole(boss: Caller) -> None:
    assert stored(boss, lambda _b, page: page.write_string(1, 2, CITIZEN))["citizen_id"] == CITIZEN


DAYS = ["yyyy-mm-dd", "yyyy/m/d", 'yyyy"年"m"月"d"日"', "m/d/yy", "[$-804]yyyy年m月d日"]


@pytest.mark.parametrize("shown", DAYS)
def test_a_day_is_the_day_however_it_is_shown(boss: Caller, shown: str) -> None:
    def fill(made: xlsxwriter.Workbook, page: Worksheet) -> None:
        day = dt.datetime(1980, 5, 1)  # noqa: DTZ001 – spreadsheets know no zones
        page.write_datetime(1, 3, day, made.add_format({"num_format": shown}))

    assert stored(boss, fill)["birth_date"] == "1980-05-01"


@pytest.mark.parametrize("typed", ["1980-05-01", "1980/5/1", "1980.5.1", "1980年5月1日"])
def test_a_day_typed_as_text_is_that_day(boss: Caller, typed: str) -> None:
    assert stored(boss, lambda _b, page: page.write_string(1, 3, typed))["birth_date"] == (
        "1980-05-01"
    )


def wrong(boss: Caller, fill: Fill) -> list[tuple[int, str, str]]:
    """What is said of a file that must be refused, after looking that nothing was stored."""

    def whole(made: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_string(1, 0, "张三")
        fill(made, page)

    try:
        done = bring(boss, book(whole))
    except Malformed as refused:
        told = [(0, "", refused.sentence)]
    else:
        assert (done["created"], done["failed"]) == (0, 1)
        told = [(error["row"], error["column"], error["message"]) for error in done["errors"]]
    assert Person.select().count() == 0
    assert all(sentence for _row, _column, sentence in told)
    return told


def test_what_is_no_day_or_phone_is_told_by_its_cell(boss: Caller) -> None:
    percent = {"num_format": "0%"}
    for column, fill in (
        (1, lambda made, page: page.write_number(1, 1, 0.5, made.add_format(percent))),
        (1, lambda _made, page: page.write_boolean(1, 1, True)),
        (2, lambda made, page: page.write_number(1, 2, 0.5, made.add_format(percent))),
        (3, lambda made, page: page.write_number(1, 3, 29_342)),
        (3, lambda _made, page: page.write_string(1, 3, "1980-02-30")),
        (3, lambda _made, page: page.write_string(1, 3, "80年5月")),
    ):
        ((row, name, _sentence),) = wrong(boss, fill)
        assert (row, name) == (2, HEADER[column])


def test_merged_cells_hold_their_text_once(boss: Caller) -> None:
    def people_of_one_place(_made: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.merge_range(1, 4, 2, 4, world.HOME)
        page.write_string(2, 0, "李四")

    ((row, name, _sentence),) = wrong(boss, people_of_one_place)
    assert (row, name) == (3, "community")


def test_a_title_above_the_header_is_told_by_its_name(boss: Caller) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        page = made.add_worksheet()
        page.merge_range(0, 0, 0, 4, "某社区人员登记表")
        page.write_row(1, 0, HEADER)
        page.write_row(2, 0, ["张三", "", "", "", world.HOME])
    try:
        done = bring(boss, out.getvalue())
    except Malformed as refused:
        assert refused.sentence
    else:
        assert done["errors"][0]["row"] == 1
        assert "某社区人员登记表" in done["errors"][0]["message"]
    assert Person.select().count() == 0


def test_the_first_sheet_is_taken_and_what_is_hidden_within_it(boss: Caller) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        for name in ("甲", "乙", "丙"):
            page = made.add_worksheet(name)
            page.write_row(0, 0, HEADER)
            page.write_row(1, 0, [f"{name}一", "", "", "", world.HOME])
            page.write_row(2, 0, [f"{name}二", "", "", "", world.HOME])
            page.set_row(2, None, None, {"hidden": True})
            page.set_column(1, 1, None, None, {"hidden": True})
        page.hide()
    assert bring(boss, out.getvalue())["created"] == 2
    assert {row.name for row in Person.select()} == {"甲一", "甲二"}


def test_looks_and_remarks_are_no_content(boss: Caller) -> None:
    def fill(made: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_rich_string(1, 0, "张", made.add_format({"bold": True}), "三")
        page.write_comment(1, 0, "=1+1")
        page.write_url(3, 0, "http://example.org", string="李四")
        page.write_string(3, 4, world.HOME)
        page.data_validation(1, 1, 9, 1, {"validate": "list", "source": ["=1", "x"]})
        page.set_row(500, 20)

    assert bring(boss, book(fill))["created"] == 2
    assert {row.name for row in Person.select()} == {"张三", "李四"}


def test_yes_and_no_are_read_as_spreadsheets_say_them(instance: Instance, boss: Caller) -> None:
    person = world.person(instance, "张三")

    def fill(_made: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_row(1, 0, [person.id, "works"])
        page.write_boolean(1, 2, True)
        page.write_formula(1, 3, "=TODAY()", None, "2026/1/2")

    raw = book(fill, header=("person", "kind", "primary", "from_date", "community"))
    assert bring(boss, raw, affiliations)["created"] == 1
    made = Affiliation.select().order_by(Affiliation.id.desc()).first()
    assert (made.primary, made.from_date) == (True, dt.date(2026, 1, 2))
