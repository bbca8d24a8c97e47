"""What a spreadsheet lost is never taken for what was meant: it is refused, cell by cell."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import identifiers
from lifang.kit.errors import Malformed
from lifang.services import reading
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.services.test_importing_workbooks import Fill, book, bring, wrong


def lucky() -> list[int]:
    """Numbers of which a spreadsheet lost the end, and what is left looks like somebody's id."""
    found: list[int] = []
    for day in range(2_000):
        born = dt.date(1980, 1, 1) + dt.timedelta(days=day)
        number = int(f"620102{born:%Y%m%d}1000")
        left = str(int(float(number)))
        if left == identifiers.make_citizen_id("620102", born, int(left[14:17])):
            found.append(number)
    return found


def test_an_id_typed_as_a_number_has_lost_digits_and_is_refused(boss: Caller) -> None:
    for number in (620102198001010033, 620102198001011239, *lucky()[:3]):
        ((row, _name, sentence),) = wrong(
            boss, lambda _b, page, told=number: page.write_number(1, 2, told)
        )
        assert row in (0, 2) and str(number) not in sentence


ERRORS = ["#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?"]


def kept(boss: Caller, instance: Instance, fill: Fill) -> None:
    """A cell that tells nothing must not take away what is stored."""
    person = world.person(instance, "张三", phone="13800005678")
    header = ("id", "phone", "community")

    def whole(made: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_number(1, 0, person.id)
        fill(made, page)

    raw = book(whole, header=header)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", 8) as target:
        for name in source.namelist():
            told = source.read(name).replace(b"</f><v>LOST</v>", b"</f>")
            target.writestr(name, told.replace(b' t="str"><f>A9', b"><f>A9"))
    try:
        done = bring(boss, out.getvalue())
    except Malformed as refused:
        assert refused.sentence
    else:
        assert (done["updated"], done["failed"]) == (0, 1)
        assert done["errors"][0]["message"]
    shown = reading.reveal(boss, people, person.id, fields=["phone"], reason="试")
    assert shown["phone"] == "13800005678"


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_a_cell_is_no_empty_cell(instance: Instance, boss: Caller, error: str) -> None:
    kept(
        boss, instance, lambda _b, page: page.write_formula(1, 1, "=VLOOKUP(1,A:B,2)", None, error)
    )


def test_an_error_in_a_new_row_is_told(boss: Caller) -> None:
    assert wrong(boss, lambda _b, page: page.write_formula(1, 1, "=NA()", None, "#N/A"))


def test_a_formula_that_was_never_computed_is_no_empty_cell(
    instance: Instance, boss: Caller
) -> None:
    kept(boss, instance, lambda _b, page: page.write_formula(1, 1, "=A9", None, "LOST"))


def test_what_a_clerk_does_not_see_is_not_imported(boss: Caller) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        for name in ("藏", "见"):
            page = made.add_worksheet(name)
            page.write_row(0, 0, ["name", "community"])
            page.write_row(1, 0, [f"{name}某", world.HOME])
        made.get_worksheet_by_name("藏").hide()
        page.activate()
        page.set_first_sheet()
    assert import_table(boss, people, io.BytesIO(out.getvalue()))["created"] == 1
    assert [row.name for row in Person.select()] == ["见某"]
