"""Deliveries that failed: listed, told once more, given up."""

from __future__ import annotations

from typing import Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.services import letters, resending
from lifang.services.event_log import told
from lifang.services.letters import STATES, Letter, Wanted
from lifang.services.resending import Plan, Verb


def letter_commands() -> list[click.Command]:
    """The verbs of `events` about deliveries that failed."""
    limit = option("--limit", metavar="N", callback=whole(1), help=n_("最多几条；默认全部"))
    targets = [
        positions(),
        *_narrowing(),
        flag("--all", help=n_("符合条件的全部")),
        flag("--dry-run", help=n_("只预览，不写入")),
    ]
    data = option("--data", metavar="JSON", help=n_("改后重放：只告诉这个订阅，事件本身不变"))
    reason = option("--reason", metavar="TEXT", required=True, help=n_("为什么忽略；记入审计"))
    return [
        Command("dead", n_("列出没有成功的投递，新的在前"), _dead, [*_narrowing(), limit]),
        Command("replay", n_("重放没有成功的：几条，或符合条件的全部"), _replay, [*targets, data]),
        Command("skip", n_("忽略没有成功的投递，注明原因"), _skip, [*targets, reason]),
    ]


def _narrowing() -> list[click.Parameter]:
    """Which deliveries are meant."""
    states = n_("死信（默认）、等待重试的，或已忽略的")
    return [
        option("--subscriber", metavar="NAME", help=n_("只看这个订阅的")),
        option("--plugin", metavar="ID", help=n_("只看这个插件的")),
        option("--type", metavar="TYPE", help=n_("只看这一种，例如 core.person.moved")),
        *span(),
        option("--state", metavar="dead|waiting|skipped", help=states),
    ]


def span() -> list[click.Parameter]:
    """From when until when."""
    return [
        option("--since", metavar="TIME", help=n_("只看这时以来的事件，例如 2026-11-23")),
        option("--until", metavar="TIME", help=n_("只看到这时为止的事件")),
    ]


def position() -> click.Parameter:
    """The place of an event in the log."""
    return argument("position", metavar="POS", callback=whole(1))


def positions() -> click.Parameter:
    """The places of some events."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> tuple[int, ...]:
        return tuple(whole(1)(ctx, param, one) for one in value)

    return argument("positions", metavar="POS…", required=False, nargs=-1, callback=read)


def _wanted(given: Given) -> Wanted:
    """What was named, or with `--all` what was narrowed."""
    if given["all"] == bool(given["positions"]):
        raise Malformed(_("请给出位置，或用 --all 表示符合条件的全部"))
    if given["all"]:
        return letters.narrowed(given, given["state"] or "dead")
    if given["subscriber"] is None:
        raise Malformed(_("请用 --subscriber 说明是哪个订阅"))
    for name in ("plugin", "type", "since", "until", "state"):
        if given[name] is not None:
            raise Malformed(_("{name} 只与 --all 一起用", name=f"--{name}"))
    return Wanted(keys=tuple(f"{one}@{given['subscriber']}" for one in given["positions"]))


def _dead(session: Session, given: Given) -> None:
    wanted = letters.narrowed(given, given["state"] or "dead")
    found = letters.letters(session.caller, wanted, limit=given["limit"])
    showing.listed(session, found, _headings(), _row, plain=told)


def _headings() -> list[str]:
    return [_("位置"), _("时间"), _("事件"), _("记录"), _("订阅"), _("状态"), _("次数"), _("错误")]


def _row(letter: Letter) -> list[str]:
    event = letter.event
    about, state = f"{event.noun}/{event.subject}", _(STATES[letter.state])
    at, tries = showing.moment(event.at), str(letter.tries)
    said = letter.reason or letter.error or ""
    return [str(event.position), at, event.type, about, letter.subscriber, state, tries, said]


def _replay(session: Session, given: Given) -> None:
    wanted, data = _wanted(given), None
    plan = resending.check(session.caller, "replay", wanted)
    if given["data"] is not None:
        said = resending.read_data(given["data"])
        data = resending.as_data(session.caller, plan.only(), said)
    if _shown(session, plan, dry_run=given["dry_run"]):
        return
    number = resending.carry_out(session.caller, "replay", wanted, data=data)
    _tell(session, "replay", number, _("{n} 条已排队重放", n=number))


def _skip(session: Session, given: Given) -> None:
    wanted = _wanted(given)
    plan = resending.check(session.caller, "skip", wanted)
    if _shown(session, plan, dry_run=given["dry_run"]):
        return
    number = resending.carry_out(session.caller, "skip", wanted, reason=given["reason"])
    _tell(session, "skip", number, _("{n} 条已忽略", n=number))


def _shown(session: Session, plan: Plan, *, dry_run: bool) -> bool:
    """Say what would happen; whether that is all that was asked for."""
    if session.json:
        if dry_run:
            showing.emit({"preview": told(plan)})
        return dry_run
    if dry_run:
        showing.lines(_headings(), map(_row, plan.first))
        click.echo(_("共 {n} 条", n=plan.number))
    for sentence in plan.sentences:
        click.echo(widths.plain(sentence), err=not dry_run)
    return dry_run


def _tell(session: Session, verb: Verb, number: int, said: str) -> None:
    showing.say(session, {"verb": verb, "done": number}, said)
