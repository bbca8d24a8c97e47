"""Events: what happened, and how far those who listen are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import option, whole
from lifang.cli.session import Session
from lifang.cli.verbs import within
from lifang.kit import clock, json
from lifang.kit.words import _, n_
from lifang.services.delivery import Lag, Part, lag_seen_by
from lifang.services.event_log import SeenEvent, list_events

STATES = {"live": n_("进行中"), "paused": n_("暂停")}


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `events`."""
    params = [
        option("--type", metavar="TYPE", help=n_("只看这一种，例如 core.person.moved")),
        option("--about", metavar="RECORD", help=n_("只看这条记录的，例如 core.person/7")),
        within(),
        option("--before", metavar="N", callback=whole(1), help=n_("只看这个位置之前的")),
        option("--limit", metavar="N", callback=whole(1), help=n_("最多几条；默认全部")),
    ]
    listing = Command("list", n_("列出事件，新的在前"), _list, params)
    return Group(name, help, [listing, Command("lag", n_("还有多少事件没有处理完"), _lag)])


def _list(session: Session, given: Given) -> None:
    names = ("type", "about", "within", "before", "limit")
    found = list_events(session.caller, **{name: given[name] for name in names})
    events = showing.counted(found, None)
    if session.json:
        showing.emit_list(_document(event) for event in events)
        return
    headings = [_("位置"), _("时间"), _("事件"), _("记录"), _("操作者"), _("社区"), _("内容")]
    showing.lines(headings, (_row(event) for event in events))


def _document(event: SeenEvent) -> dict[str, Any]:
    return {**asdict(event), "at": clock.fixed(event.at)}


def _row(event: SeenEvent) -> list[str]:
    return [
        str(event.position),
        showing.moment(event.at),
        event.type,
        f"{event.noun}/{event.subject}",
        event.actor or "—",
        _("、").join(place.name for place in event.communities),
        json.dumps(event.data).decode(),
    ]


def _lag(session: Session, given: Given) -> None:
    found = lag_seen_by(session.caller)
    if session.json:
        showing.emit_list(_told(one) for one in found)
        return
    headings = [
        _("订阅"),
        _("状态"),
        _("位置"),
        _("待处理"),
        _("重试中"),
        _("死信"),
        _("最早"),
        _("落后的地方"),
        _("错误"),
    ]
    showing.lines(headings, (_line(one) for one in found))


def _told(one: Lag) -> dict[str, Any]:
    return {**asdict(one), "oldest": clock.fixed(one.oldest) if one.oldest else None}


def _part(part: Part) -> str:
    """A place that lags behind, and by how many events."""
    if part.state == "off":
        return _("{name}（停用）{n}", name=part.name, n=part.behind)
    return f"{part.name} {part.behind}"


def _line(one: Lag) -> list[str]:
    numbers = [str(number) for number in (one.position, one.behind, one.retrying, one.dead)]
    oldest = showing.moment(one.oldest) if one.oldest else "—"
    last = (one.error or "").strip().splitlines()
    return [
        one.name,
        _(STATES.get(one.state, one.state)),
        *numbers,
        oldest,
        _("、").join(_part(part) for part in one.parts) or "—",
        last[-1] if last else "",
    ]
