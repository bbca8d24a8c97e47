"""Settings of plugins: `plugin config` sets them, `settings` tells what holds where and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import Argument, argument, day, flag, option
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import dated
from lifang.lifecycle.dated import Decree, Told

SETTING: list[click.Parameter] = [
    Argument(["values"], nargs=-1, required=False, metavar="KEY=VALUE…"),
    option("--from", "since", metavar="DATE", callback=day, help=n_("从这一天起，默认今天")),
    option("--basis", metavar="TEXT", help=n_("依据：文件名称或文号")),
    option("--preset", metavar="NAME", help=n_("采用一套已知的做法")),
    flag("--lock", help=n_("下级不得另行设置")),
]
WHERE: list[click.Parameter] = [
    option("--at", metavar="CODE", help=n_("在这个社区；不写就是第一个顶级社区")),
    option("--on", metavar="DATE", callback=day, help=n_("在这一天，默认今天")),
]


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `settings`."""
    plugin = option("--plugin", metavar="ID", help=n_("只看这个插件的"))
    key = argument("key", metavar="KEY")
    return Group(
        name,
        help,
        [
            Command("show", n_("列出各插件的设置和它们在某地某日的值"), _show, [plugin, *WHERE]),
            Command("explain", n_("说明一项设置为什么是这个值"), _explain, [key, *WHERE]),
        ],
    )


def configure(session: Session, given: Given) -> None:
    """Set something, or without anything to set show what there is."""
    at = given["at"]
    if not given["values"] and given["preset"] is None:
        _tell(session, dated.shown(session.caller, given["id"], at=at, on=given["since"]))
        return
    if at is None and not given["yes"]:
        raise Malformed(_("请用 --at 说明在哪个社区；要在所有顶级社区，请加 --yes"))
    told = dated.configure(
        session.caller,
        given["id"],
        dict(_pair(said) for said in given["values"]),
        Decree(given["basis"] or "", at, given["since"], given["preset"], given["lock"]),
    )
    _tell(session, told)


def _pair(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals:
        raise Malformed(_("「{said}」应写成 名称=值", said=said))
    return name.strip().replace("-", "_"), value


def _show(session: Session, given: Given) -> None:
    told = dated.shown(session.caller, given["plugin"], at=given["at"], on=given["on"])
    _tell(session, told)


def _tell(session: Session, told: Iterable[Told]) -> None:
    told = list(told)
    if session.json:
        showing.emit_list(_plain(one) for one in told)
        return
    if not told:
        click.echo(_("没有可以设置的"))
        return
    headings = [_("设置"), _("名称"), _("值"), _("由谁定")]
    showing.lines(
        headings,
        [[f"{one.plugin}.{one.key}", one.label, f"{one.value}{one.unit}", _source(one)]
         for one in told],
    )  # fmt: skip


def _source(one: Told) -> str:
    layer = next((layer for layer in one.layers if layer.holds), None)
    return _("默认") if layer is None else f"{layer.name} {layer.from_date} {layer.basis}"


def _explain(session: Session, given: Given) -> None:
    one = dated.explain(session.caller, given["key"], at=given["at"], on=given["on"])
    if session.json:
        showing.emit(_plain(one))
        return
    showing.pairs([(_("设置"), f"{one.plugin}.{one.key}"), (_("名称"), one.label)])
    showing.pairs([(_("值"), f"{one.value}{one.unit}"), (_("可以是"), one.right)])
    for layer in one.layers:
        said = layer.value if layer.value is not None else _("恢复继承")
        told = [_("自 {day} 起：{value}", day=layer.from_date, value=said)]
        told += [_("依据：{basis}", basis=layer.basis)]
        told += [_("预设：{name}", name=layer.preset)] if layer.preset else []
        told += [_("下级不得更改")] if layer.locked else []
        mark = "→" if layer.holds else " "
        click.echo(widths.plain(f"{mark} {layer.name} {layer.code}  {_('；').join(told)}"))
    mark = " " if any(layer.holds for layer in one.layers) else "→"
    click.echo(widths.plain(f"{mark} {_('默认')}  {one.default}"))
    for name, value in one.presets.items():
        click.echo(widths.plain(f"  {_('预设：{name}', name=name)}  {value}"))


def _plain(one: Told) -> dict[str, Any]:
    told = asdict(one)
    for layer in told["layers"]:
        layer["from_date"] = layer["from_date"].isoformat()
    return told
