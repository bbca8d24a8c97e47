"""Deliveries that failed: listed, told once more, given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.kit import clock
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.services import letters, resending
from lifang.services.letters import STATES, Letter, Wanted
from lifang.services.resending import Plan, Verb


def letter_commands() -> list[click.Command]:
    """The verbs of `events` about deliveries that failed."""
    subscriber = option("--subscriber", metavar="NAME", help=n_("只看这个订阅的"))
    narrowing = [
        subscriber,
        option("--plugin", metavar="ID", help=n_("只看这个插件的")),
        option("--type", metavar="TYPE", help=n_("只看这一种，例如 core.person.moved")),
        *span(),
    ]
    state = option("--state", metavar="dead|waiting|skipped", default="dead",
                   help=n_("死信（默认）、等待重试的，或已忽略的"))  # fmt: skip
    limit = option("--limit", metavar="N", callback=whole(1), help=n_("最多几条；默认全部"))
    dry_run = flag("--dry-run", help=n_("只预览，不写入"))
    replaying = [
        position(required=False),
        *narrowing,
        flag("--all", help=n_("符合条件的全部死信")),
        option("--data", metavar="JSON", help=n_("改后重放：只告诉这个订阅，事件本身不变")),
        dry_run,
    ]
    skipping = [
        position(),
        subscriber,
        option("--reason", metavar="TEXT", required=True, help=n_("为什么忽略；记入审计")),
        dry_run,
    ]
    return [
        Command("dead", n_("列出没有成功的投递，新的在前"), _dead, [*narrowing, state, limit]),
        Command("replay", n_("重放死信：一条，或符合条件的全部"), _replay, replaying),
        Command("skip", n_("忽略一条没有成功的投递，注明原因"), _skip, skipping),
    ]


def span() -> list[click.Parameter]:
    """From when until when."""
    return [
        option("--since", metavar="TIME", help=n_("只看这时以来的事件，例如 2026-11-23")),
        option("--until", metavar="TIME", help=n_("只看到这时为止的事件")),
    ]


def position(*, required: bool = True) -> click.Parameter:
    """The place of an event in the log."""
    named = argument("position", metavar="POS", required=required)
    named.callback = whole(1)
    return named


def told(one: Any) -> dict[str, Any]:
    """Anything about events as JSON tells it: instants in fixed width."""
    return dict(asdict(one, dict_factory=_fixed))


def _fixed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {k: clock.fixed(v) if hasattr(v, "astimezone") else v for k, v in pairs}


def _wanted(given: Given, state: str) -> Wanted:
    names = ("subscriber", "plugin", "type")
    return Wanted(
        state=state,
        since=letters.moment("since", given["since"]),
        until=letters.moment("until", given["until"], over=True),
        **{name: given[name] for name in names},
    )


def _dead(session: Session, given: Given) -> None:
    wanted = _wanted(given, given["state"])
    found = letters.letters(session.caller, wanted, limit=given["limit"])
    if session.json:
        showing.emit_list(told(letter) for letter in found)
        return
    showing.lines(_headings(), map(_row, found))


def _headings() -> list[str]:
    return [_("位置"), _("时间"), _("事件"), _("记录"), _("订阅"), _("状态"), _("次数"), _("错误")]


def _row(letter: Letter) -> list[str]:
    event = letter.event
    about, state = f"{event.noun}/{event.subject}", _(STATES[letter.state])
    at, tries = showing.moment(event.at), str(letter.tries)
    said = letter.reason or letter.error or ""
    return [str(event.position), at, event.type, about, letter.subscriber, state, tries, said]


def _named(given: Given) -> Wanted:
    if given["subscriber"] is None:
        raise Malformed(_("请用 --subscriber 说明是哪个订阅"))
    return Wanted(keys=(f"{given['position']}@{given['subscriber']}",))


def _replay(session: Session, given: Given) -> None:
    if given["all"] == (given["position"] is not None):
        raise Malformed(_("请给出一个位置，或用 --all 表示符合条件的全部"))
    wanted = _wanted(given, "dead") if given["all"] else _named(given)
    plan = resending.check(session.caller, "replay", wanted)
    data = None
    if given["data"] is not None:
        data = resending.as_data(session.caller, plan.only(), given["data"])
    if _shown(session, plan, dry_run=given["dry_run"]):
        return
    number = resending.carry_out(session.caller, "replay", wanted, data=data)
    _tell(session, "replay", number, _("{n} 条已排队重放", n=number))


def _skip(session: Session, given: Given) -> None:
    wanted = _named(given)
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
    if session.json:
        showing.emit({"verb": verb, "done": number})
    else:
        click.echo(said)
