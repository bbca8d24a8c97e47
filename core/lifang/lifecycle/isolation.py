"""What of plugins was stopped: kept for all processes, shown, released; stopping by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.errors import Busy, Conflict, NotFound, NotReady
from lifang.kit.words import _, n_
from lifang.lifecycle.states import Listed, demand, may_administer, show
from lifang.lifecycle.switching import nodes_at
from lifang.plugins import importing
from lifang.plugins.breaker import CURED, FAULT, Stopped
from lifang.plugins.hooks import Card
from lifang.plugins.manager import Snapshot, discover
from lifang.plugins.tables import PluginRow, Stop, bump_epoch
from lifang.plugins.watch import failures_of
from lifang.services.auditing import record_note, stated
from lifang.services.instance import Instance

RULES = {
    "errors": n_("出错次数太多"),
    "slow": n_("太慢"),
    "hangs": n_("没有结束"),
}
"""Why a part was stopped, for people."""

HALF = 300
"""Letters of a traceback's last lines that the audit keeps."""


@dataclass(frozen=True)
class Halt:
    """One part of a plugin that was stopped at a node; without a code, for the whole instance."""

    plugin: str
    part: str
    code: str | None
    name: str | None
    rule: str
    why: str
    since: dt.datetime

    def __str__(self) -> str:
        """Say it in one line."""
        where = self.name or _("整个实例")
        told = {"part": self.part, "where": where, "rule": _(RULES[self.rule]), "why": self.why}
        return _("{part} 在 {where} 已暂停（{rule}）：{why}", **told)


def keeper(instance: Instance) -> Callable[[list[Stopped]], bool]:
    """Make what keeps for all processes what one of them has stopped, with an entry in the audit.

    It says no where a transaction of somebody else's is running, or another writer is at work.
    """
    return partial(_keep_all, instance)


def _keep_all(instance: Instance, told: list[Stopped]) -> bool:
    if instance.database.in_transaction:
        return False
    try:
        with instance.database.connection(), instance.database.transaction():
            for one in told:
                _keep(instance, one)
            bump_epoch()
    except Busy:
        return False
    return True


def _keep(instance: Instance, one: Stopped) -> None:
    node = Community.get_or_none(Community.path == one.path) if one.path else None
    mine = (Stop.plugin == one.plugin) & (Stop.part == one.part)
    at = Stop.community.is_null() if node is None else Stop.community == node
    Stop.delete().where(mine, at).execute()
    name = f"plugin:{one.plugin}"
    if one.rule != CURED:
        Stop.create(
            plugin=one.plugin,
            community=node,
            part=one.part,
            rule=one.rule,
            why=one.why,
            version=one.version,
            stopped_by=name,
            stopped_at=clock.now(),
        )
    caller = Caller(instance, Snapshot(epoch=-1), name, "event", plugin=one.plugin)
    said = f"{one.plugin} {one.part} {one.rule} {one.why[-HALF:]}"
    verb = "recover" if one.rule == CURED else "stop"
    record_note(caller, "plugin", verb, community=node.id if node else None, reason=said)


def halts(plugin: str | None = None) -> list[Halt]:
    """Which parts of a plugin, or of all, were stopped and not released."""
    rows: Any = (
        Stop.select(Stop, Community).join(Community, pw.JOIN.LEFT_OUTER)
        .where(Stop.part != "", Stop.plugin == (plugin or Stop.plugin))
        .order_by(Stop.plugin, Stop.id)
    )  # fmt: skip
    return [
        Halt(row.plugin, row.part, *_place(row), row.rule, row.why, row.stopped_at) for row in rows
    ]


def _place(row: Any) -> tuple[str | None, str | None]:
    node = row.community if row.community_id else None
    return (node.code, node.name) if node else (None, None)


def notes(caller: Caller) -> list[Card]:
    """What administrators are told on their home page: what was stopped, what failed just now."""
    if not may_administer(caller):
        return []
    told = [
        Card(_("插件暂停：{plugin}", plugin=one.plugin), "!", None, str(one)) for one in halts()
    ]
    stopped = {(one.plugin, one.part) for one in halts()}
    for one in failures_of(caller):
        if (one.plugin, one.part) not in stopped:
            told.append(Card(_("插件出错：{plugin}", plugin=one.plugin), "!", None, one.why))
    return told


def quarantine(caller: Caller, plugin: str, reason: str) -> Listed:
    """Stop a whole plugin: it is called nowhere until it is released; its records stay.

    Raises Invalid without a reason, Conflict where it is not installed or stopped already.
    """
    known, said = _known(caller, plugin), stated("reason", reason, _("请写明原因"))
    with caller.instance.database.transaction():
        mine = (PluginRow.name == known.id) & (PluginRow.state == "installed")
        told = {"state": "quarantined", "error": said, "changed_at": clock.now()}
        if not PluginRow.update(**told).where(mine).execute():
            raise Conflict(_("插件「{plugin}」没有安装，或已经隔离", plugin=known.id))
        record_note(caller, "plugin", "quarantine", reason=f"{known.id} {said}")
        bump_epoch()
    caller.instance.plugins.refresh()
    return show(caller, known.id)


def release(caller: Caller, plugin: str, at: str | None = None) -> Listed:
    """Let what was stopped of a plugin be called again, at one node or everywhere.

    Raises Conflict where nothing of it was stopped there.
    """
    known = _known(caller, plugin)
    there = Stop.community == nodes_at(caller, at)[0] if at else Stop.plugin == known.id
    with caller.instance.database.transaction():
        freed = Stop.delete().where(Stop.plugin == known.id, Stop.part != "", there).execute()
        if at is None:
            mine = (PluginRow.name == known.id) & (PluginRow.state == "quarantined")
            told = {"state": "installed", "error": None, "changed_at": clock.now()}
            freed += PluginRow.update(**told).where(mine).execute()
        if not freed:
            raise Conflict(_("插件「{plugin}」在那里没有暂停的部分", plugin=known.id))
        record_note(caller, "plugin", "release", reason=f"{known.id} {at or ''}".strip())
        bump_epoch()
    caller.instance.plugins.refresh()
    return show(caller, known.id)


def retry(caller: Caller, plugin: str) -> Listed:
    """Load a plugin again that did not load, here and in every running process.

    Raises Conflict where it is loaded or in quarantine, NotReady with the reason where it fails
    again, NotFound where its package is gone. What hung at import needs a new process.
    """
    known, plugins = _known(caller, plugin), caller.instance.plugins
    found = discover().get(known.id)
    if found is None:
        raise NotFound(_("插件「{plugin}」的软件包不在了", plugin=known.id))
    if known.id in plugins.loaded or known.state == "quarantined":
        raise Conflict(_("插件「{plugin}」没有载入故障", plugin=known.id))
    importing.forget(found)
    loaded = plugins.load(found)
    with caller.instance.database.transaction():
        Stop.delete().where(Stop.plugin == known.id, Stop.part == "").execute()
        record_note(caller, "plugin", "retry", reason=f"{known.id} {found.version}")
        bump_epoch()
    if loaded is None:
        why = _("；").join(map(str, plugins.reasons(found)))
        if found.id in plugins.faults and known.state != "available":
            trace = plugins.faults[found.id]
            plugins.watch.note(Stopped(found.id, "", "", FAULT, trace, found.version))
            plugins.watch.keep()
        raise NotReady(_("插件「{plugin}」无法载入：{why}", plugin=known.id, why=why))
    plugins.refresh()
    return show(caller, known.id)


def _known(caller: Caller, plugin: str) -> Listed:
    """The plugin of that name, for those who may install."""
    demand(caller, everywhere=True)
    return show(caller, plugin)
