"""The database itself: moved from one engine to another and back."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, flag
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit.words import _, n_

SHOWN = 16


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `db`."""
    plan = flag("--dry-run", help=n_("只说要搬什么、从哪里到哪里，不搬"))
    told = n_("把全部数据搬到另一个数据库：postgresql://…、sqlite:///…，或 embedded（实例自己的）")
    return Group(name, help, [Command("move", told, _move, [argument("url", metavar="URL"), plan])])


def _move(session: Session, given: Given) -> None:
    plan = given["dry_run"]
    with steps() as progress:
        done = session.hands.move(given["url"], progress, plan=plan)
    aside = str(done.aside) if done.aside else None
    if session.json:
        showing.emit({"from": done.source, "to": done.target, "moved": not plan, "aside": aside,
                      "rows": done.rows, "digests": {} if plan else done.digests})  # fmt: skip
        return
    showing.pairs([(_("从"), done.source), (_("到"), done.target),
                   (_("行数"), str(sum(done.rows.values())))])  # fmt: skip
    click.echo()
    for table, rows in done.rows.items():
        click.echo(f"  {rows:>9}  {table}" + ("" if plan else f"  {done.digests[table][:SHOWN]}"))
    click.echo()
    if plan:
        click.echo(_("什么都没有改动；去掉 --dry-run 就会搬"))
        return
    click.echo(
        _("每个表两边的行数和内容摘要（SHA-256）都一致；实例现在使用 {place}", place=done.target)
    )
    click.echo(_("旧数据另存在 {path}；确认无误后可自行删除", path=aside or done.source))
    if done.variable:
        click.echo(_("环境变量 LIFANG_DATABASE 优先于 lifang.toml：请改成新的地址，或去掉它"))
