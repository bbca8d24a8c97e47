"""Spreadsheets give back every text they were given, and run none of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lifang.kit.errors import Invalid
from lifang.services import workbook
from lifang.services.workbook import Cell, Page

HARD = [
    "=1+1", "+8613800005678", "-x", "@x", "\tx", "\rx", "＝1", "'x", "{=1}", "=HYPERLINK(\"x\")",
    "<r><t>x</t></r>", "<r></t></is></c><c r=\"Z9\"><f>1+1</f></c></r>", "_x0041_", "_x0041_x0042_",
    "_x000d_", "a\r\nb\nc", " x ", "http://example.org", "mailto:x", "internal:A1", "#N/A", "TRUE",
    "1E5", "00123", "2026-11-23", "620102********0011", "620102198001011233", "13800005678",
    "𠮷", "\U00030000", "阿依古丽·买买提", "一", "里" * 40,
]  # fmt: skip


def made(*rows: list[Cell], head: tuple[str, ...] = ("a", "b")) -> bytes:
    def fill(page: Page) -> None:
        page.head(head)
        for row in rows:
            page.add(row)

    return b"".join(workbook.written("表", fill))


def back(raw: bytes) -> list[list[object]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


def part(raw: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(raw)).read(name).decode()


def test_every_hard_text_comes_back_as_text_and_no_formula_or_link_is_made() -> None:
    raw = made(*[["x", text] for text in HARD])
    assert [row[1] for row in back(raw)[1:]] == HARD
    sheet = part(raw, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet and "<f " not in sheet and "hyperlink" not in sheet
    assert 't="n"' not in sheet and not re.search(r"<v>", sheet)
    assert not [n for n in zipfile.ZipFile(io.BytesIO(raw)).namelist() if "rels/sheet" in n]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    rows = back(made(*[["x", text] for text in texts]))
    assert [row[1] for row in rows[1:]] == texts


def test_numbers_and_booleans_stay_what_they_are_unless_digits_would_be_lost() -> None:
    rows = back(made([7, 2.5], [True, False], [10**17, float("inf")], [None, ""], ["z", -3]))
    assert rows[1:] == [[7, 2.5], [True, False], [str(10**17), "inf"], ["", ""], ["z", -3]]


@given(st.floats(-1e14, 1e14))
def test_a_number_keeps_its_last_digit(number: float) -> None:
    assert back(made(["x", number]))[1] == ["x", number]


def test_the_header_is_bold_and_stays_in_sight_and_columns_are_wide_enough() -> None:
    raw = made(["阿依古丽·买买提", "x" * 900])
    sheet, styles = part(raw, "xl/worksheets/sheet1.xml"), part(raw, "xl/styles.xml")
    assert '<pane ySplit="1"' in sheet and 'state="frozen"' in sheet
    assert "<b/>" in styles
    widths = [float(width) for width in re.findall(r'<col [^>]*width="([0-9.]+)"', sheet)]
    assert 17 < widths[0] < 19 and 40 <= widths[1] < 41


def test_the_same_rows_give_the_same_bytes() -> None:
    assert made(["x", 1]) == made(["x", 1])


def test_what_does_not_fit_is_refused_rather_than_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    assert back(made(["x" * 32_767, ""]))[1][0] == "x" * 32_767
    with pytest.raises(Invalid, match="32767"):
        made(["x" * 32_768])
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert len(back(made(["1"], ["2"]))) == 3
    with pytest.raises(Invalid, match="3"):
        made(["1"], ["2"], ["3"])


def test_nothing_is_left_on_disk(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("files")
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    def broken(page: Page) -> None:
        page.add(["x"])
        raise Invalid("half way")

    fillings: list[Callable[[Page], None]] = [lambda page: page.add(["x"]), broken]
    for fill in fillings:
        try:
            pieces = workbook.written("表", fill)
        except Invalid:
            assert fill is broken
        else:
            assert list(folder.iterdir()) == []
            assert b"".join(pieces)
        assert list(folder.iterdir()) == []
