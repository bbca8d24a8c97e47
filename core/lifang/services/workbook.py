"""Spreadsheet files, written row by row: text stays text, and nothing in a cell is ever run."""

from __future__ import annotations

import datetime as dt
import math
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

from lifang.kit.errors import Invalid
from lifang.kit.words import _

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
EXACT = 10**15
"""Spreadsheets keep fifteen digits of a number; a longer one is told as text."""
MEASURED = 300
"""Rows looked at before the columns get their widths."""
NARROWEST, WIDEST = 6, 40
RULED = frozenset({"ruled", "ruled_head"})
"""Looks with lines around every cell, also around an empty one."""
CHUNK = 64 * 1024
BORN = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Every file says it was made then: the same rows give the same bytes."""

_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")

Cell = str | int | float | bool | None


class Page:
    """The one sheet of a file; rows go to disk from top to bottom and are never held."""

    def __init__(self, sheet: Worksheet, formats: dict[str, Format]) -> None:
        """Begin at the top."""
        self.sheet = sheet
        self.row = 0
        self._formats = formats
        self._wide: list[int] = []

    def banner(self, text: str, columns: int, *, look: str) -> None:
        """Write one text across several columns."""
        self._demand_room()
        last, made = columns - 1, self._formats[look]
        if last:
            self.sheet.merge_range(self.row, 0, self.row, last, "", made)
        self.sheet.write_string(self.row, 0, _fitting(text), made)
        self.row += 1

    def head(self, names: Sequence[str], *, look: str = "head") -> None:
        """Write the header; it and what is above it stay in sight when one scrolls."""
        self.add(names, look=look)
        self.sheet.freeze_panes(self.row, 0)

    def for_paper(self, footer: str) -> None:
        """Set up A4 across, every column on the page and the header just written on each one."""
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.center_horizontally()
        self.sheet.repeat_rows(self.row - 1)
        self.sheet.set_footer(f"&C{footer}")

    def add(self, cells: Iterable[Cell], *, look: str = "text") -> None:
        """Write a row; raises Invalid where a spreadsheet has no room for it."""
        self._demand_room()
        for column, value in enumerate(cells):
            if value is None or value == "":
                if look in RULED:
                    self.sheet.write_blank(self.row, column, None, self._formats[look])
                continue
            self._put(column, value, look)
            self._measure(column, value)
        self.row += 1

    def _put(self, column: int, value: Cell, look: str) -> None:
        plain = self._formats["ruled_number" if look in RULED else "number"]
        if isinstance(value, bool):
            self.sheet.write_boolean(self.row, column, value, plain)
        elif isinstance(value, int | float) and math.isfinite(value) and abs(value) < EXACT:
            self.sheet.write_number(self.row, column, value, plain)
        else:
            self.sheet.write_string(self.row, column, _fitting(str(value)), self._formats[look])

    def _measure(self, column: int, value: Cell) -> None:
        if self.row >= MEASURED:
            return
        while len(self._wide) <= column:
            self._wide.append(NARROWEST)
        self._wide[column] = min(WIDEST, max(self._wide[column], _width(str(value)) + 2))

    def _demand_room(self) -> None:
        if self.row >= MOST_ROWS:
            raise Invalid(_("表格最多 {n} 行；请缩小范围，或导出为 CSV", n=MOST_ROWS))

    def close(self) -> None:
        """Give the columns their widths: text typed below the rows stays text as well."""
        for column, wide in enumerate(self._wide):
            self.sheet.set_column(column, column, wide, self._formats["text"])


def written(name: str, fill: Callable[[Page], None]) -> Iterator[bytes]:
    """Fill a file with one sheet and give its bytes; memory does not grow with its rows."""
    return spooled(lambda target: _fill(target, name, fill))


def spooled(write: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    """Write a file and give its bytes.

    It lies on disk without a name, and is gone when its bytes were given or nobody wants them. What
    goes wrong while it is written is raised here, not on the way out.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115 – closed by whoever is given its bytes
    try:
        write(target)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return _pieces(target)


def _pieces(target: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, which is closed behind them."""
    with target:
        while piece := target.read(CHUNK):
            yield piece


def _fill(target: IO[bytes], name: str, fill: Callable[[Page], None]) -> None:
    from xlsxwriter import Workbook

    with tempfile.TemporaryDirectory(prefix="lifang-") as folder:
        told = {"constant_memory": True, "tmpdir": folder, "use_zip64": True}
        book = Workbook(target, told)
        book.set_properties({"created": BORN, "author": "", "comments": ""})
        sheet = book.add_worksheet(_sheet_name(name), worksheet_class=_plain_sheet())
        page = Page(sheet, _formats(book))
        try:
            fill(page)
        except BaseException:
            book.fileclosed = True  # half a file is not worth finishing
            sheet.row_data_fh.close()
            raise
        page.close()
        book.close()


def _plain_sheet() -> type[Worksheet]:
    """A sheet that takes no text for markup: the library writes `<r>…</r>` as it stands."""
    from xlsxwriter.worksheet import Worksheet

    class PlainSheet(Worksheet):  # type: ignore[misc, unused-ignore]
        """Writes every text as text."""

        def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
            self._xml_inline_string(string, True, list(attributes))  # noqa: FBT003

        def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
            """Write every digit: the library stops at sixteen, and some numbers have one more."""
            told = "".join(f' {name}="{value}"' for name, value in attributes)
            self.fh.write(f"<c{told}><v>{number!r}</v></c>")

        @staticmethod
        def _escape_control_characters(data: Any) -> Any:
            """Tell apart `_x0041_` and what stands for a letter, also where two of them touch."""
            if not isinstance(data, str):
                return data
            data = _LOOKS_ESCAPED.sub("_x005F_", data)
            return _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", data)

    return PlainSheet


def _formats(book: Any) -> dict[str, Format]:
    text = {"num_format": "@", "valign": "vcenter"}
    centre = {**text, "align": "center", "bold": True}
    return {
        "number": book.add_format({"valign": "vcenter"}),
        "text": book.add_format(text),
        "head": book.add_format({**text, "bold": True}),
        "title": book.add_format({**centre, "font_size": 16}),
        "note": book.add_format(text),
        "ruled": book.add_format({**text, "border": 1, "text_wrap": True, "quote_prefix": True}),
        "ruled_number": book.add_format({"valign": "vcenter", "border": 1}),
        "ruled_head": book.add_format({**centre, "border": 1, "text_wrap": True}),
    }


def _sheet_name(name: str) -> str:
    """What a sheet may be called: short, and without what addresses are made of."""
    return re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:31] or "1"


def _fitting(text: str) -> str:
    """The text, if a cell can hold it whole; a cut one would come back as another."""
    if len(text) > LONGEST_CELL:
        raise Invalid(_("有一格超过 {n} 个字，表格放不下；请导出为 CSV", n=LONGEST_CELL))
    return text


def _width(text: str) -> int:
    """How many columns of a typewriter a text takes; its longest line counts."""
    lines = text.splitlines() or [""]
    return max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in lines)
