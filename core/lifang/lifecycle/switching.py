"""Where a plugin is on along the tree: switched, locked, suspended, or inherited again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lifang.access.callers import plugin_caller
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.events import catchup, log
from lifang.kit import clock, ranges
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.kit.words import _
from lifang.lifecycle import moves, states
from lifang.lifecycle.installing import install, loaded_of
from lifang.lifecycle.layers import demand_set
from lifang.lifecycle.moves import INHERIT, OFF, ON, Goal, Move
from lifang.lifecycle.needing import needs
from lifang.lifecycle.states import Listed, demand, listed, may_administer, show
from lifang.lifecycle.willing import demand_willing
from lifang.plugins.manager import discover
from lifang.plugins.snapshot import Turned, read_switches, where
from lifang.plugins.tables import Activation, PluginRow
from lifang.resources.registry import CORE
from lifang.services.auditing import stated
from lifang.services.delivery import let_in
from lifang.services.instance import Instance
from lifang.services.query import demand_community
from lifang.store.whole import whole


@dataclass(frozen=True)
class How:
    """How a switch is turned: with a `lock` nobody below has one of their own, those they have go.

    `along` says that others may be switched with it: what it needs, or what needs it.
    """

    lock: bool = False
    along: bool = False


PLAINLY = How()


@whole
def switch(
    caller: Caller,
    plugin: str,
    *,
    at: str | None,
    on: bool,
    history: str | None = None,
    how: How = PLAINLY,
) -> Listed:
    """Switch a plugin on or off at a node and below, effective at once in every process.

    Without `at`, at every root. A switch that says what is inherited anyway is kept: it holds when
    the one above changes. One who may install is spared that step. Raises Conflict when the switch
    stands so already, when one above is locked or suspended, and when it needs or is needed by
    others that must be switched `along` (`reason` is needs or dependents, `plugins` their ids).

    `history` says what its handlers are told there of the past: "resume" what they missed while it
    was off, "skip" or "now" nothing, "restart" or "start" everything, or all since a day. By itself
    a node that was on before resumes, and a new one begins now.
    """
    since = _since(history)
    show(caller, plugin)
    nodes = nodes_at(caller, at)  # before anything is installed on the way
    known = _installed(caller, plugin, on=on)
    goal = replace(ON if on else OFF, locked=how.lock)
    with caller.instance.database.transaction():
        news = [node for node in nodes if moves.differs(known.id, node, goal)]
        asked = [Move(known.id, node, goal) for node in news]
        if not asked and on:
            raise Conflict(_("插件「{plugin}」在那里已是启用状态", plugin=known.id))
        if not asked:
            raise Conflict(_("插件「{plugin}」在那里已是停用状态", plugin=known.id))
        others = _pulled(known, nodes) if on else _pushed(known.id, nodes)
        if others and not how.along:
            raise _alone(known.id, others, on=on)
        told = [*others, *asked] if on else [*asked, *others]
        if on:
            _demand_ready(caller, told)
        moves.carry_out(caller, "enable" if on else "disable", told, since=since)
    caller.instance.plugins.refresh()
    return show(caller, known.id)


@whole
def inherit(caller: Caller, plugin: str, *, at: str) -> Listed:
    """Take a node's own switch away: it is what the one above is, now and from now on.

    Raises Conflict where it has none of its own, and where it is on by that and cannot work there.
    """
    known = _installed(caller, plugin, on=False)
    [node] = nodes_at(caller, at)
    with caller.instance.database.transaction():
        row = moves.own(known.id, node)
        if row is None:
            raise Conflict(_("「{name}」没有自己的开关，已经是继承的", name=node.name))
        told = [Move(known.id, node, INHERIT)]
        if known.state == "installed":
            _demand_ready(caller, moves.gained(told))
        moves.carry_out(caller, "inherit", told)
    caller.instance.plugins.refresh()
    return show(caller, known.id)


@whole
def suspend(
    caller: Caller, plugin: str, *, at: str | None, reason: str, until: dt.datetime | None = None
) -> Listed:
    """Switch a plugin off for a while at a node and everywhere below, saying why.

    At the end, or when it is resumed, every switch is as it was before. Raises Conflict where it is
    not on, Invalid without a reason or with an end that has passed.
    """
    known = _installed(caller, plugin, on=False)
    why = stated("reason", reason, _("请说明暂停的原因"))
    if until is not None and until <= clock.now():
        raise Invalid.about("until", "invalid", _("暂停的结束时间必须在将来"))
    nodes = nodes_at(caller, at)
    with caller.instance.database.transaction():
        turned = read_switches().get(known.id, [])
        told = [move for node in nodes for move in _suspending(known.id, node, turned, why, until)]
        if not told:
            raise Conflict(_("插件「{plugin}」在那里已是停用状态", plugin=known.id))
        moves.carry_out(caller, "suspend", told, reason=why)
    caller.instance.plugins.refresh()
    return show(caller, known.id)


@whole
def resume(caller: Caller, plugin: str, *, at: str | None) -> Listed:
    """Let a plugin that was suspended at a node be there what it was before.

    What it missed meanwhile is told. Raises Conflict where it is not suspended, and where it lacks
    by now what it cannot do without.
    """
    known = _installed(caller, plugin, on=False)
    nodes = nodes_at(caller, at)
    with caller.instance.database.transaction():
        told = [move for node in nodes for move in _resuming(known.id, node)]
        if not told:
            raise Conflict(_("插件「{plugin}」在那里没有暂停", plugin=known.id))
        if known.state == "installed":
            _demand_ready(caller, moves.gained(told))
        moves.carry_out(caller, "resume", told)
    caller.instance.plugins.refresh()
    return show(caller, known.id)


def resume_due(instance: Instance) -> bool:
    """End the suspensions whose time has come, as the core; says whether there were any."""
    due = Activation.select().where(~Activation.until.is_null(), Activation.until <= clock.now())
    if not due.exists():
        return False
    caller = plugin_caller(instance, CORE, actor=None, correlation=None, cause=None)
    with instance.database.transaction():
        told: dict[str, list[Move]] = {}
        for row in due.order_by(Activation.id):
            told.setdefault(row.plugin, []).extend(_resuming(row.plugin, row.community))
        for some in told.values():
            moves.carry_out(caller, "resume", some)
    instance.plugins.refresh()
    return True


def _installed(caller: Caller, plugin: str, *, on: bool) -> Listed:
    """A plugin that can be switched; raises Conflict saying why one cannot."""
    demand(caller)
    known = show(caller, plugin)
    fresh = known.state in ("available", *states.GONE)
    if fresh and on and states.may_install(caller):
        return install(caller, known.id)
    if fresh:
        raise Conflict(
            _(
                "插件「{plugin}」还没有安装；请先运行 lifang plugin install {plugin}",
                plugin=known.id,
            )
        )
    if on and known.state != "installed":
        why = (
            _("；").join(known.reasons)
            or known.error
            or _(states.STATES.get(known.state, known.state))
        )
        raise Conflict(_("插件「{plugin}」不能启用：{why}", plugin=known.id, why=why))
    return known


def _demand_ready(caller: Caller, told: Iterable[Move]) -> None:
    """Raise Conflict where a plugin cannot work at the node it comes to; let in their handlers."""
    places: dict[str, list[Community]] = {}
    for one in told:
        places.setdefault(one.plugin, []).append(one.node)
    for id, nodes in sorted(places.items()):
        plugin = loaded_of(caller.instance.plugins, discover()[_installed(caller, id, on=True).id])
        demand_set(plugin.settings, nodes)
        demand_willing(caller, id, nodes)
        let_in(plugin)


def _pulled(known: Listed, nodes: Iterable[Community]) -> list[Move]:
    """What must be switched on with a plugin, where it is not on yet, those it needs first."""
    turned = read_switches()
    return [
        Move(id, node, ON)
        for id in needs().of(known.id)
        for node in nodes
        if not ranges.holds(where(turned.get(id, ())), node.path)
    ]


def _pushed(plugin: str, nodes: Iterable[Community]) -> list[Move]:
    """What must be switched off with a plugin: what needs it, wherever it will not be on."""
    turned = read_switches()
    off = [Turned(node.path, int(node.id), on=False, since=clock.now()) for node in nodes]
    paths = {one.path for one in off}
    left = [one for one in turned.get(plugin, ()) if one.path not in paths]
    stays = where(sorted([*left, *off], key=lambda one: one.path))
    found = []
    for id in needs().dependents(plugin):
        own = [one for one in turned.get(id, ()) if one.on]
        there = [node for node in nodes if ranges.holds(where(turned.get(id, ())), node.path)]
        there += [Community.get_by_id(one.node) for one in own if _below(one.path, paths)]
        found += [Move(id, node, OFF) for node in there if not ranges.holds(stays, node.path)]
    return found


def _below(path: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(one) and path != one for one in paths)


def _alone(plugin: str, others: Iterable[Move], *, on: bool) -> Conflict:
    """That a plugin is not switched alone, and with whom it would be."""
    ids = list(dict.fromkeys(one.plugin for one in others))
    rows = PluginRow.select().where(PluginRow.name.in_(ids))
    labels = {row.name: _(row.label) for row in rows}
    names = _("、").join(_("{name}（{key}）", name=labels.get(id, id), key=id) for id in ids)
    if on:
        told = _(
            "插件「{plugin}」需要 {names}，须一并启用；确认请加 --yes", plugin=plugin, names=names
        )
    else:
        told = _(
            "{names} 依赖插件「{plugin}」，须一并停用；确认请加 --yes", plugin=plugin, names=names
        )
    return Conflict(told, reason="needs" if on else "dependents", plugins=ids)


def _suspending(
    plugin: str,
    node: Community,
    turned: list[Turned],
    why: str,
    until: dt.datetime | None,
) -> list[Move]:
    """The moves that let a plugin rest at a node and wherever below it is on by its own switch."""
    on_below = [one for one in turned if one.on and _below(one.path, [node.path])]
    there = [node] if ranges.holds(where(turned), node.path) else []
    there += [Community.get_by_id(one.node) for one in on_below]
    found = []
    for one in there:
        row = moves.own(plugin, one)
        kept = Goal(on=False, inherits=row is None, locked=row is not None and bool(row.locked))
        found.append(Move(plugin, one, replace(kept, reason=why, until=until)))
    return found


def _resuming(plugin: str, node: Community) -> list[Move]:
    """The moves that end what one suspension did at a node and below."""
    row = moves.own(plugin, node)
    if row is None or row.reason is None:
        return []
    same = (Activation.reason == row.reason) & (Activation.changed_at == row.changed_at)
    inside = (Community.path >= node.path) & (Community.path < path_end(node.path))
    rows: Any = Activation.select().join(Community).where(Activation.plugin == plugin, same, inside)
    return [
        Move(plugin, one.community, Goal(not one.inherits, bool(one.inherits), bool(one.locked)))
        for one in rows
    ]


def _since(history: str | None) -> log.Place | str | None:
    """Where the past begins that somebody wants told; Invalid for what is neither word nor day."""
    if history in ("start", "restart"):
        return catchup.START
    if history in ("now", catchup.SKIP):
        return catchup.SKIP
    if history in (None, "", catchup.RESUME):
        return history or None
    try:
        day = dt.datetime.fromisoformat(f"{history}T00:00").replace(tzinfo=clock.zone())
    except ValueError:
        sentence = _("「{said}」不是 start、now 或日期（例如 2026-09-01）", said=history)
        raise Invalid.about("history", "invalid", sentence) from None
    return log.before(day)


def on_at(caller: Caller, community: Community) -> list[tuple[str, str]]:
    """The plugins on at a node, each with the code of the node whose switch decides it."""
    snapshot = caller.snapshot
    names = [name for name in snapshot.on if ranges.holds(snapshot.where(name), community.path)]
    deciding = [(name, snapshot.decides(name, community.path)) for name in names]
    codes = dict(_codes([turned.node for _name, turned in deciding if turned]))
    return [(name, codes.get(turned.node, "")) for name, turned in deciding if turned]


def _codes(nodes: list[int]) -> list[tuple[int, str]]:
    rows: Any = Community.select(Community.id, Community.code).where(Community.id.in_(nodes))
    return list(rows.tuples())


def nodes_at(caller: Caller, at: str | None) -> list[Community]:
    """The nodes something is set at, all roots without a code: what the caller administers.

    Raises Invalid for a code out of sight, Forbidden beyond what they administer.
    """
    if at is None:
        roots = Community.select().where(Community.parent.is_null(), Community.removed_at.is_null())
        nodes = list(roots)
        if not nodes:
            raise Conflict(_("还没有社区；请先导入社区"))
    else:
        nodes = [demand_community(caller, at, "at")]
    reach = ranges.union(one.reach for one in caller.standings if states.administers(one.role))
    if not all(ranges.holds(reach, node.path) for node in nodes):
        raise Forbidden(_("您只能在自己管辖的范围内管理插件"))
    return nodes


__all__ = ["install", "listed", "may_administer", "nodes_at", "on_at", "show", "switch"]
