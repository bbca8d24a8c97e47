"""Events: what happened, how far those who listen are, and what they could not be told."""

from __future__ import annotations

import time

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.letters import letter_commands, position, span
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.cli.verbs import within
from lifang.events.log import Place
from lifang.kit import json
from lifang.kit.errors import Busy, Malformed
from lifang.kit.words import _, n_
from lifang.services import event_log, letters, pausing
from lifang.services.delivery import Lag, Part, lag_seen_by
from lifang.services.event_log import SeenEvent, told
from lifang.services.letters import STEPS, Step
from lifang.upkeep import stalls

STATES = {"live": n_("进行中"), "paused": n_("暂停")}
POLL = 1.0  # seconds between looks for what is new
PATIENCE = 5.0  # seconds before a database that was away is asked again


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `events`."""
    type = option("--type", metavar="TYPE", help=n_("只看这一种，例如 core.person.moved"))
    params = [
        type,
        option("--about", metavar="RECORD", help=n_("只看这条记录的，例如 core.person/7")),
        within(),
        option("--before", metavar="N", callback=whole(1), help=n_("只看这个位置之前的")),
        *span(),
        option("--limit", metavar="N", callback=whole(1), help=n_("最多几条；默认全部")),
    ]
    name_of, reason = (
        argument("name", metavar="SUBSCRIPTION"),
        option("--reason", metavar="TEXT", help=n_("为什么；记入审计")),
    )
    ways = [
        flag("--skip", help=n_("略过暂停期间的事件")),
        flag("--restart", help=n_("从头再告诉一遍：已经处理过的会重复计入")),
    ]
    return Group(
        name,
        help,
        [
            Command("list", n_("列出事件，新的在前"), _list, params),
            Command("show", n_("一个事件：内容、处理链、错误、相关事件"), _show, [position()]),
            Command("tail", n_("跟着看新的事件，按 Ctrl-C 结束"), _tail, [type]),
            Command("lag", n_("还有多少事件没有处理完"), _lag),
            *letter_commands(),
            Command(
                "pause", n_("暂停一个订阅：进度留在原处，积压看得见"), _pause, [name_of, reason]
            ),
            Command(
                "resume", n_("恢复一个订阅，默认补上暂停期间的事件"), _resume, [name_of, *ways]
            ),
        ],
    )


def _pause(session: Session, given: Given) -> None:
    pausing.pause(session.caller, given["name"], reason=given["reason"] or "")
    _say(
        session, given["name"], _("已暂停「{name}」；积压见 lifang events lag", name=given["name"])
    )


def _resume(session: Session, given: Given) -> None:
    chosen = [way for way in pausing.WAYS if given.get(way)] or [pausing.RESUME]
    if len(chosen) > 1:
        raise Malformed(_("--skip、--restart 只能选一个"))
    pausing.resume(session.caller, given["name"], way=chosen[0])
    _say(session, given["name"], _("已恢复「{name}」", name=given["name"]))


def _say(session: Session, name: str, sentence: str) -> None:
    [state] = [one.state for one in lag_seen_by(session.caller) if one.name == name]
    showing.say(session, {"name": name, "state": state}, sentence)


def _list(session: Session, given: Given) -> None:
    found = event_log.list_events(
        session.caller,
        type=given["type"],
        about=given["about"],
        within=given["within"],
        before=given["before"],
        since=given["since"],
        until=given["until"],
        limit=given["limit"],
    )
    showing.listed(session, showing.counted(found, None), headings(), row, plain=told)


def headings() -> list[str]:
    """What stands over events."""
    return [_("位置"), _("时间"), _("事件"), _("记录"), _("操作者"), _("社区"), _("内容")]


def row(event: SeenEvent) -> list[str]:
    """One event."""
    return [
        str(event.position),
        showing.moment(event.at),
        event.type,
        f"{event.noun}/{event.subject}",
        event.actor or "—",
        _("、").join(place.name for place in event.communities),
        json.dumps(event.data).decode(),
    ]


def _show(session: Session, given: Given) -> None:
    caller = session.caller
    event = event_log.find_event(caller, given["position"])
    steps, near = letters.chain(caller, event), event_log.neighbours(caller, event)
    if session.json:
        more = {"chain": [told(step) for step in steps], "related": [told(one) for one in near]}
        showing.emit(told(event) | more)
        return
    showing.pairs(zip(headings(), row(event), strict=True))
    if event.unreadable:
        showing.pairs([(_("版本"), f"{event.version}: {event.unreadable}")])
    showing.pairs([(_("请求"), event.correlation or "—"), (_("起因"), str(event.cause or "—"))])
    click.echo()
    showing.lines([_("订阅"), _("处理"), _("次数"), _("错误")], map(_step, steps))
    for step in steps:
        if step.letter and step.letter.stack:
            click.echo(f"\n{step.subscriber}\n{step.letter.stack}")
    if near:
        click.echo()
        showing.lines(headings(), map(row, near))


def _step(step: Step) -> list[str]:
    letter = step.letter
    tries, error = (str(letter.tries), letter.error or "") if letter else ("", "")
    return [step.subscriber, _(STEPS[step.state]), tries, error]


def _part(part: Part) -> str:
    """A place that lags behind, and by how many events."""
    if part.state == "off":
        return _("{name}（停用）{n}", name=part.name, n=part.behind)
    return f"{part.name} {part.behind}"


def _tail(session: Session, given: Given) -> None:
    """Look again and again; rights that were taken back meanwhile end it."""
    place: Place | None = None
    while True:
        try:
            session.instance.database.mend()
            place, events = event_log.newer(session.anew(), place, given["type"])
        except Busy as away:
            click.echo(away.sentence, err=True)
            time.sleep(PATIENCE)
            continue
        for event in events:
            said = json.dumps(told(event)).decode() if session.json else "\t".join(row(event))
            click.echo(said)
        if not events:
            time.sleep(POLL)


def _lag(session: Session, given: Given) -> None:
    found = stalls.seen_by(session.caller)
    if session.json:
        showing.emit_list({**told(one), "why": why} for one, why, _worrying in found)
        return
    headings = [_("订阅"), _("状态"), _("位置"), _("待处理"), _("重试中"), _("死信"), _("最早"),
                _("落后的地方"), _("原因")]  # fmt: skip
    showing.lines(headings, (_line(one, why) for one, why, _worrying in found))


def _line(one: Lag, why: tuple[str, ...]) -> list[str]:
    numbers = [str(number) for number in (one.position, one.behind, one.retrying, one.dead)]
    oldest = showing.moment(one.oldest) if one.oldest else "—"
    state = _(STATES.get(one.state, one.state))
    parts = _("、").join(map(_part, one.parts)) or "—"
    return [one.name, state, *numbers, oldest, parts, _("；").join(why)]
