"""Figures that are reported upwards, on a terminal or as files."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.exporting import demand_a_file, hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, one_of, option
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.mechanisms import figures, telling
from lifang.mechanisms.period import Period
from lifang.services.query import NOW, THEN

AS_OF = n_("now 按现在的区划（默认），then 按每条记录当时的区划")
KINDS = n_(
    "month 逐月；below 逐个下级，或一类社区：district、subdistrict、community 等；可以各用一次"
)


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `indicators`."""
    params = [
        argument("name", metavar="NAME"),
        option("--within", metavar="CODE", help=n_("哪个社区；默认是您管辖范围的最上一级")),
        option("--period", metavar="PERIOD",
               help=n_("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本月")),
        option("--by", metavar="WORD", multiple=True, help=KINDS),
        option("--tree", metavar="now|then", default=NOW, help=AS_OF, callback=one_of(NOW, THEN)),
        option("--format", metavar="FORM", callback=one_of("csv", "xlsx"),
               help=n_("写成 csv 或 xlsx 文件")),
        option("--output", "-o", metavar="FILE", help=n_("写入这个文件；默认是标准输出")),
    ]  # fmt: skip
    made = [
        Command("list", n_("列出指标"), _list),
        Command("show", n_("一项指标的数值：分子、分母、与上期比较"), _show, params),
    ]
    return Group(name, help, made)


def _list(session: Session, given: Given) -> None:
    found = [telling.described(one) for one in figures.indicators(session.caller)]
    if session.json:
        showing.emit_list(found)
        return
    headings = [_("指标"), _("名称"), _("单位"), _("说明")]
    rows = ([one["name"], one["label"], one["unit"], one["note"]] for one in found)
    showing.lines(headings, rows)


def _show(session: Session, given: Given) -> None:
    caller, form = session.caller, given["format"]
    asked = figures.indicator(caller, given["name"])
    period = Period.read(given["period"])
    table = figures.table(
        caller, asked, within=given["within"], period=period, by=given["by"], tree=given["tree"]
    )
    if session.json:
        showing.emit(telling.plain(table))
        return
    if form is not None:
        if form == "xlsx":
            demand_a_file(given["output"])
        hand_out(telling.file(table, form), given["output"])
        return
    showing.lines(
        telling.headings(table), (telling.cells(table, row) for row in (table.total, *table.rows))
    )
    click.echo(telling.until(table), err=True)
