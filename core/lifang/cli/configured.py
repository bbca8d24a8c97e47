"""Settings of plugins: `plugin config` sets them, `settings` tells what holds where and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from lifang.cli import showing, widths
from lifang.cli.exporting import hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, day, flag, one_of, option
from lifang.cli.plugin_switching import demand_place
from lifang.cli.session import Session
from lifang.kit.causes import why
from lifang.kit.errors import Malformed, NotReady
from lifang.kit.words import _, n_
from lifang.lifecycle import dated, settings_files
from lifang.lifecycle.dated import Decree, Told
from lifang.lifecycle.layers import Layer
from lifang.lifecycle.settings_files import FORMATS, STATES, Plan
from lifang.services.event_log import told as plain

SETTING: list[click.Parameter] = [
    argument("values", nargs=-1, required=False, metavar="KEY=VALUE…"),
    option("--from", "since", metavar="DATE", callback=day, help=n_("从这一天起，默认今天")),
    option("--basis", metavar="TEXT", help=n_("依据：文件名称或文号")),
    option("--approved-by", metavar="TEXT", help=n_("批准人：姓名、职务或会议")),
    option("--preset", metavar="NAME", help=n_("采用一套已知的做法")),
    flag("--lock", help=n_("下级不得另行设置")),
    flag("--dry-run", help=n_("只预览，不写入")),
]
AT: click.Parameter = option(
    "--at", metavar="CODE", help=n_("在这个社区；不写就是您管辖范围的最上一级")
)
WHERE: list[click.Parameter] = [
    AT,
    option("--on", metavar="DATE", callback=day, help=n_("在这一天，默认今天")),
]


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `settings`."""
    plugin = option("--plugin", metavar="ID", help=n_("只看这个插件的"))
    key = argument("key", metavar="KEY")
    file = argument("file", metavar="FILE")
    form = option("--format", metavar="|".join(FORMATS), callback=one_of(*FORMATS),
                  help=n_("文件格式，默认按文件名，否则 json"))  # fmt: skip
    return Group(
        name,
        help,
        [
            Command("show", n_("列出各插件的设置和它们在某地某日的值"), _show, [plugin, *WHERE]),
            Command("explain", n_("说明一项设置为什么是这个值"), _explain, [key, *WHERE]),
            Command("history", n_("一项设置在某地和它上面的历次规定"), _history, [key, AT]),
            Command("export", n_("把一个社区和它下面的全部设置导出为文件"), _export,
                    [argument("file", required=False, metavar="FILE"), AT, form]),
            Command("import", n_("导入一个社区的全部设置：先核对，全部正确才写入"), _import,
                    [file, AT, flag("--dry-run", help=n_("只预览，不写入"))]),
        ],
    )  # fmt: skip


def configure(session: Session, given: Given) -> None:
    """Set something, or without anything to set show what there is."""
    at = given["at"]
    if not given["values"] and given["preset"] is None:
        _tell(session, dated.shown(session.caller, given["id"], at=at, on=given["since"]))
        return
    demand_place(given)
    values = dict(_pair(said) for said in given["values"])
    by = Decree(given["basis"] or "", at, given["since"], given["preset"], given["lock"],
                given["approved_by"])  # fmt: skip
    if given["dry_run"]:
        found = dated.preview(session.caller, given["id"], values, by)
        if session.json:
            showing.emit({"preview": [plain(one) for one in found]})
            return
        showing.lines([_("设置"), _("名称"), _("现在"), _("将改为")],
                      [[f"{one.plugin}.{one.key}", one.label, one.before, one.after]
                       for one in found])  # fmt: skip
        return
    _tell(session, dated.configure(session.caller, given["id"], values, by))


def _pair(said: str) -> tuple[str, str]:
    """A name and its value; `-` is typed unseen or comes by a pipe: secrets leave no trace."""
    name, equals, value = said.partition("=")
    if not equals:
        raise Malformed(_("「{said}」应写成 名称=值", said=said))
    if value == "-":
        unseen = sys.stdin.isatty()
        value = (
            click.prompt(name, hide_input=True, err=True) if unseen else sys.stdin.readline()
        ).strip()
    return name.strip().replace("-", "_"), value


def _show(session: Session, given: Given) -> None:
    told = dated.shown(session.caller, given["plugin"], at=given["at"], on=given["on"])
    _tell(session, told)


def _tell(session: Session, told: Iterable[Told]) -> None:
    told = list(told)
    if not told and not session.json:
        click.echo(_("没有可以设置的"))
        return
    headings = [_("设置"), _("名称"), _("值"), _("由谁定")]
    showing.listed(session, told, headings, _row, plain=plain)


def _row(one: Told) -> list[str]:
    layer, value = one.decided, one.measured(one.value) if one.value else "—"
    source = f"{layer.name} {layer.from_date} {layer.basis}" if layer else _undecided(one)
    return [f"{one.plugin}.{one.key}", one.label, value, source]


def _undecided(one: Told) -> str:
    return _("没有设置") if one.required else _("默认")


def _explain(session: Session, given: Given) -> None:
    one = dated.explain(session.caller, given["key"], at=given["at"], on=given["on"])
    if session.json:
        showing.emit(plain(one))
        return
    showing.pairs([(_("设置"), f"{one.plugin}.{one.key}"), (_("名称"), one.label)])
    showing.pairs([(_("值"), one.measured(one.value) if one.value else _("没有设置")),
                   (_("可以是"), one.right)])  # fmt: skip
    for layer in one.layers:
        _line("→" if layer.holds else " ", layer)
    default = _("没有设置") if one.required else one.default
    click.echo(widths.plain(f"{' ' if one.decided else '→'} {_('默认')}  {default}"))
    for layer in one.upcoming:
        _line("+", layer)
    for name, value in one.presets.items():
        click.echo(widths.plain(f"  {_('预设：{name}', name=name)}  {value}"))


def _line(mark: str, layer: Layer) -> None:
    """One word: what was said from which day on, on what basis, and why it does not hold."""
    said = layer.value if layer.value is not None else _("恢复继承")
    told = [_("自 {day} 起：{value}", day=layer.from_date, value=said)]
    told += [_("依据：{basis}", basis=layer.basis)]
    told += [_("批准：{name}", name=layer.approved_by)] if layer.approved_by else []
    told += [_("预设：{name}", name=layer.preset)] if layer.preset else []
    told += [_("下级不得更改")] if layer.locked else []
    told += [_("未采用：{why}", why=layer.why)] if layer.why else []
    click.echo(widths.plain(f"{mark} {layer.name} {layer.code}  {_('；').join(told)}"))


def _history(session: Session, given: Given) -> None:
    found = dated.history(session.caller, given["key"], at=given["at"])
    headings = [_("时间"), _("由谁"), _("社区"), _("自"), _("值"), _("依据"), _("批准人")]
    showing.listed(session, found, headings, _said, plain=plain)


def _said(one: Layer) -> list[str]:
    value = one.value if one.value is not None else _("恢复继承")
    at, day, name = showing.moment(one.set_at), str(one.from_date), one.approved_by or "—"
    return [at, one.set_by, one.name, day, value, one.basis, name]


def _export(session: Session, given: Given) -> None:
    file = given["file"]
    named = Path(file or "").suffix.removeprefix(".")
    form = given["format"] or (named if named in FORMATS else "json")
    hand_out([settings_files.export(session.caller, at=given["at"], form=form)], file)


def _import(session: Session, given: Given) -> int:
    file = Path(given["file"])
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotReady(_("读不了 {file}：{why}", file=file, why=why(error))) from error
    if given["dry_run"]:
        plan = settings_files.check(session.caller, content, at=given["at"])
    else:
        plan = settings_files.take_in(session.caller, content, at=given["at"], name=file.name)
    if session.json:
        showing.emit(plain(plan))
    else:
        _tell_plan(plan, dry_run=given["dry_run"])
    return Malformed.exit_code if plan.wrong else 0


def _tell_plan(plan: Plan, *, dry_run: bool) -> None:
    for one in plan.wrong:
        click.echo(_("第 {row} 项 {column}：{message}", row=one.row, column=one.column,
                     message=one.message))  # fmt: skip
    shown = [one for one in plan.lines if one.state != "same"]
    if shown:
        showing.lines(
            [_("结果"), _("设置"), _("名称"), _("社区"), _("自"), _("现在"), _("文件")],
            [[_(STATES[one.state]), f"{one.line.plugin}.{one.line.key}", one.label, one.name,
              one.line.since, one.before or "—", one.line.value or "—"] for one in shown],
        )  # fmt: skip
    told = _("、").join(f"{_(STATES[state])} {n}" for state, n in plan.counts.items() if n) or "—"
    click.echo(
        _("预览，没有写入：{told}", told=told) if dry_run else _("已导入：{told}", told=told)
    )
