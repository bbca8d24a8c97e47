"""Figures as people and programs read them: in words, as JSON, as a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from lifang.kit import clock
from lifang.kit.words import _
from lifang.mechanisms.figures import Cell, Row, Statement, Table
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


def place(table: Table, row: Row) -> str:
    """A row's place or organization; what lies directly at the place, or is of no organization."""
    if not row.own:
        return row.name
    return _("没有单位的") if table.by_unit else _("{name}（不在下列各处的）", name=row.name)


def title(asked: Indicator) -> str:
    """What an indicator is called, with its unit."""
    label, unit = _(asked.label), asked.unit and _(asked.unit)
    return _("{label}（{unit}）", label=label, unit=unit) if unit else label


def until(table: Table) -> str:
    """Up to when the records were looked at."""
    return _("数据截至 {at}", at=clock.local(table.until).strftime("%Y-%m-%d %H:%M"))


def notes(*tables: Table) -> list[str]:
    """What stands under some tables: what each counts, and the local rules that decided it."""
    named = len(tables) > 1
    told = [
        _("{label}：{note}", label=_(one.indicator.label), note=_(note)) if named else _(note)
        for one in tables
        for note in one.indicator.notes
    ]
    for rule in dict.fromkeys(rule for one in tables for rule in one.rules):
        word = rule.setting.written(rule.value)
        value = dict(rule.setting.options())[word]
        where = {"place": rule.place, "on": rule.on.isoformat()}
        label = _(rule.setting.label)
        told.append(
            _("「{label}」为「{value}」：{place} {on} 的规定", label=label, value=value, **where)
        )
        if rule.others:
            names = _("、").join(rule.others)
            told.append(
                _(
                    "下列地方另有规定，本表仍按{place}的规定计算：{names}",
                    names=names,
                    place=rule.place,
                )
            )
    return told


def described(asked: Indicator) -> dict[str, Any]:
    """An indicator as JSON."""
    return {
        "name": asked.name,
        "label": _(asked.label),
        "unit": _(asked.unit) if asked.unit else "",
        "better": asked.better,
        "note": _("；").join(_(one) for one in asked.notes),
    }


def plain(table: Table) -> dict[str, Any]:
    """A table as JSON: the place asked for as `total`, those below it as `rows`."""
    return {
        "indicator": described(table.indicator),
        "period": table.period.key,
        **_looked(table),
        "notes": notes(table),
        "goal": table.indicator.goal,
        "total": _row(table, table.total),
        "rows": [_row(table, row) for row in table.rows],
    }


def _looked(table: Table) -> dict[str, Any]:
    """How a table looked at the records, as JSON."""
    by = "unit" if table.by_unit else "place"
    told = {"tree": table.tree, "until": table.until.isoformat()}
    return {**told, "by": by, "unit": table.unit}


def _row(table: Table, row: Row) -> dict[str, Any]:
    figures = [
        {"period": period.key, **_figure(cell)}
        for period, cell in zip(table.periods, row.cells, strict=True)
    ]
    return {"code": row.code, "name": row.name, "own": row.own, "figures": figures}


def _figure(cell: Cell) -> dict[str, Any]:
    names = ("value", "numerator", "denominator", "before", "withheld")
    return {name: getattr(cell, name) for name in names}


def corner(table: Table) -> str:
    """What stands above the names of the lines."""
    return _("单位名称") if table.by_unit else _("地方")


def headings(table: Table) -> list[str]:
    """What stands above the columns of `cells`."""
    asked, first = table.indicator, corner(table)
    if len(table.periods) > 1:
        return [first, *(period.key for period in table.periods)]
    divided = [_("分子 / 分母")] if asked.per else []
    return [first, table.period.key, *divided, _("上期"), _("比上期")]


def cells(table: Table, row: Row) -> list[str]:
    """A row in words, under `headings`."""
    asked, [first, *_more] = table.indicator, row.cells
    if len(table.periods) > 1:
        told = (f"{value(asked, cell)} {parts(cell)}".rstrip() for cell in row.cells)
        return [place(table, row), *told]
    divided = [parts(first) or NOTHING] if asked.per else []
    before = NOTHING if first.withheld else _amount(asked, first.before)
    return [place(table, row), value(asked, first), *divided, before, change(asked, first)]


def file(table: Table, form: str) -> Iterator[bytes]:
    """A table as CSV or XLSX: a line for each line and period, with what was divided by what."""
    names = [corner(table), _("编号"), _("统计期"), _("数值"), _("分子"), _("分母"), _("上期")]
    rows = (
        [place(table, row), row.code, period.key,
         value(table.indicator, cell) if cell.withheld else cell.value,
         cell.numerator, cell.denominator, cell.before]
        for row in (table.total, *table.rows)
        for period, cell in zip(table.periods, row.cells, strict=True)
    )  # fmt: skip
    return _written(title(table.indicator), [until(table)], names, rows, notes(table), form)


def _cell(asked: Indicator, cell: Cell) -> workbook.Cell:
    return value(asked, cell) if cell.withheld or cell.value is None else cell.value


def _written(
    name: str,
    above: Sequence[str],
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    below: Sequence[str],
    form: str,
) -> Iterator[bytes]:
    """A sheet with a title, a header on every page, and notes under the rows."""

    def fill(page: lines.Paper) -> None:
        page.banner(name, len(heads), look="title")
        for text in above:
            page.banner(text, len(heads), look="note")
        page.head(heads)
        page.for_paper("&P / &N")
        for row in rows:
            page.add(row)
        for text in below:
            page.banner(text, len(heads), look="note")

    if form == "xlsx":
        return workbook.written(name, fill)
    return lines.written(lines.FORMS[form], fill)


def lines_of(statement: Statement) -> list[tuple[str, str, bool, list[str]]]:
    """The lines of a statement in words: name, code, whether what is of no other, and figures."""
    return [
        (name, row.code, row.own, [
            value(one.indicator, cell) if cell.withheld else bare(one.indicator, cell)
            for one, cell in cells
        ])
        for name, row, cells in _lines(statement)
    ]  # fmt: skip


def _lines(statement: Statement) -> Iterator[tuple[str, Row, list[tuple[Table, Cell]]]]:
    """Places or organizations, or months where these are asked for; the whole comes first."""
    [first, *_more] = statement.tables
    if len(first.periods) > 1:
        for number, period in enumerate(first.periods):
            cells = [(one, one.total.cells[number]) for one in statement.tables]
            yield period.key, replace(first.total, code=period.key), cells
        return
    rows = [(one.total, *one.rows) for one in statement.tables]
    for at, row in enumerate(rows[0]):
        cells = [(one, told[at].cells[0]) for one, told in zip(statement.tables, rows, strict=True)]
        yield place(first, row), row, cells


def under(statement: Statement) -> list[str]:
    """What stands under a statement."""
    left = [
        _("「{label}」的记录不属于单位，不在表中", label=_(one.label)) for one in statement.left
    ]
    return [*notes(*statement.tables), *left]


def stated(statement: Statement) -> dict[str, Any]:
    """A statement as JSON: a column for each indicator; the first row is the place asked for."""
    [first, *_more] = statement.tables
    return {
        "period": first.period.key,
        **_looked(first),
        "columns": [described(one.indicator) for one in statement.tables],
        "rows": [
            {
                "code": row.code,
                "name": name,
                "own": row.own,
                "figures": [_figure(cell) for _one, cell in cells],
            }
            for name, row, cells in _lines(statement)
        ],
        "notes": under(statement),
    }


def headline(statement: Statement) -> str:
    """What a statement is called."""
    return _("{label}指标表", label=_(statement.label))


def stated_file(statement: Statement, form: str) -> Iterator[bytes]:
    """A statement as CSV or XLSX, as it stands on the page."""
    [first, *_more] = statement.tables
    heads = [corner(first), _("编号"), *(title(one.indicator) for one in statement.tables)]
    rows = (
        [name, row.code, *(_cell(one.indicator, cell) for one, cell in cells)]
        for name, row, cells in _lines(statement)
    )
    above = [f"{first.total.name} {first.period.key}", until(first)]
    return _written(headline(statement), above, heads, rows, under(statement), form)
