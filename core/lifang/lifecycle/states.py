"""What is known of every plugin: in which state it is, why, where it is on, what would help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lifang.access.roles import included
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _, half, n_
from lifang.plugins import waiting
from lifang.plugins.manager import Found, discover
from lifang.plugins.tables import Activation, PluginRow
from lifang.services.instance import Instance
from lifang.services.retention import begins

STATES = {
    "available": n_("未安装"),
    "rejected": n_("不能安装"),
    "pending": n_("等待迁移"),
    "installed": n_("已安装"),
    "faulted": n_("有故障"),
    "quarantined": n_("已隔离"),
    "upgrading": n_("升级中"),
    "missing": n_("缺软件包"),
    "uninstalled": n_("已卸载"),
    "purged": n_("已清除"),
}
"""What the states of a plugin are called."""

HELPS = {
    "available": n_("安装：lifang plugin install {id}"),
    "rejected": n_("先解决上面的原因，再运行 lifang plugin show {id}"),
    "pending": n_("运行 lifang migrate；之前它不会载入"),
    "faulted": n_("修复或更换版本后运行 lifang plugin retry {id}"),
    "quarantined": n_("查明原因后运行 lifang plugin release {id}"),
    "missing": n_("用 pip 装回它的软件包，或运行 lifang plugin purge {id} 清除它的数据"),
    "uninstalled": n_(
        "数据还在；重新安装：lifang plugin install {id}，清除：lifang plugin purge {id}"
    ),
    "purged": n_("数据已清除；重新安装：lifang plugin install {id}"),
}
"""What would help in which state."""

GONE = ("uninstalled", "purged")
"""States in which nothing of a plugin is called, wherever it was on."""


@dataclass(frozen=True)
class Switch:
    """A plugin on or off at one node, by its own word; suspended where there is a `reason`."""

    code: str
    name: str
    on: bool
    locked: bool = False
    reason: str | None = None
    until: dt.datetime | None = None
    by: str | None = None


@dataclass(frozen=True)
class Listed:
    """What is known of a plugin: its state (`STATES`), why, and what would help, in words.

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
    reasons: tuple[str, ...] = ()
    help: str | None = None


def may_administer(caller: Caller) -> bool:
    """Whether the caller administers plugins anywhere."""
    return any(administers(standing.role) for standing in caller.standings)


def administers(role: str) -> bool:
    """Whether a role is about plugins."""
    return role == "platform_administrator" or "district_admin" in included(role)


def may_install(caller: Caller) -> bool:
    """Whether the caller decides which plugins there are."""
    return any(administers(standing.role) and standing.everywhere for standing in caller.standings)


def demand(caller: Caller, *, everywhere: bool = False) -> None:
    """Raise Forbidden for who does not administer plugins."""
    if not (may_install(caller) if everywhere else may_administer(caller)):
        raise Forbidden(_("只有平台管理员或区级管理员可以管理插件"))


def listed(caller: Caller) -> list[Listed]:
    """Every plugin present or ever installed here, with its switches; Forbidden for others."""
    demand(caller)
    rows = {row.name: row for row in PluginRow.select()}
    present, switches = discover(), _switches()
    return [
        _told(caller.instance, name, rows.get(name), present.get(name), switches.get(name, ()))
        for name in sorted(rows.keys() | present.keys())
    ]


def show(caller: Caller, plugin: str) -> Listed:
    """One plugin; raises NotFound naming how to see the known ones."""
    demand(caller)
    wanted = plugin.replace("-", "_")
    row, found = PluginRow.get_or_none(PluginRow.name == wanted), discover().get(wanted)
    if row is None and found is None:
        raise NotFound(_("没有插件「{plugin}」；lifang plugin list 列出可用的插件", plugin=plugin))
    return _told(caller.instance, wanted, row, found, _switches(wanted).get(wanted, ()))


def state_of(instance: Instance, row: Any, found: Found | None) -> tuple[str, tuple[str, ...]]:
    """The state of a plugin by its row, if it has one, and its package, if it is there; and why."""
    if row is not None and row.state == "purged":
        return "purged", ()
    if found is None:
        return "missing", (_("它的软件包不在了，数据还在"),)
    against = tuple(map(str, instance.plugins.reasons(found)))
    kept_out = "faulted" if found.id in instance.plugins.faults else "rejected"
    if row is None:
        return (kept_out, against) if against else ("available", ())
    if row.state != "installed":
        return row.state, (row.error,) if row.error else ()
    if found.id not in instance.plugins.loaded and (due := waiting.due(found)):
        return "pending", (_("有 {n} 个数据库迁移待执行", n=len(due)),)
    return (kept_out, against) if against else ("installed", ())


def _told(
    instance: Instance,
    name: str,
    row: Any,
    found: Found | None,
    switches: Iterable[Switch],
) -> Listed:
    state, reasons = state_of(instance, row, found)
    fault = instance.plugins.faults.get(name)
    summary = half(found.summary) if found else ""
    called, colon, _rest = summary.replace("：", ":").partition(":")
    known = instance.gone.of(name)
    return Listed(
        id=name,
        label=known.called if known else called if colon else name,
        version=found.version if found else row.version,
        summary=summary,
        state=state,
        error=fault or (row.error if row else None),
        switches=tuple(switches),
        history=begins(name),
        reasons=reasons,
        help=_(HELPS[state], id=name) if state in HELPS else None,
    )


def _switches(plugin: str | None = None) -> dict[str, list[Switch]]:
    """The switches that say something of their own, by plugin, in the order of the tree."""
    kept = (Activation.locked, Activation.reason, Activation.until, Activation.changed_by)
    own = (Activation.inherits == False) | ~Activation.reason.is_null()  # noqa: E712 – SQL
    query: Any = (
        Activation.select(Activation.plugin, Community.code, Community.name, Activation.on, *kept)
        .join(Community)
        .where(own if plugin is None else own & (Activation.plugin == plugin))
        .order_by(Community.path)
        .tuples()
    )
    switches: dict[str, list[Switch]] = {}
    for name, code, node, on, locked, *told in query:
        switches.setdefault(name, []).append(Switch(code, node, bool(on), bool(locked), *told))
    return switches
