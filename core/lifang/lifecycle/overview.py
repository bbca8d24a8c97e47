"""How a plugin does here: how far it is on, by which switches, and what was done to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import SEGMENT, Community, path_end
from lifang.kit import ranges
from lifang.lifecycle import states
from lifang.plugins.tables import Activation

COUNTED = 5_000
"""Communities counted at most: beyond that, the number tells nobody anything."""
DEEDS = 50
MOST = 200
"""Switches whose places are told: a page is no list of a province."""


@dataclass(frozen=True)
class Spread:
    """In how many communities a plugin is on under a node; `all` is None beyond what is counted."""

    name: str
    on: int
    all: int | None


@dataclass(frozen=True)
class Place:
    """A node with a switch of its own, or one on the way to it, which has none.

    `switch` is on, off, inherit or suspended, `on` whether the plugin is on there in the end.
    """

    code: str
    name: str
    depth: int
    on: bool
    switch: str | None
    locked: bool = False
    reason: str | None = None
    until: dt.datetime | None = None
    by: str | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Changed:
    """What was said of something before and after."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Deed:
    """Something that was done to a plugin: by whom, where, and what changed."""

    at: dt.datetime
    actor: str
    source: str
    verb: str
    outcome: str
    place: str | None
    reason: str | None
    changes: tuple[Changed, ...]


def tops(caller: Caller) -> list[Community]:
    """Where the parts of the tree begin whose plugins the caller administers."""
    standings = [one for one in caller.standings if states.administers(one.role)]
    standing = Community.select().where(
        Community.removed_at.is_null(), Community.valid_to.is_null()
    )
    if any(one.everywhere for one in standings):
        return list(standing.where(Community.parent.is_null()).order_by(Community.code).limit(40))
    paths = sorted({one.path for one in standings if one.path is not None})
    upper = [path for path in paths if not any(path != p and path.startswith(p) for p in paths)]
    return list(standing.where(Community.path.in_(upper)).order_by(Community.path))


def spread(caller: Caller, plugins: list[str]) -> dict[str, tuple[Spread, ...]]:
    """How far each plugin is on in the caller's part of the tree, where it is on at all."""
    told: dict[str, list[Spread]] = {name: [] for name in plugins}
    for top in tops(caller):
        whole = (top.path, path_end(top.path))
        every = _counted((whole,))
        for name in plugins:
            where = ranges.intersect(caller.snapshot.where(name), (whole,))
            if where:
                on = every if where == (whole,) else _counted(where)
                told[name].append(Spread(top.name, on, every if every < COUNTED else None))
    return {name: tuple(found) for name, found in told.items()}


def _counted(where: ranges.Ranges) -> int:
    communities = Community.select(Community.id).where(
        Community.kind == "community", Community.removed_at.is_null(), Community.valid_to.is_null()
    )
    found = 0
    for low, high in where:
        if found < COUNTED:
            part = communities.where(Community.path >= low, Community.path < high)
            found += int(part.limit(COUNTED - found).count())
    return found


def places(caller: Caller, plugin: str) -> list[Place]:
    """The nodes with switches of a plugin and those above them, from the top down.

    Whoever administers a part of the tree is told of that part, and of what decides for it above.
    """
    rows: dict[str, Any] = {
        row.community.path: row
        for row in Activation.select(Activation, Community)
        .join(Community)
        .where(Activation.plugin == plugin, _near(caller))
        .order_by(Community.path)
        .limit(MOST)
    }
    ways = {path[:end] for path in rows for end in range(SEGMENT, len(path) + 1, SEGMENT)}
    nodes = Community.select().where(Community.path.in_(sorted(ways))).order_by(Community.path)
    snapshot = caller.instance.plugins.refresh()
    return [
        Place(
            code=node.code,
            name=node.name,
            depth=len(node.path) // SEGMENT - 1,
            on=ranges.holds(snapshot.where(plugin), node.path),
            **_own(rows.get(node.path)),
        )
        for node in nodes
    ]


def _near(caller: Caller) -> Any:
    """The nodes in the caller's part of the tree, and those above it."""
    if states.may_install(caller):
        return Community.path >= ""
    paths = [top.path for top in tops(caller)]
    above = {path[:end] for path in paths for end in range(SEGMENT, len(path), SEGMENT)}
    near = Community.path.in_(sorted(above))
    for path in paths:
        near |= (Community.path >= path) & (Community.path < path_end(path))
    return near


def _own(row: Any) -> dict[str, Any]:
    """The switch of a node itself."""
    if row is None:
        return {"switch": None}
    plain = "inherit" if row.inherits else "on" if row.on else "off"
    return {
        "switch": plain if row.reason is None else "suspended",
        "locked": row.locked,
        "reason": row.reason,
        "until": row.until,
        "by": row.changed_by,
        "at": row.changed_at,
    }


def deeds(caller: Caller, plugin: str) -> list[Deed]:
    """What was done to a plugin, newest first, where the caller administers it and above."""
    about = AuditChange.select(AuditChange.entry).where(AuditChange.field == plugin)
    named = AuditEntry.reason == plugin
    for more in (" ", ": "):
        named |= AuditEntry.reason.startswith(plugin + more)
    near = Community.select(Community.id).where(_near(caller))
    entries = list(
        AuditEntry.select()
        .where(AuditEntry.plugin == "core", AuditEntry.noun == "plugin")
        .where(AuditEntry.id.in_(about) | named)
        .where(AuditEntry.community.is_null() | AuditEntry.community.in_(near))
        .order_by(AuditEntry.id.desc())
        .limit(DEEDS)
    )
    changes: dict[int, list[Changed]] = {}
    rows = AuditChange.select().where(AuditChange.entry.in_([entry.id for entry in entries]))
    for row in rows.order_by(AuditChange.id):
        changes.setdefault(row.entry_id, []).append(Changed(row.field, row.before, row.after))
    names = dict(_names([entry.community for entry in entries if entry.community]))
    return [
        Deed(
            at=entry.at,
            actor=entry.actor_name,
            source=entry.source,
            verb=entry.verb,
            outcome=entry.outcome,
            place=names.get(entry.community or 0),
            reason=entry.reason,
            changes=tuple(changes.get(entry.id, ())),
        )
        for entry in entries
    ]


def _names(numbers: list[int]) -> Iterator[tuple[int, str]]:
    found = Community.select(Community.id, Community.name).where(Community.id.in_(numbers))
    yield from ((int(node.id), node.name) for node in found)
