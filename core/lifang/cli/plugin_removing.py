"""Plugins leave: a look first, then data kept, exported or purged."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from lifang.cli import showing
from lifang.cli.asking import ask
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import removing
from lifang.lifecycle.removing import Gone, Look


def commands() -> list[Command]:
    """The verbs of `lifang plugin` for this."""
    asking = [
        flag("--yes", help=n_("不再询问；依赖它的插件一并停用")),
        flag("--dry-run", help=n_("只看有什么，什么也不做")),
    ]
    no_backup = flag("--no-backup", help=n_("清除前不做备份"))
    return [
        Command(
            "uninstall",
            n_("卸载：先列出它的数据，再保留、导出或清除"),
            _uninstall,
            [
                argument("id", metavar="ID"),
                flag("--keep", help=n_("保留数据：各处停用，程序不再载入；可以重新安装")),
                option("--export", metavar="FOLDER", help=n_("把数据导出到这个文件夹，并保留")),
                option("--purpose", metavar="TEXT", help=n_("导出完整信息的用途；记入审计")),
                flag("--purge", help=n_("清除全部数据，不能撤销")),
                option("--confirm", metavar="ID", help=n_("清除时再写一遍插件的编号")),
                no_backup,
                *asking,
            ],
        ),
        Command(
            "purge",
            n_("清除：已卸载或缺软件包的插件的全部数据，不能撤销"),
            _purge,
            [
                argument("id", metavar="ID"),
                option("--confirm", metavar="ID", help=n_("再写一遍插件的编号")),
                no_backup,
                *asking,
            ],
        ),
    ]


def _uninstall(session: Session, given: Given) -> None:
    ways = [name for name in ("keep", "export", "purge") if given[name]]
    if len(ways) != 1 and not given["dry_run"]:
        raise Malformed(_("请选一个：--keep 保留数据，--export 文件夹 导出，--purge 清除"))
    seen = _look(session, given)
    if given["dry_run"]:
        return
    [way] = ways
    if way == "purge":
        _demand_typed(seen, given)
    else:
        question = _("卸载插件「{label}」，数据保留？", label=_(seen.plugin.label))
        if not given["yes"]:
            ask(question, _("请先用 --dry-run 看清楚，再加 --yes"))
    caller, id, along = session.caller, seen.plugin.id, given["yes"] or sys.stdin.isatty()
    if way == "export":
        folder, why = Path(given["export"]), given["purpose"]
        gone = removing.export(caller, id, folder, purpose=why, along=along)
    else:
        gone = removing.keep(caller, id, along=along)
    if way == "purge":
        gone = _purged(session, given, id)
    _tell(session, seen, gone)


def _purge(session: Session, given: Given) -> None:
    seen = _look(session, given)
    if not given["dry_run"]:
        _demand_typed(seen, given)
        _tell(session, seen, _purged(session, given, seen.plugin.id))


def _purged(session: Session, given: Given, id: str) -> Gone:
    with steps() as progress:
        keep = not given["no_backup"]
        return removing.purge(session.caller, id, keep_backup=keep, progress=progress)


def _look(session: Session, given: Given) -> Look:
    """Show what the plugin has here; beside JSON it is told on the screen."""
    seen = removing.look(session.caller, given["id"])
    if session.json:
        if given["dry_run"]:
            showing.emit({"preview": asdict(seen)})
        return seen
    click.echo(
        _("插件「{label}」（{id}）在这里有：", label=_(seen.plugin.label), id=seen.plugin.id)
    )
    headings = [_("表"), _("名称"), _("行数")]
    showing.lines(headings, [[x.name, x.label, str(x.rows)] for x in (*seen.tables, *seen.others)])
    told = [
        (_("还没有处理的事件"), str(seen.waiting) if seen.waiting else ""),
        (_("可核验的文书"), str(seen.documents) if seen.documents else ""),
        (_("依赖它的插件"), _("、").join(seen.needed_by)),
    ]
    showing.pairs((label, said) for label, said in told if said)
    return seen


def _demand_typed(seen: Look, given: Given) -> None:
    """Let the id be typed once more: what is purged does not come back."""
    id, typed = seen.plugin.id, given["confirm"]
    if typed is None and sys.stdin.isatty():
        typed = click.prompt(_("清除后不能撤销；请输入插件的编号 {id} 确认", id=id), err=True)
    if (typed or "").replace("-", "_") != id:
        raise Malformed(_("没有清除；要清除请加 --confirm {id}", id=id))


def _tell(session: Session, seen: Look, gone: Gone) -> None:
    if session.json:
        showing.emit({"preview": asdict(seen), **asdict(gone)})
        return
    label = _(seen.plugin.label)
    if gone.plugin.state == "purged":
        click.echo(_("已清除插件「{label}」的全部数据", label=label))
    else:
        click.echo(_("已卸载插件「{label}」，数据保留", label=label))
    if gone.files:
        click.echo(_("已导出 {n} 个文件：", n=len(gone.files)))
        for name in gone.files:
            click.echo(f"  {name}")
    if gone.backup:
        click.echo(_("清除前的备份：{path}", path=gone.backup))
    if gone.plugin.help:
        click.echo(gone.plugin.help)
