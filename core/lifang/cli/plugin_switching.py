"""Switches of plugins beyond on and off: suspended for a while, resumed, inherited again."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import asdict

import click

from lifang.cli import showing
from lifang.cli.asking import ask
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.kit.errors import Conflict, Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import switching
from lifang.lifecycle.states import Listed
from lifang.lifecycle.switching import How
from lifang.services.event_log import moment


def commands() -> list[Command]:
    """The verbs of `lifang plugin` for this."""
    until = option("--until", metavar="TIME", help=n_("到何时为止，之后自动恢复；不写就一直暂停"))
    return [
        Command(
            "suspend",
            n_("暂停：在一个社区和它下面都停用，并说明原因"),
            _suspend,
            [*where(), option("--reason", metavar="TEXT", help=n_("为什么；记入审计")), until],
        ),
        Command("resume", n_("结束暂停：各处恢复原状，补上暂停期间的事件"), _resume, where()),
        Command(
            "inherit",
            n_("去掉一个社区自己的开关，以后随上级"),
            _inherit,
            [argument("id", metavar="ID"), option("--at", metavar="CODE", help=n_("在这个社区"))],
        ),
    ]


def where() -> list[click.Parameter]:
    """Which plugin, and where."""
    return [
        argument("id", metavar="ID"),
        option("--at", metavar="CODE", help=n_("在这个社区；不写就是所有顶级社区，须确认")),
        flag("--yes", help=n_("不再询问")),
    ]


def _suspend(session: Session, given: Given) -> None:
    demand_place(given)
    until: dt.datetime | None = moment("until", given["until"])
    why, at = given["reason"] or "", given["at"]
    one = switching.suspend(session.caller, given["id"], at=at, reason=why, until=until)
    told = _("已在 {where} 暂停插件 {id}", where=place(given), id=one.id)
    if until is not None:
        told += _("，到 {until} 自动恢复", until=showing.moment(until))
    _say(session, one, told)


def _resume(session: Session, given: Given) -> None:
    demand_place(given)
    one = switching.resume(session.caller, given["id"], at=given["at"])
    _say(session, one, _("已在 {where} 恢复插件 {id}", where=place(given), id=one.id))


def _inherit(session: Session, given: Given) -> None:
    if given["at"] is None:
        raise Malformed(_("请用 --at 说明在哪个社区"))
    one = switching.inherit(session.caller, given["id"], at=given["at"])
    told = _("{where} 不再有自己的开关，插件 {id} 在那里随上级", where=given["at"], id=one.id)
    _say(session, one, told)


def _say(session: Session, one: Listed, sentence: str) -> None:
    showing.say(session, asdict(one), sentence)


def place(given: Given) -> str:
    """Where something is switched, as people are told."""
    return given["at"] or _("所有顶级社区")


def demand_place(given: Given, question: str | None = None) -> None:
    """Demand a community, or that every root is meant."""
    if given["at"] is None and not given["yes"]:
        told = _("请用 --at 说明在哪个社区；要在所有顶级社区，请加 --yes")
        ask(question or _("所有顶级社区？"), told)


def with_others(given: Given, work: Callable[[How], Listed]) -> Listed:
    """Switch a plugin; where others must be switched with it, a terminal is asked first."""
    lock = bool(given.get("lock"))
    try:
        return work(How(lock=lock, along=given["yes"]))
    except Conflict as refused:
        others = refused.extra.get("reason") in ("needs", "dependents")
        if not others or not sys.stdin.isatty():
            raise
        click.echo(refused.sentence, err=True)
        click.confirm(_("一并办理？"), abort=True, err=True)
        return work(How(lock=lock, along=True))
