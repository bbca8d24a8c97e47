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
from itertools import islice
from typing import IO, Any, BinaryIO

from lifang.kit.errors import Malformed
from lifang.kit.words import _

Rows = Iterator[tuple[int, list[str]]]
"""Rows by the number a spreadsheet shows."""

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_UNPACKED = 256 * 1024 * 1024
MOST_COLUMNS, WIDEST_ROW, MOST_CELLS = 512, 16_384, 20_000_000
MOST_MEMBERS, MOST_GROWTH = 1_000, 100
"""Files a workbook is packed of, and how many times larger they may be than the packet."""
EXACT = 10**15
"""Spreadsheets keep fifteen digits of a number; of a longer one the end is lost."""
SEPARATORS = ",\t;"

_PIECE, _LONGEST_CELL = 1024 * 1024, 64 * 1024
_CELL = re.compile(rb"<c\s([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_ADDRESS = re.compile(rb"""\s(?:r|ref)\s*=\s*["'](?:[A-Z]{1,3}[0-9]+:)?([A-Z]{1,3})([0-9]{1,7})""")
_SHEET = re.compile(rb"<sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
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
    start = stream.read(len(_OLD_OFFICE))
    if start == _OLD_OFFICE:
        raise Malformed(_("这是旧格式或加了密码的 Excel 文件；请另存为不加密码的 .xlsx 再导入"))
    if start[:4] == b"PK\x03\x04":
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
    """The first visible sheet's rows; a formula is what it last showed, nothing is evaluated."""
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
            try:
                yield number, [*before, *map(_told, cells)]
            except _Lost:
                told = _("第 {row} 行有超过 15 位的数字，表格软件已丢失末尾几位", row=number)
                raise Malformed(told + _("；请把这一列设为文本后重新填写")) from None

    return rows


def _first_sheet(stream: BinaryIO) -> Any:  # the library's own sheet, told row by row
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    stream.seek(0)
    book = CalamineWorkbook.from_filelike(stream)
    visible = [
        place
        for place, sheet in enumerate(book.sheets_metadata)
        if sheet.visible == SheetVisibleEnum.Visible
    ]
    chosen = visible[0] if visible else 0
    _demand_told(stream, chosen)
    return book.get_sheet_by_index(chosen)


def _weigh(stream: BinaryIO) -> None:
    """Inflate everything once and look how far the cells reach, before anything is laid out."""
    packet = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, packet - 0xFFFF - 22))
    _before, mark, end = stream.read().rpartition(b"PK\x05\x06")
    if mark and int.from_bytes(end[6:8], "little") > MOST_MEMBERS:
        raise Malformed(_("文件不是能读的 XLSX 表格"))
    room = min(LARGEST_UNPACKED, max(packet * MOST_GROWTH, _PIECE))
    try:
        with zipfile.ZipFile(stream) as packed:
            if sum(member.file_size for member in packed.infolist()) > room:
                raise Malformed(_("表格展开后太大；请分成几个文件"))
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
        tail = piece[-64:]
    if wide > MOST_COLUMNS or wide * long > MOST_CELLS:
        raise Malformed(_("表格的列或行太多；请删除数据以外的单元格"))
    return size


def _demand_told(stream: BinaryIO, chosen: int) -> None:
    """Refuse a sheet with cells that show an error or were never computed.

    The reader tells both as empty, and an empty cell would take away what is stored.
    """
    with zipfile.ZipFile(stream) as packed, packed.open(_member(packed, chosen)) as part:
        silent = list(islice(_silent(part), 4))
    if silent:
        cells = _("、").join(silent[:3]) + ("…" if len(silent) > 3 else "")
        raise Malformed(_("单元格 {cells} 是错误值或没有算出结果；请改正后再导入", cells=cells))


def _member(packed: zipfile.ZipFile, chosen: int) -> str:
    """In which file of the packet a sheet lies, by its place among the sheets."""
    sheet = _SHEET.findall(packed.read("xl/workbook.xml"))[chosen]
    wanted = re.search(rb"""\sr:id=["']([^"']*)""", sheet)
    for relation in _RELATION.findall(packed.read("xl/_rels/workbook.xml.rels")):
        if wanted and re.search(rb"""\sId=["']%s["']""" % re.escape(wanted[1]), relation):
            target = re.search(rb"""\sTarget=["']([^"']*)""", relation)
            if target:
                path = target[1].decode()
                return path[1:] if path.startswith("/") else f"xl/{path}"
    raise KeyError(chosen)


def _silent(stream: IO[bytes]) -> Iterator[str]:
    """The addresses of cells that hold an error, or a formula without what it last showed."""
    tail = b""
    while piece := stream.read(_PIECE):
        told = tail + piece
        cut = told.rfind(b"<c ")
        if cut < 0 or len(told) - cut > _LONGEST_CELL:
            cut = len(told)
        yield from _silent_in(told[:cut])
        tail = told[cut:]
    yield from _silent_in(tail)


def _silent_in(told: bytes) -> Iterator[str]:
    if b't="e"' not in told and b"<f" not in told:
        return
    for head, body in _CELL.findall(told):
        if b't="e"' in head or (b"<f" in body and b"<v>" not in body) or b"<v></v>" in body:
            address = _ADDRESS.search(b" " + head)
            yield (address[1] + address[2]).decode() if address else "?"


class _Lost(Exception):
    """A number of which a spreadsheet has lost the end."""


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
        if abs(cell) >= EXACT:
            raise _Lost
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
