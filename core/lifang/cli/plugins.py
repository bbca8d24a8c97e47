"""Plugins as administrators handle them: seen, installed, switched on and off along the tree."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from lifang.cli import (
    configured,
    plugin_isolation,
    plugin_making,
    plugin_removing,
    plugin_shipping,
    plugin_switching,
    showing,
)
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import flag, option
from lifang.cli.plugin_checking import check_command
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import switching
from lifang.lifecycle.states import STATES, Listed, Switch


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `plugin`."""
    id, *place = plugin_switching.where()
    lock = flag("--lock", help=n_("锁定：下面的社区不能有自己的开关"))
    return Group(
        name,
        help,
        [
            Command("list", n_("列出这台机器上的插件"), _list),
            Command("show", n_("显示一个插件"), _show, [id]),
            *plugin_shipping.commands(),
            Command(
                "enable",
                n_("在一个社区和它下面启用，立即生效"),
                _enable,
                [id, *place, lock, *_past()],
            ),
            Command(
                "disable",
                n_("在一个社区和它下面停用，数据保留"),
                _disable,
                [id, *place, lock],
            ),
            *plugin_switching.commands(),
            Command(
                "config",
                n_("设置：名称=值，从某日起在一个社区和它下面有效；不写值就是恢复继承"),
                configured.configure,
                [id, *configured.SETTING, *place],
            ),
            *plugin_isolation.commands(),
            *plugin_making.commands(),
            check_command(),
            *plugin_removing.commands(),
        ],
    )


def _past() -> list[click.Parameter]:
    told = n_("新启用的地方，过去的事件从何时起告诉它：start、now（默认）或日期")
    return [
        option("--history", metavar="start|now|DATE", help=told),
        flag("--resume", help=n_("重新启用：补上停用期间的事件（默认）")),
        flag("--skip", help=n_("重新启用：略过停用期间的事件")),
        flag("--restart", help=n_("重新启用：从头再告诉一遍")),
    ]


def _history(given: Given, known: Listed) -> str | None:
    """What somebody chose to be told of the past; where it was off before, a terminal is asked."""
    words = ("resume", "skip", "restart")
    chosen = [word for word in words if given[word]]
    chosen += [given["history"]] if given["history"] is not None else []
    if len(chosen) > 1:
        raise Malformed(_("--history、--resume、--skip、--restart 只能选一个"))
    was_off = any(one.code == given["at"] and not one.on for one in known.switches)
    if not chosen and was_off and sys.stdin.isatty():
        asked = _("停用期间的事件：补上 resume、略过 skip、从头 restart")
        chosen = [click.prompt(asked, type=click.Choice(words), default="resume", err=True)]
    return chosen[0] if chosen else None


def _list(session: Session, given: Given) -> None:
    found = switching.listed(session.caller)
    if session.instance.plugins.safe:
        click.echo(_("安全模式：没有载入任何插件；去掉 LIFANG_SAFE 即可离开"), err=True)
    headings = [_("插件"), _("名称"), _("版本"), _("状态"), _("启用的地方")]
    showing.listed(session, found, headings, _row)


def _row(one: Listed) -> list[str]:
    return [one.id, one.label, one.version, _state(one), _on(one)]


def _state(one: Listed) -> str:
    return _(STATES.get(one.state, one.state))


def _on(one: Listed) -> str:
    """Where a plugin is on, and where below that it is off again."""
    return _("、").join(map(_one, one.switches)) or "—"


def _one(switch: Switch) -> str:
    named = {"name": switch.name, "code": switch.code}
    if switch.reason is not None:
        return _("（{name} 暂停：{why}）", name=switch.name, why=switch.reason)
    if switch.locked:
        return (
            _("{name} {code}（锁定）", **named) if switch.on else _("（除 {name}，锁定）", **named)
        )
    return f"{switch.name} {switch.code}" if switch.on else _("（除 {name}）", name=switch.name)


def _show(session: Session, given: Given) -> None:
    _tell(session, switching.show(session.caller, given["id"]))


def _tell(session: Session, one: Listed) -> None:
    if session.json:
        showing.emit(asdict(one))
        return
    told = [
        (_("插件"), one.id),
        (_("名称"), one.label),
        (_("版本"), one.version),
        (_("简介"), one.summary),
        (_("状态"), _state(one)),
        (_("启用的地方"), _on(one)),
    ]
    told += [(_("原因"), _("；").join(one.reasons)), (_("怎么办"), one.help or "")]
    showing.pairs((label, said) for label, said in told if said)
    _tell_history(one)
    plugin_isolation.tell_parts(session, one.id)
    if one.error:
        click.echo(one.error.strip())


def _tell_history(one: Listed) -> None:
    if one.history is not None:
        click.echo(_("过去的事件从位置 {n} 起完整，更早的已归档", n=one.history))


def _enable(session: Session, given: Given) -> None:
    _switch(session, given, on=True)


def _disable(session: Session, given: Given) -> None:
    _switch(session, given, on=False)


def _switch(session: Session, given: Given, *, on: bool) -> None:
    known = switching.show(session.caller, given["id"])
    verb = _("启用") if on else _("停用")
    asked = _("在所有顶级社区{verb}插件「{label}」？", verb=verb, label=known.label)
    plugin_switching.demand_place(given, asked)
    history = _history(given, known) if on else None

    def work(how: switching.How) -> Listed:
        where = given["at"]
        return switching.switch(session.caller, known.id, at=where, on=on, history=history, how=how)

    one = plugin_switching.with_others(given, work)
    if known.state == "available":
        click.echo(_("已安装插件 {id} {version}", id=one.id, version=one.version), err=True)
    if session.json:
        showing.emit(asdict(one))
        return
    where = plugin_switching.place(given)
    if on:
        click.echo(_("已在 {where} 启用插件 {id}，立即生效", where=where, id=one.id))
        _tell_history(one)
    else:
        click.echo(_("已在 {where} 停用插件 {id}，立即生效", where=where, id=one.id))
