"""Figures as people and programs read them: in words, as JSON, as a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifang.kit import clock
from lifang.kit.words import _
from lifang.mechanisms.figures import Cell, Row, Table
from lifang.mechanisms.indicator import Indicator
from lifang.services import lines, workbook

NOTHING = "—"
FORMS = {"json": "application/json", "csv": "text/csv; charset=utf-8", "xlsx": workbook.TYPE}


def value(asked: Indicator, cell: Cell) -> str:
    """A figure with its unit; "—" where there is nothing to divide by."""
    if cell.withheld:
        return _("人数过少，不显示")
    return _amount(asked, cell.value)


def bare(asked: Indicator, cell: Cell) -> str:
    """A figure without its unit."""
    return NOTHING if cell.value is None else f"{cell.value:,.{asked.digits}f}"


def parts(cell: Cell) -> str:
    """What was divided by what: `17 / 40`; nothing where nothing is divided."""
    if cell.withheld or cell.denominator is None:
        return ""
    return f"{cell.numerator:,} / {cell.denominator:,}"


def change(asked: Indicator, cell: Cell) -> str:
    """How far a figure is from that of the period before, with its sign."""
    if cell.withheld or cell.value is None or cell.before is None:
        return NOTHING
    moved = cell.value - cell.before
    return f"{moved:+,.{asked.digits}f}" if moved else "0"


def _amount(asked: Indicator, number: float | None) -> str:
    if number is None:
        return NOTHING
    unit = asked.unit if asked.unit == "%" else _(asked.unit) if asked.unit else ""
    return f"{number:,.{asked.digits}f}" + (unit if unit == "%" or not unit else f" {unit}")


def place(row: Row) -> str:
    """A row's place, and that it is what lies directly there."""
    return _("{name}（不在下列各处的）", name=row.name) if row.own else row.name


def until(table: Table) -> str:
    """Up to when the records were looked at."""
    return _("数据截至 {at}", at=clock.local(table.until).strftime("%Y-%m-%d %H:%M"))


def described(asked: Indicator) -> dict[str, Any]:
    """An indicator as JSON."""
    return {
        "name": asked.name,
        "label": _(asked.label),
        "unit": _(asked.unit) if asked.unit else "",
        "better": asked.better,
        "note": _(asked.note) if asked.note else "",
    }


def plain(table: Table) -> dict[str, Any]:
    """A table as JSON: the place asked for as `total`, those below it as `rows`."""
    return {
        "indicator": described(table.indicator),
        "period": table.period.key,
        "tree": table.tree,
        "until": table.until.isoformat(),
        "total": _row(table, table.total),
        "rows": [_row(table, row) for row in table.rows],
    }


def _row(table: Table, row: Row) -> dict[str, Any]:
    names = ("value", "numerator", "denominator", "before", "withheld")
    figures = [
        {"period": period.key, **{name: getattr(cell, name) for name in names}}
        for period, cell in zip(table.periods, row.cells, strict=True)
    ]
    return {"code": row.code, "name": row.name, "own": row.own, "figures": figures}


def headings(table: Table) -> list[str]:
    """What stands above the columns of `cells`."""
    asked = table.indicator
    if len(table.periods) > 1:
        return [_("地方"), *(period.key for period in table.periods)]
    divided = [_("分子 / 分母")] if asked.per else []
    return [_("地方"), table.period.key, *divided, _("上期"), _("比上期")]


def cells(table: Table, row: Row) -> list[str]:
    """A row in words, under `headings`."""
    asked, [first, *_more] = table.indicator, row.cells
    if len(table.periods) > 1:
        told = (f"{value(asked, cell)} {parts(cell)}".rstrip() for cell in row.cells)
        return [place(row), *told]
    divided = [parts(first) or NOTHING] if asked.per else []
    before = NOTHING if first.withheld else _amount(asked, first.before)
    return [place(row), value(asked, first), *divided, before, change(asked, first)]


def file(table: Table, form: str) -> Iterator[bytes]:
    """A table as CSV or XLSX: a line for each place and period, with what was divided by what."""
    asked = table.indicator
    names = [_("地方"), _("编号"), _("统计期"), _("数值"), _("分子"), _("分母"), _("上期")]

    def fill(page: lines.Paper) -> None:
        title = _("{label}（{unit}）", label=_(asked.label), unit=_(asked.unit) or NOTHING)
        page.banner(title if asked.unit else _(asked.label), len(names), look="title")
        page.banner(until(table), len(names), look="note")
        page.head(names)
        for row in (table.total, *table.rows):
            for period, cell in zip(table.periods, row.cells, strict=True):
                told = value(asked, cell) if cell.withheld else cell.value
                figures = (told, cell.numerator, cell.denominator, cell.before)
                page.add([place(row), row.code, period.key, *figures])

    if form == "xlsx":
        return workbook.written(_(asked.label), fill)
    return lines.written(lines.FORMS[form], fill)
