"""Files as offices have them, taken apart into rows of text: CSV of every kind, and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from lifang.kit.errors import Malformed
from lifang.kit.words import _

Rows = Iterator[tuple[int, list[str]]]
"""Rows by the number a spreadsheet shows."""

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_UNPACKED = 256 * 1024 * 1024
MOST_COLUMNS, MOST_CELLS = 512, 20_000_000
SEPARATORS = ",\t;"

_PIECE, _OVERLAP = 1024 * 1024, 64
_ADDRESS = re.compile(rb"""\s(?:r|ref)\s*=\s*["'](?:[A-Z]{1,3}[0-9]+:)?([A-Z]{1,3})([0-9]{1,7})""")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")


def unpack(raw: bytes) -> Rows:
    """The rows of a file, header first; raises Malformed for what is no table."""
    if len(raw) > LARGEST_FILE:
        raise Malformed(_("文件太大；请分成几个文件"))
    return _of_workbook(raw) if raw.startswith(b"PK\x03\x04") else _of_text(decoded(raw))


def decoded(raw: bytes) -> str:
    """The text of a CSV file: by its mark, else UTF-16, UTF-8 or GB18030, each taken strictly.

    Raises Malformed where none fits, and where two fit and would say different things.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, encoding) or _undecodable(raw, strip=len(mark))
    if b"\0" in raw:
        little = raw[1::2].count(0) > raw[::2].count(0)  # where Latin letters have their zeros
        encoding = "utf-16-le" if little else "utf-16-be"
        return _strictly(raw, encoding) or _undecodable(raw)
    as_utf8, as_chinese = _strictly(raw, "utf-8"), _strictly(raw, "gb18030")
    if as_utf8 is None:
        return as_chinese if as_chinese is not None else _undecodable(raw)
    letters = {letter for letter in as_utf8 if letter > "\x7f"}
    if letters and as_chinese and max(letters) < "\u0800" and _HAN.search(as_chinese):
        # 茅 saved by an older spreadsheet is é in UTF-8
        raise Malformed(_("分不清文件的编码是 UTF-8 还是 GB18030；请另存为“CSV UTF-8”再导入"))
    return as_utf8


def _strictly(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _undecodable(raw: bytes, *, strip: int = 0) -> str:
    if len(raw) <= strip:
        return ""
    raise Malformed(_("文件的编码不是 UTF-8、UTF-16 或 GB18030"))


def _of_text(text: str) -> Rows:
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
    except csv.Error as error:
        raise Malformed(_("第 {row} 行不是合法的 CSV", row=number + 1)) from error


def _separator(text: str) -> str:
    """What the header is separated by: the commonest of the three outside quotes."""
    bare = re.sub(r'"[^"]*"', "", text[:20_000])
    first = re.split(r"[\r\n]", bare.lstrip("\r\n"), maxsplit=1)[0]
    return max(SEPARATORS, key=first.count)


def _of_workbook(raw: bytes) -> Rows:
    """The first sheet's rows; a formula is what it last showed, nothing is evaluated."""
    try:
        _weigh(raw)
        found = _first_sheet(raw)
    except Malformed:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the reader's panics are no Exceptions
        raise Malformed(_("文件不是能读的 XLSX 表格")) from error
    for number, cells in enumerate(found, start=1):
        yield number, [_told(cell) for cell in cells]


def _first_sheet(raw: bytes) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    rows: list[list[Any]] = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return rows


def _weigh(raw: bytes) -> None:
    """Inflate everything once and look how far the cells reach, before anything is laid out."""
    room = LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            for member in packed.infolist():
                with packed.open(member) as stream:
                    room -= _measure(stream, room)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise Malformed(_("文件不是能读的 XLSX 表格")) from error


def _measure(stream: IO[bytes], room: int) -> int:
    size, tail, wide, long = 0, b"", 0, 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > room:
            raise Malformed(_("表格展开后太大；请分成几个文件"))
        for column, row in _ADDRESS.findall(tail + piece):
            wide, long = max(wide, _column(column)), max(long, int(row))
        tail = piece[-_OVERLAP:]
    if wide > MOST_COLUMNS or wide * long > MOST_CELLS:
        raise Malformed(_("表格的列或行太多；请删除数据以外的单元格"))
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _told(cell: Any) -> str:
    """A cell as text; a number that stands for an id or a phone keeps its digits."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
