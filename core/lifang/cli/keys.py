"""Keys: the master key onto paper and back, and a new data key for all that is sealed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from lifang.cli import showing
from lifang.cli.asking import ask
from lifang.cli.exporting import hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit import settings
from lifang.kit.causes import why
from lifang.kit.errors import Invalid
from lifang.kit.words import _, n_
from lifang.upkeep import paper_key


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `keys`."""
    yes = flag("--yes", help=n_("不再询问"))
    output = option("-o", "--output", metavar="FILE", help=n_("写入网页文件，供打印；默认显示文字"))
    file = argument("file", metavar="FILE")
    return Group(
        name,
        help,
        [
            Command("export", n_("把密钥写到纸上：四行字母和一个二维码；记入审计"), _export,
                    [output, yes]),
            Command("import", n_("从纸上的四行字母恢复密钥文件；- 表示从键盘输入"), _import,
                    [file]),
            Command("rotate", n_("换一把数据密钥，重新加密全部敏感信息；可以中断，再运行就接着做"),
                    _rotate, [yes]),
        ],
    )  # fmt: skip


def demand(given: Given, asked: str) -> None:
    """Ask before what cannot be taken back; a pipe has to say --yes."""
    if not given["yes"]:
        ask(asked, _("要在脚本里这样做，请加 --yes"))


def _export(session: Session, given: Given) -> None:
    caller = session.caller
    demand(given, _("密钥会以明文出现。旁边没有别人、没有远程共享屏幕吗？"))
    print_, lines = paper_key.export(caller)
    if given["output"]:
        page = paper_key.page(print_, lines, str(session.instance.settings.home))
        hand_out([page.encode()], given["output"])
    elif session.json:
        showing.emit({"fingerprint": print_, "lines": lines})
    else:
        showing.pairs([(_("密钥指纹"), print_)])
        click.echo("\n" + "\n".join(lines) + "\n")
        click.echo(_("抄在纸上，锁进保险柜，不与备份放在一起；恢复用 lifang keys import"))


def _import(session: Session, given: Given) -> None:
    """Write the key file anew; what is there and in use is not overwritten."""
    said = given["file"]
    try:
        text = sys.stdin.read() if said == "-" else Path(said).read_text(encoding="utf-8-sig")
    except ValueError as error:
        raise Invalid(_("读不了 {file}：{why}", file=said, why=why(error))) from error
    told = settings.load()
    made, print_ = paper_key.restore(told, text)
    if session.json:
        showing.emit({"file": str(told.key_file), "fingerprint": print_, "opens": made})
        return
    showing.pairs([(_("密钥"), str(told.key_file)), (_("密钥指纹"), print_)])
    click.echo(
        _("它能打开这里的数据库")
        if made
        else _("这里还没有数据库；现在可以恢复备份：lifang backup restore 文件")
    )


def _rotate(session: Session, given: Given) -> None:
    caller = session.caller
    demand(given, _("现在换一把数据密钥，并重新加密全部敏感信息？服务可以照常运行"))
    with steps() as progress:
        done = session.hands.rotate(caller, progress)
    if session.json:
        showing.emit(asdict(done))
        return
    if done.resumed:
        click.echo(_("接着做完了上次中断的更换"))
    click.echo(_("数据密钥换成了第 {key} 号：{values} 个值、{files} 个文件已重新加密",
                 key=done.key, values=done.values, files=done.files))  # fmt: skip
    click.echo(_("密钥文件和纸质副本不变；以前的备份照样可以恢复"))
    for one in done.lost:
        click.echo(_("! {what} 解不开，保持原样：它被改动过", what=one), err=True)
