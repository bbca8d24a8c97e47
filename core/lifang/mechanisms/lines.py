"""A ledger without a spreadsheet around it: the same title, columns and rows as CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

from lifang.kit import json
from lifang.services import sheets
from lifang.services.workbook import Cell, Page, spooled


class Lines:
    """A ledger as CSV: every line is a row, the title and who filled it in as well."""

    def __init__(self, target: IO[bytes]) -> None:
        """Begin at the top."""
        self.target = target
        target.write(sheets.BOM)

    def banner(self, text: str, columns: int, *, look: str) -> None:
        """Write one text by itself."""
        self.add([text])

    def head(self, names: Sequence[str], *, look: str = "head") -> None:
        """Write the header."""
        self.add(names)

    def for_paper(self, footer: str) -> None:
        """There is no paper."""

    def add(self, cells: Iterable[Cell], *, look: str = "text") -> None:
        """Write a row."""
        told = ["" if cell is None else sheets.tame(str(cell)) for cell in cells]
        self.target.write(sheets.written([told]))

    def close(self) -> None:
        """There is nothing to finish."""


class Members(Lines):
    """A ledger as JSON: `title`, `notes`, `columns` and `rows`, as they stand on paper."""

    def __init__(self, target: IO[bytes]) -> None:
        """Begin an object."""
        self.target = target
        self._notes: list[str] = []
        self._rows = 0

    def banner(self, text: str, columns: int, *, look: str) -> None:
        """Keep a text; the first is the title, and what comes below the rows is for pens only."""
        if not self._rows:
            self._notes.append(text)

    def head(self, names: Sequence[str], *, look: str = "head") -> None:
        """Open the object with all that stands above the rows."""
        told = {"title": self._notes[0], "notes": self._notes[1:], "columns": list(names)}
        self.target.write(json.dumps(told)[:-1] + b',"rows":[')

    def add(self, cells: Iterable[Cell], *, look: str = "text") -> None:
        """Write a row."""
        if told := list(cells):
            self.target.write((b"," if self._rows else b"") + json.dumps(told))
            self._rows += 1

    def close(self) -> None:
        """Close the object."""
        self.target.write(b"]}")


Paper = Page | Lines
"""Whatever a ledger is written on."""

FORMS = {"csv": Lines, "json": Members}


def written(form: type[Lines], fill: Callable[[Lines], None]) -> Iterator[bytes]:
    """Fill a ledger on disk and give its bytes; what goes wrong is raised before the first one."""

    def write(target: IO[bytes]) -> None:
        page = form(target)
        fill(page)
        page.close()

    return spooled(write)
