"""Finds plugins by metadata, loads each one apart from the others, and knows where each is on."""

from __future__ import annotations

import importlib
import logging
import threading
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pluggy

from lifang.entities.community import Community, path_end
from lifang.events.payloads import Payload, demand_chains
from lifang.kit import clock, ranges, words
from lifang.kit.words import _
from lifang.plugins import hooks
from lifang.plugins.guard import guard
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import Activation, PluginRow, read_epoch, read_generation
from lifang.resources.registry import CORE, Registry

if TYPE_CHECKING:
    from lifang.entities.caller import Caller

GROUP = "lifang.plugins"
log = logging.getLogger("lifang.plugins")


@dataclass(frozen=True)
class Found:
    """A plugin present on this machine, known by its metadata alone: nothing was imported."""

    id: str
    distribution: str
    version: str
    summary: str
    entry: metadata.EntryPoint


@dataclass(frozen=True)
class Turned:
    """A plugin's switch at a node: it decides for all below that have none of their own."""

    path: str
    node: int
    on: bool
    since: datetime


@dataclass(frozen=True)
class Snapshot:
    """Where every plugin is on, as of one epoch; a request keeps one to its end."""

    epoch: int
    on: dict[str, ranges.Ranges] = field(default_factory=dict)
    switches: dict[str, list[Turned]] = field(default_factory=dict)

    def where(self, plugin: str) -> ranges.Ranges:
        """The parts of the tree where a plugin is on; the core is on everywhere."""
        return ranges.EVERYWHERE if plugin == CORE else self.on.get(plugin, ranges.NOWHERE)

    def decides(self, plugin: str, path: str) -> Turned | None:
        """The switch that decides whether a plugin is on at a path: the nearest one above it."""
        found = reversed(self.switches.get(plugin, ()))
        return next((one for one in found if path.startswith(one.path)), None)


def discover() -> dict[str, Found]:
    """Every plugin installed in this Python, by id; two distributions with one id: the first."""
    found: dict[str, Found] = {}
    for entry in metadata.entry_points(group=GROUP):
        told: Any = entry.dist.metadata if entry.dist else {}
        found.setdefault(
            entry.name,
            Found(
                id=entry.name,
                distribution=str(told.get("Name", "")),
                version=entry.dist.version if entry.dist else "",
                summary=str(told.get("Summary", "")),
                entry=entry,
            ),
        )
    return found


class PluginManager:
    """The plugins of a running instance: loaded, faulted, and where they are on."""

    def __init__(self, registry: Registry) -> None:
        """Start with none; `refresh` loads those that are switched on somewhere."""
        self.registry = registry
        self.loaded: dict[str, Plugin] = {}
        self.faults: dict[str, str] = {}
        self.payloads: dict[str, Payload] = {}
        self.denied: dict[str, str] = {}
        self._generation: int | None = None
        self._versions: dict[str, str] = {}
        self.hooks = pluggy.PluginManager("lifang")
        self.hooks.add_hookspecs(hooks)
        self._snapshot = Snapshot(epoch=-1)
        self._loading = threading.Lock()

    def register(self, plugin: Plugin) -> None:
        """Take a plugin in, whole or not at all."""
        try:
            for resource in plugin.resources:
                self.registry.add(plugin.id, resource)
            for resource in plugin.resources:
                resource.above = self.registry.above(resource)
            for type in plugin.payloads:
                if type.rpartition(".")[0] in self.registry.confidential:
                    raise ValueError(f"{type}: events of what is confidential tell no data")
            if plugin.hooks:
                stand_in = guard(plugin.id, plugin.hooks, lambda caller: self.is_on(plugin, caller))
                self.hooks.register(stand_in, name=plugin.id)
                self.hooks.check_pending()
        except BaseException:
            self.registry.drop(plugin.id)
            if self.hooks.get_plugin(plugin.id) is not None:
                self.hooks.unregister(name=plugin.id)
            raise
        words.add_catalogue(plugin.folder / "locale")
        self.payloads |= plugin.payloads
        self.loaded[plugin.id] = plugin

    def load(self, found: Found) -> Plugin | None:
        """Import and register one plugin; whatever it raises, or who denies it, stays its fault."""
        if found.id in self.loaded:
            return self.loaded[found.id]
        if denied := self.denied.get(found.id):
            self.faults[found.id] = _("在禁用名单上：{why}", why=denied)
            return None
        try:
            self._versions.setdefault(found.id, found.version)
            plugin = found.entry.load()
            if not isinstance(plugin, Plugin) or plugin.id != found.id:
                raise TypeError(f"{found.entry.value} is not the plugin {found.id}")
            demand_chains(plugin.id, plugin.payloads.values())
            self.register(plugin)
        except (Exception, SystemExit) as error:
            self.faults[found.id] = "".join(traceback.format_exception(error))
            log.warning("plugin %s could not be loaded: %s", found.id, error)
            return None
        self.faults.pop(found.id, None)
        return plugin

    def refresh(self) -> Snapshot:
        """Look at the epoch and, when it moved, learn where every plugin is on and load those."""
        epoch = read_epoch()
        if epoch == self._snapshot.epoch:
            return self._snapshot
        with self._loading:
            switches = _read_switches()
            wanted = [
                name
                for name, turned in switches.items()
                if name not in self.loaded | self.faults and _where(turned)
            ]
            if wanted:
                importlib.invalidate_caches()  # a package may have come while this process runs
                present = discover()
                for name in wanted:
                    if name in present:
                        self.load(present[name])
            known = switches.keys() & self.loaded.keys() - self._outdated()
            on = {name: where for name in known if (where := _where(switches[name]))}
            self._snapshot = Snapshot(epoch, on, switches)
        return self._snapshot

    def _outdated(self) -> set[str]:
        """The plugins of which this process has another version's code: it is being replaced."""
        now = read_generation()
        if self._generation is None:
            self._generation = now
        if now == self._generation:
            return set()
        rows: Any = PluginRow.select(PluginRow.name, PluginRow.version).tuples()
        return {name for name, version in rows if self._versions.get(name, version) != version}

    def is_on(self, plugin: Plugin, caller: Caller) -> bool:
        """Whether a plugin is on anywhere the caller stands."""
        where = caller.snapshot.where(plugin.id)
        if not caller.standings:
            return bool(where)
        stands = ranges.union(
            ("", "~") if standing.path is None else (standing.path, path_end(standing.path))
            for standing in caller.standings
        )
        return bool(ranges.intersect(where, stands))

    def cards(self, caller: Caller) -> list[hooks.Card]:
        """The dashboard cards of every plugin that has some for this caller."""
        answers: Iterable[list[hooks.Card]] = self.hooks.hook.home_cards(caller=caller)
        return [card for answer in answers for card in answer or ()]


def _read_switches() -> dict[str, list[Turned]]:
    """Every installed plugin's switches, in the order of their paths."""
    rows: Any = (
        Activation.select(
            Activation.plugin, Community.path, Community.id, Activation.on, Activation.changed_at
        )
        .join(Community)
        .switch(Activation)
        .join(PluginRow, on=(PluginRow.name == Activation.plugin))
        .where(PluginRow.state == "installed")
        .order_by(Community.path)
        .tuples()
    )
    switches: dict[str, list[Turned]] = {}
    for name, *told in rows:
        switches.setdefault(name, []).append(Turned(*told))
    return switches


def _where(switches: Iterable[Turned]) -> ranges.Ranges:
    """Where a plugin is on: deeper switches override the ones above them."""
    on = ranges.NOWHERE
    for one in switches:
        node = (one.path, path_end(one.path))
        on = ranges.union([*on, node]) if one.on else ranges.subtract(on, node)
    return on


def note_fault(plugin: str, text: str) -> None:
    """Keep why a plugin failed, for `plugin list` and `doctor`."""
    PluginRow.update(error=text, changed_at=clock.now()).where(PluginRow.name == plugin).execute()
