"""The life of a plugin here: found, installed, switched on and off along the tree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from lifang.access.roles import included
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.events import catchup, log
from lifang.kit import clock, ranges
from lifang.kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, NotReady
from lifang.kit.words import _
from lifang.plugins.manager import Found, Snapshot, discover
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.auditing import Change, record_note
from lifang.services.delivery import go_to_end, let_in, turned
from lifang.services.query import find_community
from lifang.services.retention import begins
from lifang.store import migrations
from lifang.store.whole import whole


@dataclass(frozen=True)
class Switch:
    """A plugin on or off at one node."""

    code: str
    name: str
    on: bool


@dataclass(frozen=True)
class Listed:
    """What is known of a plugin: `state` is available, installed, faulted or missing.

    `history` is the position from which on the log holds all that its handlers hear, where events
    before were archived: whoever tells it of the past can tell no more.
    """

    id: str
    label: str
    version: str
    summary: str
    state: str
    error: str | None
    switches: tuple[Switch, ...]
    history: int | None = None


def may_administer(caller: Caller) -> bool:
    """Whether the caller administers plugins anywhere."""
    return any(_administers(standing.role) for standing in caller.standings)


def _administers(role: str) -> bool:
    return role == "platform_administrator" or "district_admin" in included(role)


def listed(caller: Caller) -> list[Listed]:
    """Every plugin present or ever installed here, with its switches; Forbidden for others."""
    _demand(caller)
    rows = {row.name: row for row in PluginRow.select()}
    present = discover()
    switches: dict[str, list[Switch]] = {}
    query: Any = (
        Activation.select(Activation.plugin, Community.code, Community.name, Activation.on)
        .join(Community)
        .order_by(Community.path)
        .tuples()
    )
    for plugin, code, name, on in query:
        switches.setdefault(plugin, []).append(Switch(code, name, bool(on)))
    told = []
    for name in sorted(rows.keys() | present.keys()):
        row, found = rows.get(name), present.get(name)
        fault = caller.instance.plugins.faults.get(name)
        told.append(
            Listed(
                id=name,
                label=row.label if row else name,
                version=found.version if found else row.version if row else "",
                summary=found.summary if found else "",
                state=_state(row, found=found is not None, fault=fault),
                error=fault or (row.error if row else None),
                switches=tuple(switches.get(name, ())),
                history=begins(name),
            )
        )
    return told


def _state(row: PluginRow | None, *, found: bool, fault: str | None) -> str:
    if fault:
        return "faulted"
    if row is None:
        return "available"
    return row.state if found else "missing"


def show(caller: Caller, plugin: str) -> Listed:
    """One plugin; raises NotFound naming how to see the known ones."""
    wanted = plugin.replace("-", "_")
    for one in listed(caller):
        if one.id == wanted:
            return one
    raise NotFound(_("没有插件「{plugin}」；lifang plugin list 列出可用的插件", plugin=plugin))


def install(caller: Caller, plugin: str) -> Listed:
    """Make a present plugin's tables and keep it as installed; it is on nowhere yet.

    Raises NotFound when no such package is present, NotReady with its own words when it cannot be
    loaded, Conflict when it is installed already.
    """
    _demand(caller, everywhere=True)
    wanted = plugin.replace("-", "_")
    found = discover().get(wanted)
    if found is None:
        raise NotFound(_("没有找到插件「{plugin}」；请先用 pip 安装它的软件包", plugin=plugin))
    if PluginRow.get_or_none(PluginRow.name == wanted, PluginRow.state == "installed"):
        raise Conflict(_("插件「{plugin}」已经安装", plugin=wanted))
    loaded = _loaded(caller, found)
    lock = caller.instance.settings.run / "migrate.lock"
    migrations.migrate(caller.instance.database, wanted, loaded.migrations, lock=lock)
    with caller.instance.database.transaction():
        PluginRow.insert(
            name=wanted,
            label=loaded.label,
            version=found.version,
            state="installed",
            changed_at=clock.now(),
        ).on_conflict(
            conflict_target=[PluginRow.name],
            preserve=[PluginRow.label, PluginRow.version, PluginRow.state, PluginRow.changed_at],
        ).execute()
        bump_epoch()
        record_note(caller, "plugin", "install", reason=f"{wanted} {found.version}")
    caller.instance.plugins.refresh()
    return show(caller, wanted)


def _loaded(caller: Caller, found: Found) -> Plugin:
    plugin = caller.instance.plugins.load(found)
    if plugin is None:
        why = _("；").join(map(str, caller.instance.plugins.why_not(found)))
        raise NotReady(_("插件「{plugin}」无法载入：{why}", plugin=found.id, why=why))
    return plugin


@whole
def switch(
    caller: Caller, plugin: str, *, at: str | None, on: bool, history: str | None = None
) -> Listed:
    """Switch a plugin on or off at a node and below, effective at once in every process.

    Without `at`, at every root. A switch that says what is inherited anyway is kept: it holds when
    the one above changes. One who may install is spared that step. Raises Conflict when the switch
    stands so already.

    `history` says what its handlers are told there of the past: "resume" what they missed while it
    was off, "skip" or "now" nothing, "restart" or "start" everything, or all since a day. By itself
    a node that was on before resumes, and a new one begins now.
    """
    since = _since(history)
    wanted = plugin.replace("-", "_")
    _demand(caller)
    known = show(caller, wanted)
    nodes = nodes_at(caller, at)
    if known.state == "available" and on and _may_install(caller):
        known = install(caller, wanted)
    if known.state == "available":
        raise Conflict(
            _("插件「{plugin}」还没有安装；请先运行 lifang plugin install {plugin}", plugin=wanted)
        )
    if on and known.state in ("faulted", "missing"):
        raise Conflict(
            _("插件「{plugin}」不能启用：{why}", plugin=wanted, why=known.error or "missing")
        )
    declared = _loaded(caller, discover()[wanted]) if on else None
    with caller.instance.database.transaction():
        if declared is not None:
            let_in(declared)
        before_that = caller.instance.plugins.refresh()
        changed = [node for node in nodes if _set(wanted, node, on, before_that)]
        if not changed:
            if on:
                raise Conflict(_("插件「{plugin}」在那里已是启用状态", plugin=wanted))
            raise Conflict(_("插件「{plugin}」在那里已是停用状态", plugin=wanted))
        _turn(wanted, changed, before_that, on=on, since=since)
        for node in changed:
            verb = "enable" if on else "disable"
            before, after = ("off", "on") if on else ("on", "off")
            record_note(
                caller,
                "plugin",
                verb,
                community=int(node.id),
                changes=[Change(wanted, before, after)],
            )
        bump_epoch()
    caller.instance.plugins.refresh()
    return show(caller, wanted)


def _turn(
    plugin: str,
    nodes: list[Community],
    before: Snapshot,
    *,
    on: bool,
    since: log.Place | str | None,
) -> None:
    """Say what of the past is told where a plugin was switched; who was off everywhere waits."""
    formers = {int(node.id): before.decides(plugin, node.path) for node in nodes}
    whence = {
        node: since or (catchup.RESUME if former else catchup.SKIP)
        for node, former in formers.items()
    }
    if on and not before.where(plugin) and set(whence.values()) != {catchup.RESUME}:
        go_to_end(plugin)
    for node, former in formers.items():
        turned(plugin, node, former, on=on, since=whence[node])


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
        raise Invalid(sentence, errors=[FieldError("history", "invalid", sentence)]) from None
    return log.before(day)


def on_at(caller: Caller, community: Community) -> list[tuple[str, str]]:
    """The plugins on at a node, each with the code of the node whose switch decides it."""
    snapshot = caller.snapshot
    names = [name for name in snapshot.on if ranges.holds(snapshot.where(name), community.path)]
    decided: list[tuple[str, str]] = []
    for name in names:
        rows: Any = (
            Activation.select(Community.code, Community.path)
            .join(Community)
            .where(Activation.plugin == name, Activation.on)
            .order_by(Community.path.desc())
            .tuples()
        )
        code = next((code for code, path in rows if community.path.startswith(path)), "")
        decided.append((name, code))
    return decided


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
        node = find_community(caller, at)
        if node is None:
            sentence = _("没有编号为「{code}」的社区，或您看不到它", code=at)
            raise Invalid(sentence, errors=[FieldError("at", "unknown", sentence)])
        nodes = [node]
    reach = ranges.union(
        ("", "~") if standing.path is None else (standing.path, path_end(standing.path))
        for standing in caller.standings
        if _administers(standing.role)
    )
    if not all(ranges.holds(reach, node.path) for node in nodes):
        raise Forbidden(_("您只能在自己管辖的范围内管理插件"))
    return nodes


def _set(plugin: str, node: Community, on: bool, before: Snapshot) -> bool:  # noqa: FBT001 – private
    row = Activation.get_or_none(Activation.plugin == plugin, Activation.community == node)
    if row is not None and row.on == on:
        return False
    above = before.decides(plugin, node.path)
    if row is None and not on and not (above and above.on):
        return False
    if row is None:
        Activation.create(plugin=plugin, community=node, on=on, changed_at=clock.now())
    else:
        Activation.update(on=on, changed_at=clock.now()).where(Activation.id == row.id).execute()
    return True


def _may_install(caller: Caller) -> bool:
    return any(_administers(standing.role) and standing.everywhere for standing in caller.standings)


def _demand(caller: Caller, *, everywhere: bool = False) -> None:
    if not (_may_install(caller) if everywhere else may_administer(caller)):
        raise Forbidden(_("只有平台管理员或区级管理员可以管理插件"))
