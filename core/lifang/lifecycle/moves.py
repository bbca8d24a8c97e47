"""Switches that are turned together: kept, told to the log, audited, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import SEGMENT, Community, path_end
from lifang.events import catchup, log
from lifang.events.tables import Catchup
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.plugins.snapshot import Snapshot, Turned, read_switches
from lifang.plugins.tables import Activation, bump_epoch
from lifang.services.auditing import Change, record_note
from lifang.services.delivery import go_to_end, turned


@dataclass(frozen=True)
class Goal:
    """What a switch is to say; one that `inherits` says by itself nothing, `reason` suspends it."""

    on: bool
    inherits: bool = False
    locked: bool = False
    reason: str | None = None
    until: dt.datetime | None = None

    @property
    def word(self) -> str:
        """The same for the trail."""
        if self.reason is not None:
            return "suspended"
        told = "inherit" if self.inherits else "on" if self.on else "off"
        return f"{told} locked" if self.locked else told


ON, OFF, INHERIT = Goal(on=True), Goal(on=False), Goal(on=False, inherits=True)


@dataclass(frozen=True)
class Move:
    """A switch of a plugin at a node, and what it is to say."""

    plugin: str
    node: Community
    goal: Goal


def own(plugin: str, node: Community) -> Any:
    """The row of a node that says something of its own; None where it inherits."""
    row = _row(plugin, node)
    return None if row is None or (row.inherits and row.reason is None) else row


def differs(plugin: str, node: Community, goal: Goal) -> bool:
    """Whether a switch would say anything new; off where nothing above is on says nothing."""
    row = own(plugin, node)
    if row is not None:
        return _goal(row) != goal
    above = Snapshot(0, {}, read_switches()).decides(plugin, node.path)
    return goal.on or goal.locked or (above is not None and above.on)


def gained(told: Iterable[Move]) -> list[Move]:
    """Those of some moves by which a plugin is on at the node, and was not before."""
    now = Snapshot(0, {}, read_switches())

    def is_on(plugin: str, path: str) -> bool:
        decides = now.decides(plugin, path)
        return decides is not None and decides.on

    return [
        one
        for one in told
        if one.goal.on or (one.goal.inherits and is_on(one.plugin, one.node.path[:-SEGMENT]))
        if one.goal.reason is None and not is_on(one.plugin, one.node.path)
    ]


def carry_out(
    caller: Caller,
    verb: str,
    wanted: Iterable[Move],
    *,
    since: log.Place | str | None = None,
    reason: str | None = None,
) -> None:
    """Turn switches in the running transaction, say what of the past is told, and audit each.

    Those below a locked one inherit from then on. Raises Conflict, naming who holds it, where a
    node above is locked, and where one is suspended that would be overruled.
    """
    before = Snapshot(0, {}, read_switches())
    done = list(wanted)
    nodes = [int(move.node.id) for move in done]
    for move in list(done):
        _demand_free(move, nodes)
        if move.goal.locked:
            done += [Move(move.plugin, node, INHERIT) for node in _below(move.plugin, move.node)]
    at = clock.now()
    for move in done:
        was = _keep(caller, move, at)
        changes = [Change(move.plugin, was, move.goal.word)]
        told = {"community": int(move.node.id), "changes": changes, "reason": reason}
        record_note(caller, "plugin", verb, **told)  # type: ignore[arg-type]  # each is of its kind
    after = read_switches()
    for plugin in dict.fromkeys(move.plugin for move in done):
        _tell(plugin, before, after.get(plugin, []), at, since=since)
        _tidy(plugin)
    bump_epoch()


def _tell(
    plugin: str,
    before: Snapshot,
    after: list[Turned],
    at: dt.datetime,
    *,
    since: log.Place | str | None,
) -> None:
    """Say what of the past is told where a plugin was switched; who was off everywhere waits.

    `before` knows nothing of switches that were not there, and those that inherit follow theirs.
    """
    former = {one.node: before.decides(plugin, one.path) for one in after}
    fresh = [
        one
        for one in after
        if not ((was := former[one.node]) and was.node == one.node and was.on == one.on)
    ]
    whence = {
        one.node: since or (catchup.RESUME if former[one.node] else catchup.SKIP) for one in fresh
    }
    was_on = any(one.on for one in before.switches.get(plugin, ()))
    anew = {whence[one.node] for one in fresh if one.on}
    if anew - {catchup.RESUME} and not was_on:
        go_to_end(plugin)
    for one in fresh:
        turned(plugin, one.node, former[one.node], on=one.on, since=whence[one.node])
        mine = (Activation.plugin == plugin) & (Activation.community == one.node)
        Activation.update(on=one.on, changed_at=at).where(mine).execute()


def _tidy(plugin: str) -> None:
    """Forget switches that inherit and have nothing left to tell."""
    mine = pw.fn.SUBSTR(Catchup.sub, 1, len(plugin) + 1) == f"{plugin}."
    behind = Catchup.select(Catchup.community).where(mine, Catchup.to_pos.is_null())
    spent = (
        (Activation.plugin == plugin)
        & Activation.inherits
        & Activation.reason.is_null()
        & Activation.community.not_in(behind)
    )
    nodes = Activation.select(Activation.community).where(spent)
    Catchup.delete().where(mine, Catchup.community.in_(nodes)).execute()
    Activation.delete().where(spent).execute()


def _keep(caller: Caller, move: Move, at: dt.datetime) -> str:
    """Write a switch; gives what it said before. Since when it is on or off is told afterwards."""
    row, goal = _row(move.plugin, move.node), move.goal
    told = {
        "on": goal.on,
        "inherits": goal.inherits,
        "locked": goal.locked,
        "reason": goal.reason,
        "until": goal.until,
        "changed_by": caller.name,
    }
    if row is None:
        Activation.create(plugin=move.plugin, community=move.node, changed_at=at, **told)
        return INHERIT.word
    Activation.update(**told).where(Activation.id == row.id).execute()
    return _goal(row).word


def _goal(row: Any) -> Goal:
    return Goal(bool(row.on), bool(row.inherits), bool(row.locked), row.reason, row.until)


def _row(plugin: str, node: Community) -> Any:
    return Activation.get_or_none(Activation.plugin == plugin, Activation.community == node.id)


def _demand_free(move: Move, but: list[int]) -> None:
    """Raise Conflict where a node above decides for all below it, `but` one that moves too."""
    path = move.node.path
    above = [path[:step] for step in range(SEGMENT, len(path), SEGMENT)]
    holds = Activation.locked | ~Activation.reason.is_null() if move.goal.on else Activation.locked
    rows: Any = (
        Activation.select(Activation, Community)
        .join(Community)
        .where(Activation.plugin == move.plugin, Community.path.in_(above), holds)
        .where(Activation.community.not_in(but))
        .order_by(Community.path)
    )
    held = rows.first()
    if held is None:
        return
    told = {"name": held.community.name, "who": held.changed_by or "—", "plugin": move.plugin}
    if held.locked:
        raise Conflict(
            _("插件「{plugin}」的开关已由「{name}」锁定（{who}）", **told), reason="locked"
        )
    sentence = _("插件「{plugin}」已由「{name}」暂停（{who}）：{why}", why=held.reason, **told)
    raise Conflict(sentence, reason="suspended")


def _below(plugin: str, node: Community) -> list[Community]:
    """The nodes below that have a switch of their own."""
    inside = (Community.path > node.path) & (Community.path < path_end(node.path))
    says = ~Activation.inherits | ~Activation.reason.is_null()
    rows: Any = Activation.select().join(Community).where(Activation.plugin == plugin, inside, says)
    return [row.community for row in rows]
