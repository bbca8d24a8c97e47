"""Where every plugin is on, as one request sees it from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee as pw

from lifang.entities.community import Community, path_end
from lifang.kit import ranges
from lifang.plugins.breaker import Key, Stopped
from lifang.plugins.tables import Activation, PluginRow, Stop
from lifang.resources.registry import CORE


@dataclass(frozen=True)
class Turned:
    """A plugin's switch at a node: it decides for all below that have none of their own."""

    path: str
    node: int
    on: bool
    since: datetime


@dataclass(frozen=True)
class Snapshot:
    """Where every plugin is on, as of one epoch, and what of it is not called; kept to the end."""

    epoch: int
    on: dict[str, ranges.Ranges] = field(default_factory=dict)
    switches: dict[str, list[Turned]] = field(default_factory=dict)
    stopped: frozenset[Key] = frozenset()

    def where(self, plugin: str) -> ranges.Ranges:
        """The parts of the tree where a plugin is on; the core is on everywhere."""
        return ranges.EVERYWHERE if plugin == CORE else self.on.get(plugin, ranges.NOWHERE)

    def decides(self, plugin: str, path: str) -> Turned | None:
        """The switch that decides whether a plugin is on at a path: the nearest one above it."""
        found = reversed(self.switches.get(plugin, ()))
        return next((one for one in found if path.startswith(one.path)), None)


def read_switches() -> dict[str, list[Turned]]:
    """Every installed plugin's switches, in the order of their paths."""
    columns = (Activation.on, Activation.changed_at, Activation.inherits, Activation.reason)
    rows: Any = (
        Activation.select(Activation.plugin, Community.path, Community.id, *columns)
        .join(Community)
        .switch(Activation)
        .join(PluginRow, on=(PluginRow.name == Activation.plugin))
        .where(PluginRow.state == "installed")
        .order_by(Community.path)
        .tuples()
    )
    switches: dict[str, list[Turned]] = {}
    for name, path, node, on, since, inherits, reason in rows:
        mine = switches.setdefault(name, [])
        if inherits and reason is None:
            above = next((one for one in reversed(mine) if path.startswith(one.path)), None)
            on = above is not None and above.on
        mine.append(Turned(path, node, on, since))
    return switches


def gone() -> set[str]:
    """The plugins that were here and are so no more."""
    states = PluginRow.state.in_(("uninstalled", "purged"))
    rows: Any = PluginRow.select(PluginRow.name).where(states).tuples()
    return {name for (name,) in rows}


def where(switches: Iterable[Turned]) -> ranges.Ranges:
    """Where a plugin is on: deeper switches override the ones above them."""
    on = ranges.NOWHERE
    for one in switches:
        node = (one.path, path_end(one.path))
        on = ranges.union([*on, node]) if one.on else ranges.subtract(on, node)
    return on


def read_stops() -> list[Stopped]:
    """Everything that was stopped and not released."""
    columns = (Stop.plugin, Community.path, Stop.part, Stop.rule, Stop.why, Stop.version)
    rows: Any = Stop.select(*columns).join(Community, pw.JOIN.LEFT_OUTER).order_by(Stop.id)
    return [Stopped(name, path or "", *told) for name, path, *told in rows.tuples()]
