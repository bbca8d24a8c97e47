"""Figures that are reported upwards, on a terminal or as files."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import click

from lifang.cli import showing
from lifang.cli.exporting import demand_a_file, hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, one_of, option
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.mechanisms import figures, telling
from lifang.services.query import NOW, THEN

AS_OF = n_("now 按现在的区划（默认），then 按每条记录当时的区划")
KINDS = n_(
    "month 逐月；below 逐个下级，或一类社区：district、subdistrict、community 等；unit 逐个单位"
)


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `indicators`."""
    params = [
        option("--within", metavar="CODE", help=n_("哪个社区；默认是您管辖范围的最上一级")),
        option("--period", metavar="PERIOD",
               help=n_("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本月")),
        option("--by", metavar="WORD", multiple=True, help=KINDS),
        option("--unit", metavar="ID", help=n_("只计这个单位的记录")),
        option("--tree", metavar="now|then", default=NOW, help=AS_OF, callback=one_of(NOW, THEN)),
        option("--format", metavar="FORM", callback=one_of("csv", "xlsx"),
               help=n_("写成 csv 或 xlsx 文件")),
        option("--output", "-o", metavar="FILE", help=n_("写入这个文件；默认是标准输出")),
    ]  # fmt: skip
    made = [
        Command("list", n_("列出指标"), _list),
        Command("show", n_("一项指标的数值：分子、分母、与上期比较"), _show,
                [argument("name", metavar="NAME"), *params]),
        Command("table", n_("一个插件的各项指标并列成表"), _table,
                [argument("plugin", metavar="PLUGIN"), *params]),
    ]  # fmt: skip
    return Group(name, help, made)


def _list(session: Session, given: Given) -> None:
    found = [telling.described(one) for one in figures.indicators(session.caller)]
    headings = [_("指标"), _("名称"), _("单位"), _("说明")]
    showing.listed(
        session, found, headings, itemgetter("name", "label", "unit", "note"), plain=dict
    )


def _show(session: Session, given: Given) -> None:
    asked = figures.indicator(session.caller, given["name"])
    table = figures.table(session.caller, asked, figures.Scope.read(given, given["by"]))
    if session.json:
        showing.emit(telling.plain(table))
    elif given["format"] is not None:
        _write(telling.file(table, given["format"]), given)
    else:
        rows = (telling.cells(table, row) for row in (table.total, *table.rows))
        showing.lines(telling.headings(table), rows)
        _below(telling.notes(table), table)


def _table(session: Session, given: Given) -> None:
    scope = figures.Scope.read(given, given["by"])
    told = figures.statement(session.caller, given["plugin"], scope)
    if session.json:
        showing.emit(telling.stated(told))
    elif given["format"] is not None:
        _write(telling.stated_file(told, given["format"]), given)
    else:
        lines = telling.lines_of(told)
        rows = ([name, *(telling.short(*one) for one in cells)] for name, _row, cells in lines)
        showing.lines(telling.heads(told), rows)
        _below(telling.under(told), told.tables[0])


def _write(pieces: Iterator[bytes], given: Given) -> None:
    if given["format"] == "xlsx":
        demand_a_file(given["output"])
    hand_out(pieces, given["output"])


def _below(notes: list[str], table: figures.Table) -> None:
    """What stands under a table: beside it on a terminal, and out of the way of a pipe."""
    for text in (*notes, telling.until(table)):
        click.echo(text, err=True)
