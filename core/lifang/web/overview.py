"""What the first page tells of a level of the tree: its way down, what is due, what needs care."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import request

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.words import _
from lifang.mechanisms import figures
from lifang.mechanisms.coming import coming, hurried
from lifang.resources.resource import Resource
from lifang.services import branches, event_log, letters, reading
from lifang.services.offers import may
from lifang.services.query import Query
from lifang.upkeep import doctor
from lifang.web import checkup, pointers
from lifang.web.addresses import address_of, with_query
from lifang.web.shown import title_of

AHEAD, MOST, SEVERAL = dt.timedelta(days=7), 8, 100
"""How far ahead deadlines are told, how many of them, and up to where dead letters are counted."""

Way = tuple[str, str]


@dataclass(frozen=True)
class Level:
    """Where in the tree the page looks: the way there, and what lies directly below."""

    code: str
    way: list[Way]
    below: list[Way]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Due:
    """A record with an open deadline."""

    title: str
    link: str
    kind: str
    day: str
    left: str
    tone: str


@dataclass(frozen=True)
class Alert:
    """Something of the instance that an administrator sees to."""

    text: str
    link: str | None = None
    act: str = ""
    note: str = ""


@dataclass(frozen=True)
class Trend:
    """The indicator whose months are drawn, and the others that could be."""

    name: str
    label: str
    picture: str
    link: str
    others: list[Way]


def level_of(caller: Caller) -> Level | None:
    """The level that was asked for, or the caller's own; raises NotFound for one out of reach."""
    if not may(caller, caller.instance.registry.of(Community), "read"):
        return None
    said = (request.args.get("within") or "").strip()
    code = pointers.place_code(caller, said) if said else ""
    trail = branches.trail(caller, code) if code else []
    under = branches.children(caller, trail[-1]) if trail else branches.tops(caller)
    while not trail and len(under) == 1 and under[0].under:  # a level of one says nothing
        under = branches.children(caller, under[0])
    return Level(
        trail[-1].key if trail else "",
        [(_("全部"), "/"), *((node.name, _at(node.key)) for node in trail)],
        [(node.name, _at(node.key)) for node in under],
        pointers.places(caller),
    )


def _at(code: str) -> str:
    return with_query("/", [("within", code)])


def due_of(caller: Caller, within: str | None) -> list[Due]:
    """The open deadlines of the coming week among what the caller sees, the nearest first."""
    told: list[tuple[dt.datetime, int, Resource[Any]]] = []
    query, until = Query(within=within, narrow=True), clock.now() + AHEAD
    plugins = hurried(until)
    for resource in caller.instance.registry:
        if not resource.timers or resource.plugin not in plugins:
            continue
        if may(caller, resource, "read") and (resource.placed or not within):
            found = coming(caller, resource, query, until=until, limit=MOST)
            told += [(at, record, resource) for at, record in found]
    nearest = sorted(told, key=lambda one: one[0])[:MOST]
    return [_due(caller, *one) for one in nearest]


def _due(caller: Caller, at: dt.datetime, record: int, resource: Resource[Any]) -> Due:
    last = clock.local(at - dt.timedelta(seconds=1)).date()  # it ends with that day
    days = (last - clock.today()).days
    left = _("已到期") if days < 0 else _("今天到期") if days == 0 else _("还有 {n} 天", n=days)
    view = reading.view(caller, resource, record)
    title = title_of(resource, view)
    tone = "waiting" if days <= 2 else "standing"
    kind = f"{_(resource.label)} #{record}"
    return Due(title, address_of(resource, record), kind, str(last), left, tone)


def alerts_of(caller: Caller) -> list[Alert]:
    """What of the instance needs somebody: events that were not told, backups that are missing."""
    told = []
    if event_log.sight(caller):
        dead = len(letters.letters(caller, letters.narrowed({}, "dead"), limit=SEVERAL))
        if dead:
            number = str(dead) if dead < SEVERAL else f"{SEVERAL - 1}+"
            said = _("死信 {n} 条：事件没有送达", n=number)
            told.append(Alert(said, "/admin/events?show=dead", _("去处理")))
    if doctor.may_look(caller):
        ill = [one for one in doctor.backups(caller.instance.settings) if one.state != "ok"]
        told += [Alert(one.sentence, checkup.HOME, _("去体检"), one.remedy or "") for one in ill]
    return told


def trend_of(caller: Caller, within: str | None) -> Trend | None:
    """The months of one indicator: the one asked for, else the first that the caller sees."""
    found = figures.indicators(caller)
    if not found:
        return None
    asked = request.args.get("trend")
    one = next((each for each in found if each.name == asked), found[0])
    where = [("within", within)] if within else []
    return Trend(
        one.name,
        _(one.label),
        with_query(f"/indicators/{one.name}/chart.svg", where),
        with_query(f"/indicators/{one.name}", where),
        [(each.name, _(each.label)) for each in found],
    )
