"""Figures as people and programs read them: in words, as JSON, as a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lifang.kit import clock
from lifang.kit.words import _
from lifang.mechanisms import lines
from lifang.mechanisms.cells import Cell, Row
from lifang.mechanisms.figures import Statement, Table
from lifang.mechanisms.indicator import Indicator
from lifang.services import workbook

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


def short(asked: Indicator, cell: Cell) -> str:
    """A figure without its unit, which stands above it."""
    return value(asked, cell) if cell.withheld else bare(asked, cell)


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
    return _("数据截至 {at}", at=clock.shown(table.until))


def notes(*tables: Table) -> list[str]:
    """What stands under some tables: what each counts, and the local rules that decided it."""
    named = len(tables) > 1
    told = [
        _("{label}：{value}", label=_(one.indicator.label), value=_(note)) if named else _(note)
        for one in tables
        for note in one.indicator.notes
    ]
    for rule in (rule for one in tables for rule in one.rules):
        label, value = _(rule.setting.label), rule.setting.written(rule.value)
        said = {"label": label, "value": dict(rule.setting.options())[value], "on": f"{rule.on}"}
        told.append(_("「{label}」为「{value}」：{place} {on} 的规定", place=rule.place, **said))
        if rule.others:
            said = {"place": rule.place, "names": _("、").join(rule.others)}
            told.append(_("下列地方另有规定，本表仍按{place}的规定计算：{names}", **said))
    return list(dict.fromkeys(told))


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
        **_looked(table),
        "notes": notes(table),
        "goal": table.indicator.goal,
        "total": _row(table, table.total),
        "rows": [_row(table, row) for row in table.rows],
    }


def _looked(table: Table) -> dict[str, Any]:
    """How a table looked at the records, as JSON."""
    told = {"period": table.period.key, "tree": table.tree, "until": table.until.isoformat()}
    return {**told, "by": "unit" if table.by_unit else "place", "unit": table.unit}


def _row(table: Table, row: Row) -> dict[str, Any]:
    pairs = zip(table.periods, row.cells, strict=True)
    return _line(row.name, row, [{"period": one.key, **_figure(cell)} for one, cell in pairs])


def _line(name: str, row: Row, figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {"code": row.code, "name": name, "own": row.own, "figures": figures}


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
    asked = table.indicator
    heads = [corner(table), _("编号"), _("统计期"), _("数值"), _("分子"), _("分母"), _("上期")]
    names = ("numerator", "denominator", "before")
    rows = (
        [place(table, row), row.code, period.key,
         value(asked, cell) if cell.withheld else cell.value,
         *(getattr(cell, name) for name in names)]
        for row in (table.total, *table.rows)
        for period, cell in zip(table.periods, row.cells, strict=True)
    )  # fmt: skip
    return _written(title(asked), [until(table)], heads, rows, notes(table), form)


def _written(
    name: str, above: list[str], heads: list[str], rows: Iterable[list[Any]], below: list[str],
    form: str,
) -> Iterator[bytes]:  # fmt: skip
    """A sheet with a title, a header on every page, and notes above and under the rows."""

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

    return workbook.written(name, fill) if form == "xlsx" else lines.written(lines.Lines, fill)


def lines_of(statement: Statement) -> Iterator[tuple[str, Row, list[tuple[Indicator, Cell]]]]:
    """The lines of a statement, each with its name and the figures of every indicator.

    Lines are places or organizations, the whole first, or months.
    """
    [first, *_more] = statement.tables
    rows = [(one.total, *one.rows) for one in statement.tables]
    if len(first.periods) > 1:
        told = [(one.key, first.total, 0, at) for at, one in enumerate(first.periods)]
    else:
        told = [(place(first, row), row, at, 0) for at, row in enumerate(rows[0])]
    for name, row, line, column in told:
        pairs = zip(statement.tables, rows, strict=True)
        yield name, row, [(one.indicator, mine[line].cells[column]) for one, mine in pairs]


def under(statement: Statement) -> list[str]:
    """What stands under a statement."""
    labels = [_(one.label) for one in statement.left]
    left = [_("「{label}」的记录不属于单位，不在表中", label=label) for label in labels]
    return [*notes(*statement.tables), *left]


def stated(statement: Statement) -> dict[str, Any]:
    """A statement as JSON: a column for each indicator; the first row is the place asked for."""
    monthly = {"by": "month"} if len(statement.tables[0].periods) > 1 else {}
    return {
        **_looked(statement.tables[0]),
        **monthly,
        "columns": [described(one.indicator) for one in statement.tables],
        "rows": [
            _line(name, row, [_figure(cell) for _asked, cell in cells])
            for name, row, cells in lines_of(statement)
        ],
        "notes": under(statement),
    }


def heads(statement: Statement) -> list[str]:
    """What stands above the names of a statement's lines, and above its figures."""
    first = statement.tables[0]
    names = _("月份") if len(first.periods) > 1 else corner(first)
    return [names, *(title(one.indicator) for one in statement.tables)]


def headline(statement: Statement) -> str:
    """What a statement is called."""
    return _("{label}指标表", label=_(statement.label))


def stated_file(statement: Statement, form: str) -> Iterator[bytes]:
    """A statement as CSV or XLSX, as it stands on the page."""
    first, [names, *labels] = statement.tables[0], heads(statement)
    rows = (
        [name, row.code, *(short(*one) if one[1].value is None else one[1].value for one in cells)]
        for name, row, cells in lines_of(statement)
    )
    above = [f"{first.total.name} {first.period.key}", until(first)]
    above_all = [names, _("编号"), *labels]
    return _written(headline(statement), above, above_all, rows, under(statement), form)
