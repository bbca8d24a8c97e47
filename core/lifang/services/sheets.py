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
from lifang.kit.errors import Malformed
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.presenting import View
from lifang.services.unpacking import Rows, unpack

BOM = b"\xef\xbb\xbf"
"""So that spreadsheets take the file for UTF-8."""

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
        found, width = self._rows(), len(self.header)
        next(found, None)
        for number, cells in found:
            if not any(map(str.strip, cells)):
                continue
            if len(cells) > width and any(map(str.strip, cells[width:])):
                raise Malformed(_("第 {row} 行的列比表头多", row=number))
            told = cells[:width] + [""] * (width - len(cells))
            yield number, [untame(cell) if cell[:1] == "'" else cell for cell in told]


def tame(text: str) -> str:
    """Keep a spreadsheet from running a cell: what would start a formula gets a leading quote."""
    return "'" + text if _ACTIVE.match(text) else text


def untame(text: str) -> str:
    """Take back what `tame` did."""
    return text[1:] if text.startswith("'") and _ACTIVE.match(text[1:]) else text


def column_name(resource: Resource[Any], spec: FieldSpec) -> str:
    """What a field's column is called: a community's own parent is told by its code."""
    return f"{spec.name}_code" if spec.target is resource.model is Community else spec.name


def header(resource: Resource[Any]) -> list[str]:
    """The columns of a resource's table: the id, then its fields by name."""
    return ["id", *(column_name(resource, spec) for spec in resource.fields)]


def row(resource: Resource[Any], view: View) -> list[str]:
    """One record's cells, in the order of the header."""
    return [str(view["id"]), *(cell(spec, view[spec.name]) for spec in resource.fields)]


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
    names = tuple(untame(name.strip()) for name in next(rows(), (1, []))[1])
    while names and not names[-1]:
        names = names[:-1]  # spreadsheets save empty columns after the last one
    if not names:
        raise Malformed(_("文件是空的"))
    if len(set(names)) < len(names):
        raise Malformed(_("表头里有重复的列"))
    return Sheet(names, 0, "", rows)


def read(stream: BinaryIO) -> Sheet:
    """Look through an open file; raises Malformed for what is no table."""
    sheet = glance(stream)
    total = sum(1 for _row in sheet.rows())
    stream.seek(0)
    digest = hashlib.sha256()
    while piece := stream.read(1024 * 1024):
        digest.update(piece)
    return replace(sheet, total=total, digest=digest.hexdigest())
