"""Files as offices save them are read as they were meant, or refused with a sentence."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.kit.errors import Malformed
from lifang.services import sheets, unpacking

TEXT = 'name,post\n"𠮷,野",书记\n㐂,"a;b\tc"\n'


def cells(raw: bytes) -> list[list[str]]:
    return [row for _number, row in unpacking.unpack(io.BytesIO(raw))()]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
def test_every_encoding_and_separator_is_read_alike(encoding: str, separator: str) -> None:
    text = f"name{separator}post\r\n𠮷野{separator}书记\r\n"
    assert cells(text.encode(encoding)) == [["name", "post"], ["𠮷野", "书记"]]


def test_quoted_separators_belong_to_their_cell() -> None:
    assert cells(TEXT.encode())[1:] == [["𠮷,野", "书记"], ["㐂", "a;b\tc"]]


def test_what_two_encodings_read_differently_is_refused_with_a_way_out() -> None:
    with pytest.raises(Malformed, match="CSV UTF-8"):
        cells("name\n茅茅\n".encode("gb18030"))
    with pytest.raises(Malformed):
        cells(b"name\n\xff\xff\n")
    assert cells("name\n联通\n".encode("gb18030")) == [["name"], ["联通"]]


@settings(max_examples=60)
@given(st.binary(max_size=60), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"a,b\n"]))
def test_whatever_is_sent_is_a_table_or_malformed(raw: bytes, start: bytes) -> None:
    try:
        sheets.read(io.BytesIO(start + raw))
    except Malformed as refused:
        assert refused.sentence


def book(path: Path, *rows: list[object]) -> bytes:
    with xlsxwriter.Workbook(path) as made:
        page = made.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    page.write_datetime(number, column, dt.datetime.combine(cell, dt.time()),
                                        made.add_format({"num_format": "yyyy-mm-dd"}))  # fmt: skip
                else:
                    page.write(number, column, cell)
    return path.read_bytes()


def test_cells_of_a_workbook_are_text_as_it_shows_them(tmp_path: Path) -> None:
    rows = [["id", "phone", "day", "yes", "name"],
            [7, 13800005678, dt.date(2026, 11, 23), True, "𠮷野"]]  # fmt: skip
    raw = book(tmp_path / "a.xlsx", *rows)
    assert cells(raw)[1] == ["7", "13800005678", "2026-11-23", "true", "𠮷野"]


def test_a_formula_is_never_evaluated(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as made:
        page = made.add_worksheet()
        page.write(0, 0, "name")
        page.write_formula(1, 0, "=1+1", None, "旧值")
    assert cells((tmp_path / "a.xlsx").read_bytes())[1] == ["旧值"]


def repacked(raw: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", 8) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old, new))
    return out.getvalue()


def test_bombs_are_refused_within_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = book(tmp_path / "a.xlsx", ["name"], ["x"])
    far = repacked(raw, b'r="A2"', b'r="XFD1048576"')
    vast = io.BytesIO()
    with zipfile.ZipFile(vast, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(8_000_000))
    monkeypatch.setattr(unpacking, "LARGEST_UNPACKED", 4_000_000)
    started = time.monotonic()
    for bomb in (far, vast.getvalue(), raw[:-40], b"PK\x03\x04" + bytes(100)):
        with pytest.raises(Malformed):
            cells(bomb)
    assert time.monotonic() - started < 1
