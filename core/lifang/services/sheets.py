"""Tables as files: CSV that a spreadsheet opens without harm, and that comes back as it went."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from lifang.entities.community import Community
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.presenting import View
from lifang.services.unpacking import MOST_COLUMNS, WIDEST_ROW, Rows, unpack

BOM = b"\xef\xbb\xbf"
"""So that spreadsheets take the file for UTF-8."""

MOST_LINES = 2_000_000
MOST_BLANK = 1_100_000
"""Both are more than any spreadsheet holds."""
LONGEST_NAME = 200

_ACTIVE = re.compile("'*[=+\\-@\t\r＝＋－＠]")
"""What a spreadsheet takes for a formula; the full-width letters start one too."""


@dataclass(frozen=True)
class Sheet:
    """A table as it was sent: its header, how many rows it has, and what tells it from others."""

    header: tuple[str, ...]
    total: int
    digest: str
    _rows: Callable[[], Rows]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Its rows from the top, by the number a spreadsheet shows; empty lines are passed over.

        There is a cell for every column of the header. Raises Malformed at a row that has more.
        """
        found, width, last = self._rows(), len(self.header), 1
        next(found, None)
        for number, cells in found:
            if len(cells) > WIDEST_ROW:
                raise Malformed(_("第 {row} 行的列比表头多", row=number))
            if not any(map(str.strip, cells)):
                if number - last > MOST_BLANK:
                    raise Malformed(_("文件里有大段空行；请删除后再导入"))
                continue
            last = number
            if len(cells) > width and any(map(str.strip, cells[width:])):
                raise Malformed(_("第 {row} 行的列比表头多", row=number))
            told = cells[:width] + [""] * (width - len(cells))
            yield number, [untame(cell) if cell[:1] == "'" else cell for cell in told]

    def reached(self, before: int, some: Sequence[tuple[int, list[str]]]) -> int:
        """How far one is after some more rows."""
        return some[-1][0]

    def runs(self, after: int) -> Iterator[Iterator[tuple[int, list[str]]]]:
        """The rows after a place that was reached, in runs that may not be written together."""
        yield (row for row in self.rows() if row[0] > after)


def tame(text: str) -> str:
    """Keep a spreadsheet from running a cell: what would start a formula gets a leading quote."""
    return "'" + text if _ACTIVE.match(text) else text


def untame(text: str) -> str:
    """Take back what `tame` did."""
    return text[1:] if text.startswith("'") and _ACTIVE.match(text[1:]) else text


def column_name(resource: Resource[Any], spec: FieldSpec) -> str:
    """What a field's column is called: a community's own parent is told by its code."""
    return f"{spec.name}_code" if spec.target is resource.model is Community else spec.name


def header(resource: Resource[Any], specs: Sequence[FieldSpec] = ()) -> list[str]:
    """The columns of a resource's table: the id, then its fields, or some of them, by name."""
    return ["id", *(column_name(resource, spec) for spec in specs or resource.fields)]


def row(resource: Resource[Any], view: View, specs: Sequence[FieldSpec] = ()) -> list[str]:
    """One record's cells, in the order of the header."""
    return [str(view["id"]), *(cell(spec, view[spec.name]) for spec in specs or resource.fields)]


def cell(spec: FieldSpec, value: Any) -> str:
    """One field of a record as its cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        told = value.get("code") if spec.kind == "community" else value.get("id")
        return "" if told is None else tame(str(told))
    return tame(value) if isinstance(value, str) else str(value)


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as bytes of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[Sheet]:
    """Read a CSV or XLSX file, however a spreadsheet saved it; its rows are told while it is open.

    Every row has been looked at once before: raises Malformed for what is no such table.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield read(stream)
    else:
        yield read(source)


def glance(stream: BinaryIO) -> Sheet:
    """Read the header of an open file and count nothing; raises Malformed for what is no table."""
    rows = unpack(stream)
    return Sheet(_names(next(rows(), (1, []))[1]), 0, "", rows)


def read(stream: BinaryIO, *, most: int | None = None) -> Sheet:
    """Look through an open file; raises Invalid where it has more than `most` rows."""
    sheet, bound, lines = glance(stream), most or MOST_LINES, 0
    for _row in sheet.rows():
        lines += 1
        if lines > bound:
            if most is None:
                raise Malformed(_("文件超过 {most} 行；请分成几个文件", most=bound))
            raise Invalid(_("文件超过 {most} 行；请用命令行导入", most=bound))
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(1024 * 1024):
        digest.update(piece)
    return replace(sheet, total=lines, digest=digest.hexdigest())


def _names(header: list[str]) -> tuple[str, ...]:
    """The names of the columns; raises Malformed for a row that cannot be a header."""
    width = len(header)
    while width and not header[width - 1].strip():
        width -= 1  # spreadsheets save empty columns after the last one
    names = [untame(name.strip()) for name in header[:width]]
    if not names:
        raise Malformed(_("文件是空的"))
    if width > MOST_COLUMNS or any(len(name) > LONGEST_NAME for name in names):
        raise Malformed(_("第一行不像表头：列太多，或列名太长"))
    if len(set(names)) < width:
        raise Malformed(_("表头里有重复的列"))
    return tuple(names)
