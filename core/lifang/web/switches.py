"""The plugins of an instance as a list: what needs somebody first, then what is on and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request

from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError
from lifang.kit.words import _, n_
from lifang.lifecycle import overview, packages, states, verbs
from lifang.lifecycle.overview import Spread
from lifang.lifecycle.packages import Offer
from lifang.lifecycle.states import Listed
from lifang.lifecycle.verbs import KNOWN, Verb
from lifang.web.addresses import dashed
from lifang.web.doors import Page, page
from lifang.web.shown import Shown

HOME = "/admin/plugins"
TONES = {"installed": "standing", "pending": "waiting", "available": "closed",
         "uninstalled": "closed", "purged": "closed"}  # fmt: skip
GROUPS = {
    "trouble": n_("需要处理"),
    "installed": n_("已安装"),
    "available": n_("可以安装"),
    "gone": n_("已卸载"),
}
ELSEWHERE = {"available": "available", "uninstalled": "gone", "purged": "gone"}
AT_HAND = ("install", "retry", "release", "purge")
"""What the list itself offers, beside the switch."""
NAMED = 3
"""Places told by name; of more, only their number."""


@dataclass(frozen=True)
class Line:
    """A plugin in the list: how it stands, where it is on, and the switch that is at hand."""

    one: Listed
    link: str
    state: Shown
    where: str
    verbs: tuple[Verb, ...]
    settings: str | None
    newer: str | None


def switches_page(caller: Caller, error: LifangError | None = None) -> Page:
    """Every plugin that is present or was installed here."""
    found = states.listed(caller)
    far = overview.spread(caller, [one.id for one in found if one.state == "installed"])
    tops = overview.tops(caller)
    newer, beyond, unread = _offers(caller)
    lines: dict[str, list[Line]] = {group: [] for group in GROUPS}
    for one in found:
        line = _line(caller, one, far.get(one.id, ()), newer.get(one.id))
        lines[group_of(one)].append(line)
    done = KNOWN.get(request.args.get("done", ""))
    return page(
        "web/plugins.html",
        error,
        groups=[(name, _(GROUPS[name]), told) for name, told in lines.items() if told],
        counts=list(_counts(lines, newer)),
        offers=beyond,
        bundles=packages.bundle_names(caller) if caller.runs_it and not unread else [],
        unread=unread,
        top=tops[0] if len(tops) == 1 else None,
        home=HOME,
        brings=caller.runs_it,
        done=_(done.done) if done else None,
        command="lifang plugin list",
    )


def group_of(one: Listed) -> str:
    """Under which heading a plugin is listed."""
    if one.state == "installed":
        return "installed"
    return ELSEWHERE.get(one.state, "trouble")


def state_of(one: Listed) -> Shown:
    """The state of a plugin in a word."""
    text = _(states.STATES.get(one.state, one.state))
    return Shown(_("状态"), text, tone=TONES.get(one.state, "broken"))


def address(plugin: str, *tail: str) -> str:
    """Where a plugin is administered."""
    return "/".join([HOME, dashed(plugin), *tail])


def _offers(caller: Caller) -> tuple[dict[str, str], list[Offer], str | None]:
    """Newer versions by id, plugins that are not here, and why the catalogue cannot be read."""
    try:
        found = packages.offers(caller) if caller.runs_it else []
    except LifangError as error:
        return {}, [], error.sentence
    newer = {one.id: one.version for one in found if one.here}
    return newer, [one for one in found if one.here is None and one.status != "withdrawn"], None


def _line(caller: Caller, one: Listed, far: tuple[Spread, ...], newer: str | None) -> Line:
    known = (*AT_HAND, "disable" if far else "enable")
    offered = tuple(
        verb
        for verb in verbs.offered(caller, one)
        if verb.name in known and (verb.name != "release" or one.state == "quarantined")
    )
    loaded = caller.instance.plugins.loaded.get(one.id)
    settings = f"/admin/settings#p-{one.id}" if loaded and loaded.settings else None
    return Line(one, address(one.id), state_of(one), where_on(far), offered, settings, newer)


def where_on(far: tuple[Spread, ...]) -> str:
    """How far a plugin is on, in words: 城关区 12/17 个社区."""
    told = [_everywhere(one) for one in far[:NAMED]]
    if len(far) > NAMED:
        told.append(_("等 {n} 处", n=len(far)))
    return _("、").join(told)


def _everywhere(one: Spread) -> str:
    if one.all is None:
        return _("{name} {n} 个以上社区", name=one.name, n=f"{one.on:,}")
    if one.on == one.all:
        return _("{name} 全部 {n} 个社区", name=one.name, n=f"{one.on:,}")
    return _("{name} {n}/{all} 个社区", name=one.name, n=f"{one.on:,}", all=f"{one.all:,}")


def _counts(lines: dict[str, list[Line]], newer: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """The figures over the list: a tone, what is counted, how many."""
    yield "standing", _("已启用"), sum(bool(one.where) for one in lines["installed"])
    yield "broken", _("需要处理"), len(lines["trouble"])
    yield "waiting", _("可以升级"), len(newer)
    yield "closed", _("可以安装"), len(lines["available"])
