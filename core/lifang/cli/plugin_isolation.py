"""Plugins kept apart, as administrators handle it: stopped, released, retried."""

from __future__ import annotations

from dataclasses import asdict

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, option
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.lifecycle import isolation, timings
from lifang.lifecycle.states import Listed


def commands() -> list[click.Command]:
    """The verbs of the noun `plugin`."""
    reason = option("--reason", metavar="TEXT", required=True, help=n_("原因，记入审计"))
    at = option("--at", metavar="CODE", help=n_("只恢复这个社区的；不写就是所有暂停的部分"))
    return [
        Command(
            "quarantine", n_("隔离：不再调用它的任何部分，数据保留"), _quarantine, [_id(), reason]
        ),
        Command("release", n_("解除隔离，恢复暂停的部分"), _release, [_id(), at]),
        Command("retry", n_("重新载入出了故障的插件"), _retry, [_id()]),
    ]


def _id() -> click.Parameter:
    return argument("id", metavar="ID")


def _quarantine(session: Session, given: Given) -> None:
    one = isolation.quarantine(session.caller, given["id"], given["reason"])
    _tell(session, one, _("已隔离插件 {id}；查明后用 lifang plugin release {id} 恢复", id=one.id))


def _release(session: Session, given: Given) -> None:
    one = isolation.release(session.caller, given["id"], given["at"])
    _tell(session, one, _("已恢复插件 {id}", id=one.id))


def _retry(session: Session, given: Given) -> None:
    one = isolation.retry(session.caller, given["id"])
    _tell(session, one, _("插件 {id} 已能载入，立即生效", id=one.id))


def _tell(session: Session, one: Listed, sentence: str) -> None:
    showing.say(session, asdict(one), sentence)


def tell_parts(session: Session, id: str) -> None:
    """Say which parts of a plugin were stopped, and where, and how long its hooks take."""
    for halt in isolation.halts(id):
        click.echo(_("暂停：{what}", what=halt))
    for part, one in sorted(timings.timings(session.instance, id).items()):
        click.echo(timings.said(part, one))
