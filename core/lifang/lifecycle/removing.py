"""How a plugin leaves: its data kept, taken out into a folder, or purged; never without a look."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.events import subscriptions
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.lifecycle import leavings, moves, stored
from lifang.lifecycle.moves import OFF, Move
from lifang.lifecycle.needing import needs
from lifang.lifecycle.states import Listed, demand, show
from lifang.lifecycle.taking_out import take_out
from lifang.mechanisms.documents import DocumentRow
from lifang.plugins.declared import said
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services import depot
from lifang.services.auditing import Change, record_note
from lifang.services.delivery import lag
from lifang.store.whole import whole
from lifang.upkeep import backup
from lifang.upkeep.backup import Steps

REMAINS = ("id", "label", "version", "nouns")
"""What is kept of a declaration after a purge: enough to tell old entries of the trail."""


@dataclass(frozen=True)
class Left:
    """A table, or something in the core's tables, that a plugin has here: how many rows."""

    name: str
    label: str
    rows: int


@dataclass(frozen=True)
class Look:
    """What a plugin has here, told before it leaves.

    `waiting` counts events that its handlers have not been told, `documents` those papers that can
    be verified still, `needed_by` the plugins that cannot do without it.
    """

    plugin: Listed
    tables: tuple[Left, ...]
    others: tuple[Left, ...]
    waiting: int
    documents: int
    needed_by: tuple[str, ...]


@dataclass(frozen=True)
class Gone:
    """What was done: the plugin as it is known now, files that were written, the backup before."""

    plugin: Listed
    files: tuple[str, ...] = ()
    backup: str | None = None


def look(caller: Caller, plugin: str) -> Look:
    """Tell what a plugin has here; nothing is changed. Raises Conflict where it has nothing."""
    known = _known(caller, plugin)
    instance, id = caller.instance, known.id
    told = stored.told_of(id)
    labels = {one["table"]: said(one["label"]) for one in told.get("nouns", ())}
    labels[f"{id}_migration"] = _("数据表的版本")
    tables = leavings.tables_of(instance.database, id, told.get("tables", ()))
    counted = [Left(name, labels.get(name, ""), _count(caller, name)) for name in sorted(tables)]
    found: dict[str, Left] = {}
    for one in leavings.leavings(id, tables):
        label = _(one.label)
        before = found.get(label, Left(one.model._meta.table_name, label, 0))
        found[label] = Left(before.name, label, before.rows + one.count())
    mine = pw.fn.SUBSTR(DocumentRow.name, 1, len(id) + 1) == f"{id}."
    return Look(
        plugin=known,
        tables=tuple(counted),
        others=tuple(one for one in found.values() if one.rows),
        waiting=sum(one.behind for one in lag(instance, id)),
        documents=DocumentRow.select().where(mine, DocumentRow.revoked_at.is_null()).count(),
        needed_by=tuple(needs().dependents(id)),
    )


def keep(caller: Caller, plugin: str, *, along: bool = False) -> Gone:
    """Uninstall a plugin and keep its data: off everywhere, its code called and imported no more.

    What cannot do without it goes off with it, if that is meant (`along`); else Conflict.
    """
    _off(caller, _uninstallable(caller, plugin), "keep", along=along)
    return Gone(show(caller, plugin))


def export(
    caller: Caller, plugin: str, folder: Path, *, purpose: str | None = None, along: bool = False
) -> Gone:
    """Write all that a plugin has into a folder, and uninstall it with its data kept."""
    known = _uninstallable(caller, plugin)
    _demand_alone(known, along=along)
    files = take_out(caller, stored.told_of(known.id), folder, purpose=purpose)
    _off(caller, known, "export", along=along)
    return Gone(show(caller, plugin), tuple(files))


def purge(
    caller: Caller,
    plugin: str,
    *,
    keep_backup: bool = True,
    progress: Steps = lambda _step, _done, _of: None,
) -> Gone:
    """Take away all that an uninstalled or missing plugin has here; it cannot be undone.

    Its tables, settings, files and all else that is its own go in one transaction; audit and event
    log are kept, and the labels that tell them. The instance is backed up before, unless that is
    not wanted. Raises Conflict for one that is in use or that others cannot do without.
    """
    known = _known(caller, plugin)
    if known.state not in ("uninstalled", "missing"):
        told = _(
            "插件「{plugin}」还在使用；请先运行 lifang plugin uninstall {plugin}", plugin=known.id
        )
        raise Conflict(told)
    _demand_alone(known, along=False)
    made = None
    if keep_backup:
        made = str(backup.make_before(caller, f"purge-{known.id}", progress))
    _clear(caller, known.id)
    caller.instance.plugins.refresh()
    return Gone(show(caller, plugin), backup=made)


@whole
def _clear(caller: Caller, plugin: str) -> None:
    database, told = caller.instance.database, stored.told_of(plugin)
    with database.transaction():
        subscriptions.hold(plugin)  # a batch that is being told comes to its end first
        tables = leavings.tables_of(database, plugin, told.get("tables", ()))
        counters = {name: n for name, n in database.counters().items() if name in tables}
        files = leavings.clear(plugin, tables)
        if tables:
            database.drop(tables)
        remains = {name: told[name] for name in REMAINS if name in told} | {"counters": counters}
        PluginRow.update(
            state="purged",
            error=None,
            declared=json.dumps(remains, ensure_ascii=False),
            changed_at=clock.now(),
        ).where(PluginRow.name == plugin).execute()
        _note(caller, plugin, "purge", "purged", None)
        bump_epoch()
    for place in files:
        depot.drop(caller.instance, place)


@whole
def _off(caller: Caller, known: Listed, way: str, *, along: bool) -> None:
    """Switch a plugin off wherever it is on, and say that it is here no more."""
    others = _demand_alone(known, along=along)
    with caller.instance.database.transaction():
        mine = Activation.plugin.in_([*others, known.id])
        rows = Activation.select().where(mine, Activation.on | ~Activation.reason.is_null())
        told = [Move(row.plugin, row.community, OFF) for row in rows.order_by(Activation.id)]
        moves.carry_out(caller, "disable", told)
        PluginRow.update(state="uninstalled", error=None, changed_at=clock.now()).where(
            PluginRow.name == known.id
        ).execute()
        _note(caller, known.id, "uninstall", "uninstalled", way, known.state)
        bump_epoch()
    caller.instance.plugins.refresh()


def _note(
    caller: Caller, plugin: str, verb: str, after: str, way: str | None, before: str | None = None
) -> None:
    change = Change(plugin, before or "uninstalled", after)
    record_note(caller, "plugin", verb, changes=[change], reason=way)


def _known(caller: Caller, plugin: str) -> Listed:
    demand(caller, everywhere=True)
    known = show(caller, plugin)
    if PluginRow.get_or_none(PluginRow.name == known.id, PluginRow.state != "purged") is None:
        raise Conflict(_("插件「{plugin}」在这里什么也没有", plugin=known.id))
    return known


def _uninstallable(caller: Caller, plugin: str) -> Listed:
    known = _known(caller, plugin)
    if PluginRow.get_by_id(known.id).state == "uninstalled":
        told = _(
            "插件「{plugin}」已经卸载；清除数据请用 lifang plugin purge {plugin}", plugin=known.id
        )
        raise Conflict(told)
    return known


def _demand_alone(known: Listed, *, along: bool) -> list[str]:
    """The installed plugins that cannot do without one; Conflict unless they go `along`."""
    others = needs().dependents(known.id)
    if others and not along:
        names = _("、").join(others)
        told = _("{names} 依赖插件「{plugin}」，须一并停用；确认请加 --yes",
                 names=names, plugin=known.id)  # fmt: skip
        raise Conflict(told, reason="dependents", plugins=others)
    return others


def _count(caller: Caller, table: str) -> int:
    database = caller.instance.database
    asked = f"SELECT COUNT(*) FROM {database.quoted(table)}"  # noqa: S608 – a table that is there
    found: Any = database.engine.execute_sql(asked)
    return int(found.fetchone()[0])
