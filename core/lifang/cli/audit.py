"""The audit trail: shown to auditors, checked for any change, and pinned by checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import option, whole
from lifang.cli.session import Session
from lifang.cli.waiting import progress
from lifang.kit.errors import Conflict, Forbidden
from lifang.kit.words import _, n_
from lifang.services import trail
from lifang.services.event_log import told
from lifang.services.trail import MOST, Seen
from lifang.upkeep import sealing
from lifang.upkeep.sealing import Verdict

BROKEN = 1
"""The exit code of a trail that does not hold."""

OUTCOMES = {"done": n_("完成"), "denied": n_("拒绝")}


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `audit`."""
    checking = [
        option("--checkpoint", metavar="FILE", help=n_("与另存的检查点核对，每行一个")),
        option("--from", "start", metavar="N", callback=whole(1), help=n_("从第 N 条开始核对")),
    ]
    listing = [
        option("--actor", metavar="NAME", help=n_("只看这个账号的")),
        option("--outcome", metavar="done|denied", help=n_("只看完成的或拒绝的")),
        option("--before", metavar="N", callback=whole(1), help=n_("只看这个编号之前的")),
        option("--limit", metavar="N", callback=whole(1), help=n_("最多几条；默认全部")),
    ]
    return Group(
        name,
        help,
        [
            Command("verify", n_("核对审计记录有没有被改动；完好 0，不完好 1"), _verify, checking),
            Command("show", n_("列出审计记录，新的在前"), _show, listing),
            Command("checkpoint", n_("封存现有记录，输出签名的检查点，供另处保存"), _checkpoint),
        ],
    )


def _verify(session: Session, given: Given) -> int:
    _demand(session)
    file = Path(given["checkpoint"]) if given["checkpoint"] else None
    with progress(_("核对")) as told:
        verdict = sealing.verify(session.instance, file, given["start"], told)
    if session.json:
        showing.emit({"ok": verdict.sound, **asdict(verdict)})
    else:
        _tell(verdict)
    return 0 if verdict.sound else BROKEN


def _tell(verdict: Verdict) -> None:
    if verdict.sound:
        click.echo(_("审计记录完好：{entries} 条，已封存 {sealed} 条，检查点 {checkpoints} 个",
                     entries=verdict.entries, sealed=verdict.sealed,
                     checkpoints=verdict.checkpoints))  # fmt: skip
    else:
        where = _where(verdict)
        click.echo(_("审计记录不完好：{where}{what}", where=where, what=verdict.problem or ""))
    if verdict.unsealed:
        click.echo(_("末尾 {n} 条还没有封存，只核对了它们自身", n=verdict.unsealed))
    if verdict.erased:
        click.echo(_("{n} 条的内容已依法删除，链不受影响", n=verdict.erased))
    if not verdict.outside:
        told = _(
            "没有用另存的检查点核对：末尾被截断或全部被重写，这样看不出来；用 --checkpoint 文件"
        )
        click.echo(told)


def _where(verdict: Verdict) -> str:
    if verdict.bad_seq is not None:
        return _("第 {seq} 条：", seq=verdict.bad_seq)
    if verdict.bad_id is not None:
        return _("编号 {id}（未封存）：", id=verdict.bad_id)
    return ""


def _demand(session: Session) -> None:
    if not trail.may_audit(session.caller):
        raise Forbidden(_("只有审计员可以查看审计记录"))


def _show(session: Session, given: Given) -> None:
    entries = showing.counted(_entries(session, given), given["limit"])
    headings = [_("编号"), _("时间"), _("操作者"), _("对象"), _("操作"), _("结果"), _("原因")]
    showing.listed(session, entries, headings, _row, plain=told)


def _entries(session: Session, given: Given) -> Iterator[Seen]:
    """Every entry that was asked for, page by page."""
    asked: dict[str, Any] = {name: given[name] for name in ("actor", "outcome")}
    before = given["before"]
    while True:
        page = trail.entries(session.caller, before=before, limit=MOST, **asked)
        yield from page
        if len(page) < MOST:
            return
        before = page[-1].id


def _row(one: Seen) -> list[str]:
    actor = one.actor
    if one.on_behalf_of:
        actor = _("{name}（{key}）", name=actor, key=one.on_behalf_of)
    about = f"{one.plugin}.{one.noun}" + (f"/{one.record}" if one.record is not None else "")
    outcome = _(OUTCOMES.get(one.outcome, one.outcome))
    at = showing.moment(one.at)
    return [str(one.id), at, actor, about, one.verb, outcome, one.reason or ""]


def _checkpoint(session: Session, given: Given) -> None:
    _demand(session)
    made = sealing.checkpoint(session.instance)
    if made is None:
        raise Conflict(_("还没有审计记录可以封存"))
    click.echo(made.line().decode(), nl=False)
    told = _(
        "请把这一行存到数据库管理员够不到的地方；核对时用 lifang audit verify --checkpoint 文件"
    )
    click.echo(told, err=True)
