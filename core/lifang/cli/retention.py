"""How long events stay: what is due is archived and removed, and archives are looked into."""

from __future__ import annotations

from pathlib import Path

import click

from lifang.cli import events, showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, flag
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.services.event_log import told
from lifang.services.retention import Due
from lifang.upkeep import sweeping
from lifang.upkeep.sweeping import Archive


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `retention`."""
    dry_run = flag("--dry-run", help=n_("只预览，不写入"))
    file = argument("file", metavar="FILE")
    return Group(
        name,
        help,
        [
            Command(
                "run", n_("现在就归档并移出到期的事件；可以中断，再运行就接着做"), _run, [dry_run]
            ),
            Command("list", n_("列出事件档案，旧的在前"), _list),
            Command("show", n_("列出一份档案里的事件"), _show, [file]),
        ],
    )


def _run(session: Session, given: Given) -> None:
    if given["dry_run"]:
        _plan(session)
        return
    _tell(session, sweeping.run(session.caller), _("没有到期的事件"))


def _plan(session: Session) -> None:
    due = sweeping.plan(session.caller)
    if not due and not session.json:
        click.echo(_("没有规定期限的事件，都一直保留"))
        return
    headings = [_("事件"), _("保留"), _("到期"), _("最早"), _("不能移出"), _("因为")]
    showing.listed(session, due, headings, _due, plain=told)


def _due(one: Due) -> list[str]:
    keep = _("{n} 天", n=one.keep) if isinstance(one.keep, int) else _("每条记录最新一个")
    oldest = showing.moment(one.oldest) if one.oldest else "—"
    return [one.type, keep, str(one.events), oldest, str(one.held), _("、").join(one.by) or "—"]


def _list(session: Session, given: Given) -> None:
    _tell(session, sweeping.archives(session.caller), _("还没有事件档案"))


def _tell(session: Session, found: list[Archive], nothing: str) -> None:
    if not found and not session.json:
        click.echo(nothing)
        return
    headings = [_("档案"), _("时间"), _("事件"), _("位置"), _("状态")]
    showing.listed(session, found, headings, _archive, plain=told)


def _archive(one: Archive) -> list[str]:
    state = _("正在移出") if one.state != "done" else _("完成")
    where = f"{one.first}–{one.last}"
    state = state if one.present else _("{state}；文件不在 archive 里", state=state)
    return [one.name, showing.moment(one.at), str(one.events), where, state]


def _show(session: Session, given: Given) -> None:
    found = showing.counted(sweeping.shown(session.caller, Path(given["file"])), None)
    showing.listed(session, found, events.headings(), events.row, plain=told)
