"""Sheets on a terminal and as files, and issued with a code that anybody can verify."""

from __future__ import annotations

from typing import Any

import click

from lifang.cli import showing
from lifang.cli.exporting import demand_a_file, hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, one_of, option, whole
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.mechanisms import documents, filling, sheet

FORMS = tuple(filling.FORMS)


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `sheets`."""
    told = n_("哪个组织；单位联络员默认是本单位")
    unit = option("--unit", metavar="ID", help=told, callback=whole(1))
    asked = [
        argument("name", metavar="NAME"),
        option("--within", metavar="CODE", help=n_("哪个社区；默认是您管辖范围的最上一级")),
        unit,
        option("--period", metavar="PERIOD",
               help=n_("统计期：2026-11、2026-Q4、2026-H2 或 2026；默认本季度")),
    ]  # fmt: skip
    taken = [
        option("--format", metavar="FORM", callback=one_of(*FORMS),
               help=n_("写成 xlsx 或 json 文件")),
        option("--purpose", metavar="TEXT",
               help=n_("用途，记入审计；有权的人说明用途后，敏感信息不遮盖")),
        option("--output", "-o", metavar="FILE", help=n_("写入这个文件；默认是标准输出")),
    ]  # fmt: skip
    return Group(name, help, [
        Command("list", n_("列出台账和报表"), _list),
        Command("show", n_("一张台账或报表：标题、填报单位、各行"), _show, [*asked, *taken]),
        Command("issue", n_("开具：存为带编号和验证码的文书"), _issue, asked),
    ])  # fmt: skip


def _asked(session: Session, given: Given) -> sheet.AskedFor:
    told = {key: given[key] for key in ("within", "unit", "period")}
    return sheet.asked(session.caller, given["name"], **told)


def _list(session: Session, given: Given) -> None:
    found = [filling.described(one) for one in sheet.sheets(session.caller)]
    showing.listed(session, found, [_("台账和报表"), _("名称"), _("范围")], _row, plain=dict)


def _row(one: dict[str, Any]) -> list[str]:
    return [one["name"], one["label"], _("、").join(one["by"])]


def _show(session: Session, given: Given) -> None:
    asked, form = _asked(session, given), given["format"]
    filled = filling.Filled(asked, purpose=given["purpose"])
    if form is not None or filled.purpose is not None:
        filled.leaves(form or "json")
    if form is not None:
        if form == "xlsx":
            demand_a_file(given["output"])
        return hand_out(filled.file(form), given["output"])
    if session.json:
        return showing.emit(filled.facts() | {"rows": list(filled.rows())})
    click.echo(filled.title, err=True)
    cells = ([str("" if cell is None else cell) for cell in row] for row in filled.rows())
    showing.lines(filled.headings, cells)
    if filled.note:
        click.echo(filled.note, err=True)
    return None


def _issue(session: Session, given: Given) -> None:
    made = filling.issue(session.caller, _asked(session, given))
    if session.json:
        return showing.emit(documents.shown(session.caller, made.id))
    return click.echo(_("已开具 {number}，验证码 {code}", number=made.number, code=made.code))
