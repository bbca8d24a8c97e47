"""Knows where every plugin is on, loads what is, asks their hooks, and names whose fault it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.version import Version

from lifang.plugins import hooks, importing
from lifang.plugins.breaker import CURED, FAULT, Stopped
from lifang.plugins.finding import Found, discover
from lifang.plugins.loading import Loader
from lifang.plugins.snapshot import Snapshot, Turned, gone, read_stops, read_switches, where
from lifang.plugins.tables import PluginRow, read_epoch
from lifang.plugins.waiting import due
from lifang.resources.registry import Registry

if TYPE_CHECKING:
    from lifang.entities.caller import Caller
    from lifang.entities.community import Community


class PluginManager(Loader):
    """The plugins of a running instance, and where they are on."""

    def __init__(self, registry: Registry) -> None:
        """Start with none; `refresh` loads those that are switched on somewhere."""
        super().__init__(registry)
        self._snapshot = Snapshot(epoch=-1)

    def refresh(self) -> Snapshot:
        """Look at the epoch and, when it moved, learn where every plugin is on and load those."""
        self.watch.keep()
        epoch = read_epoch()
        if epoch == self._snapshot.epoch:
            return self._snapshot
        with self._loading:
            for name in gone() & self.loaded.keys():
                self.drop(name)
            switches, stops = read_switches(), read_stops()
            if not self.safe:
                self._load_new(switches, {one.plugin: one for one in stops if not one.part})
            there = switches.keys() & self.loaded.keys() - self._outdated()
            on = {name: place for name in there if (place := where(switches[name]))}
            self._snapshot = Snapshot(epoch, on, switches, self.watch.saw(stops))
        self.watch.keep()
        return self._snapshot

    def _outdated(self) -> set[str]:
        """The plugins whose code here is older than their tables: this process is being replaced.

        Nor is one on where another machine has upgraded it and this one has not.
        """
        rows: Any = PluginRow.select(PluginRow.name, PluginRow.version).tuples()
        here = importing.versions
        return {name for name, told in rows if Version(here.get(name, told)) < Version(told)}

    def _load_new(self, switches: dict[str, list[Turned]], broken: dict[str, Stopped]) -> None:
        """Load what is on somewhere; what failed before only in another version, or if released."""
        wanted = {name for name in switches if where(switches[name])} - self.loaded.keys()
        if not wanted:
            return
        present = discover()
        for name in wanted & present.keys():
            self.rejections.pop(name, None)
            if self.faults.pop(name, None):
                importing.forget(present[name])
            kept = broken.get(name)
            if kept is not None and kept.version == present[name].version:
                self.faults[name] = kept.why
                self._demand_lenience(name, importing.told(kept.why))
        fit = sorted(wanted & present.keys() - self.faults.keys())
        fresh = [present[name] for name in fit if not due(present[name])]
        self._load(fresh, present)
        for one in fresh:
            if one.id in self.faults:
                self.watch.note(Stopped(one.id, "", "", FAULT, self.faults[one.id], one.version))
            elif one.id in self.loaded and one.id in broken:
                self.watch.note(Stopped(one.id, "", "", CURED, "", one.version))

    def ask(self, hook: str, *, only: str | None = None, **given: Any) -> dict[str, list[Any]]:
        """What each plugin answers to a hook, in the order of their needs, ties by id."""
        called = getattr(self.hooks.hook, hook).get_hookimpls()
        return {
            one.plugin_name: one.function(*[given[name] for name in one.argnames])
            for one in sorted(called, key=lambda one: self._rank(one.plugin_name))
            if only in (None, one.plugin_name)
        }

    def _rank(self, id: str, way: tuple[str, ...] = ()) -> tuple[int, str]:
        """A plugin comes after those whose interfaces it needs."""
        plugin, depth = self.loaded.get(id), 0
        for need in plugin.needs if plugin else ():
            other = next((name for name, told in self._offers().values() if told is need.found), id)
            if other not in (*way, id):
                depth = max(depth, self._rank(other, (*way, id))[0] + 1)
        return depth, id

    def cards(self, caller: Caller) -> list[hooks.Card]:
        """The dashboard cards of every plugin that has some for this caller."""
        return [card for told in self.ask("home_cards", caller=caller).values() for card in told]

    def objections(self, id: str, caller: Caller, node: Community) -> list[str]:
        """Why a plugin cannot be switched on at a node, as it says itself."""
        return self.ask("can_enable", only=id, caller=caller, community=node).get(id, [])

    def health(self, caller: Caller) -> dict[str, list[str]]:
        """What each plugin says is wrong out there, asked as itself because of this caller."""
        asked = [one.plugin_name for one in self.hooks.hook.health.get_hookimpls()]
        own = {id: caller.served_by(id) for id in sorted(asked)}
        return {id: self.ask("health", only=id, caller=own[id])[id] for id in own}


__all__ = ["Found", "PluginManager", "Snapshot", "Turned", "discover"]
