"""A person's data: handed to them, and erased, each with its reason."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.exporting import hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.keys import demand
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, _p, n_
from lifang.services import erasing
from lifang.upkeep import privacy


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `privacy`."""
    person = argument("person", required=False, metavar="PERSON", callback=whole(1))
    reason = option("--reason", metavar="TEXT", required=True, help=n_("为什么；记入审计"))
    output = option("-o", "--output", metavar="FILE.zip", required=True, help=n_("写入的文件"))
    ways = [
        flag("--dry-run", help=n_("只预览，不写入")),
        flag("--yes", help=n_("不再询问")),
        flag("--again", help=n_("恢复备份之后：再次删除以前删除过、又回来了的人")),
    ]
    one = argument("person", metavar="PERSON", callback=whole(1))
    return Group(
        name,
        help,
        [
            Command("export", n_("导出一个人的全部信息，交给本人；敏感信息不遮盖"), _export,
                    [one, reason, output]),
            Command("erase", n_("删除一个人的个人信息，不能撤销；统计和引用保留"), _erase,
                    [person, reason, *ways]),
        ],
    )  # fmt: skip


def _export(session: Session, given: Given) -> None:
    made = privacy.export(session.caller, given["person"], reason=given["reason"])
    hand_out([made], given["output"])


def _erase(session: Session, given: Given) -> None:
    if given["again"] == bool(given["person"]):
        raise Malformed(_("请写明人员编号，或者 --again，二者选一"))
    caller, told = session.caller, session.instance.settings
    people = privacy.returned(told) if given["again"] else [given["person"]]
    plan = {one: privacy.concerning(caller, one) for one in people}
    files = {one: len(erasing.files(caller, f"core.person/{one}")) for one in people}
    if session.json and given["dry_run"]:
        said = {
            str(one): {resource.id: len(rows) for resource, rows in plan[one]} for one in people
        }
        return showing.emit({"people": said, "files": {str(one): n for one, n in files.items()}})
    if not given["yes"] and not session.json:
        for one in people:
            line = n_(
                "人员 {id}：姓名、号码、住址、通知和 {n} 个附件会删除；这些记录保留，只剩编号"
            )
            click.echo(_(line, id=one, n=files[one]))
            showing.pairs((_p("plural", kind.label), str(len(rows))) for kind, rows in plan[one])
    if given["dry_run"]:
        return None
    demand(given, _("删除后不能恢复。继续吗？"))
    gone = {one: privacy.erase(caller, one, reason=given["reason"]) for one in people}
    if session.json:
        erased = {str(one): number for one, (number, _files) in gone.items()}
        return showing.emit({"erased": erased, "files": {str(k): n for k, (_v, n) in gone.items()}})
    for one, (number, dropped) in gone.items():
        click.echo(_("人员 {id}：删除了 {n} 个值、{files} 个附件", id=one, n=number, files=dropped))
    return click.echo(_("没有要删除的")) if not gone else None
