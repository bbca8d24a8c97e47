"""Files as offices have them, taken apart into rows of text: CSV of every kind, and XLSX.

A file is read as a stream, as often as somebody asks for its rows; a CSV file is never held whole.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, BinaryIO

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
_BEYOND_LATIN = re.compile("[\u0800-\U0010ffff]")

# Python's GB18030 is that of 2005; the one of 2022 gave these private letters places of their own.
_OF_2022 = dict(
    zip(
        [*range(0xE78D, 0xE797), 0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE832, 0xE843, 0xE854, 0xE864],
        [0xFE10, 0xFE12, 0xFE11, *range(0xFE13, 0xFE1A), *range(0x9FB4, 0x9FBC)],
        strict=True,
    )
)


def unpack(stream: BinaryIO) -> Callable[[], Rows]:
    """Learn how a file is written; gives what reads its rows from the top, header first.

    Raises Malformed for what is no table, at once or when the row that is none is reached.
    """
    if stream.seek(0, io.SEEK_END) > LARGEST_FILE:
        raise Malformed(_("文件太大；请分成几个文件"))
    stream.seek(0)
    if stream.read(4) == b"PK\x03\x04":
        return _of_workbook(stream)
    encoding = encoding_of(stream)
    separator = _separator(_text(stream, encoding).read(20_000))
    return lambda: _of_text(_text(stream, encoding), separator, old=encoding == "gb18030")


def encoding_of(stream: BinaryIO) -> str:
    """How a text is encoded: by its mark, else UTF-16, UTF-8 or GB18030, each taken strictly.

    Raises Malformed where none fits, and where two fit and would say different things.
    """
    start = next(_pieces(stream), b"")
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding if len(start) == len(mark) or _Trial(encoding).fits(stream) else _none()
    zeros = [0, 0]
    for piece in _pieces(stream):
        zeros = [zeros[0] + piece[::2].count(0), zeros[1] + piece[1::2].count(0)]
    if any(zeros):
        encoding = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"  # where Latin has its zeros
        return encoding if _Trial(encoding).fits(stream) else _none()
    as_utf8, as_chinese = _Trial("utf-8"), _Trial("gb18030")
    if not as_utf8.fits(stream):
        return "gb18030" if as_chinese.fits(stream) else _none()
    if as_utf8.letters and not as_utf8.beyond_latin and as_chinese.fits(stream) and as_chinese.han:
        # 茅 saved by an older spreadsheet is é in UTF-8
        raise Malformed(_("分不清文件的编码是 UTF-8 还是 GB18030；请另存为“CSV UTF-8”再导入"))
    return "utf-8"


class _Trial:
    """A file read in one encoding from end to end, and what kinds of letters that showed."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self.letters = self.beyond_latin = self.han = False

    def fits(self, stream: BinaryIO) -> bool:
        """Whether every byte of the file makes sense."""
        try:
            for piece in _pieces(stream):
                self._look(self._decoder.decode(piece))
            self._look(self._decoder.decode(b"", final=True))
        except UnicodeDecodeError:
            return False
        return True

    def _look(self, text: str) -> None:
        if text.isascii():
            return
        self.letters = True
        self.beyond_latin = self.beyond_latin or bool(_BEYOND_LATIN.search(text))
        self.han = self.han or bool(_HAN.search(text))


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(_PIECE):
        yield piece


def _none() -> str:
    raise Malformed(_("文件的编码不是 UTF-8、UTF-16 或 GB18030"))


class _Lent(io.TextIOWrapper):
    """Text over a file that somebody else closes."""

    def close(self) -> None:
        """Leave the file open: it is read again from the top."""

    def __del__(self) -> None:
        """The same at the end of life."""


def _text(stream: BinaryIO, encoding: str) -> _Lent:
    stream.seek(0)
    return _Lent(stream, encoding=encoding, newline="")


def _of_text(text: Iterable[str], separator: str, *, old: bool) -> Rows:
    number = 0
    lines = (line.translate(_OF_2022) for line in text) if old else text
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=separator, strict=True), 1):
            yield number, cells
    except csv.Error as error:
        raise Malformed(_("第 {row} 行不是合法的 CSV", row=number + 1)) from error


def _separator(start: str) -> str:
    """What the header is separated by: the commonest of the three outside quotes."""
    bare = re.sub(r'"[^"]*"', "", start)
    first = re.split(r"[\r\n]", bare.lstrip("\r\n"), maxsplit=1)[0]
    return max(SEPARATORS, key=first.count)


def _of_workbook(stream: BinaryIO) -> Callable[[], Rows]:
    """The first sheet's rows; a formula is what it last showed, nothing is evaluated."""
    try:
        _weigh(stream)
        sheet = _first_sheet(stream)
    except Malformed:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the reader's panics are no Exceptions
        raise Malformed(_("文件不是能读的 XLSX 表格")) from error
    before = [""] * (sheet.start or (0, 0))[1]  # the reader begins at the first column with a cell

    def rows() -> Rows:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            yield number, [*before, *map(_told, cells)]

    return rows


def _first_sheet(stream: BinaryIO) -> Any:  # the library's own sheet, told row by row
    from python_calamine import CalamineWorkbook

    stream.seek(0)
    return CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0)


def _weigh(stream: BinaryIO) -> None:
    """Inflate everything once and look how far the cells reach, before anything is laid out."""
    room = LARGEST_UNPACKED
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as packed:
            for member in packed.infolist():
                with packed.open(member) as part:
                    room -= _measure(part, room)
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
