"""Loads each plugin apart from the others, after those it needs, whole or not at all."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

import pluggy

from lifang.events.payloads import Payload, demand_chains
from lifang.kit import words
from lifang.kit.errors import NotReady
from lifang.kit.words import _, n_
from lifang.plugins import hooks, importing, interfaces
from lifang.plugins.finding import Found, Reason, discover
from lifang.plugins.guard import guard
from lifang.plugins.interfaces import Need, Provided
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import PluginRow
from lifang.plugins.watch import Watch
from lifang.resources.registry import Registry

log = logging.getLogger("lifang.plugins")

DENIED = n_("在禁用名单上：{why}")
FATAL = n_("插件「{plugin}」无法载入：{why}")
SAFE = n_("现在是安全模式，不载入任何插件；请去掉 LIFANG_SAFE 或 --safe 再试")


class Loader:
    """The plugins of this process: loaded, kept out, or broken."""

    def __init__(self, registry: Registry) -> None:
        """Start with none.

        `denied` says which must not be loaded, and why; `rejections` why others were kept out, and
        `faults` what those said that broke. With `safe`, nothing of anybody else's is imported.
        """
        self.registry = registry
        self.loaded: dict[str, Plugin] = {}
        self.denied: dict[str, str] = {}
        self.rejections: dict[str, tuple[Reason, ...]] = {}
        self.faults: dict[str, str] = {}
        self.safe = False
        self.watch = Watch()
        self.payloads: dict[str, Payload] = {}
        self.hooks = pluggy.PluginManager("lifang")
        self.hooks.add_hookspecs(hooks)
        self._loading = threading.RLock()

    def register(self, plugin: Plugin) -> None:
        """Take a plugin in, whole or not at all."""
        try:
            for resource in plugin.resources:
                self.registry.add(plugin.id, resource)
            for resource in plugin.resources:
                resource.above = self.registry.above(resource)
            self._demand_free(plugin)
            if plugin.hooks:
                stand_in = guard(plugin.id, plugin.hooks, self.watch)
                self.hooks.register(stand_in, name=plugin.id)
        except BaseException:
            self.drop(plugin.id)
            raise
        words.add_catalogue(plugin.folder / "locale")
        self.payloads |= plugin.payloads
        self.loaded[plugin.id] = plugin

    def _demand_free(self, plugin: Plugin) -> None:
        for type in plugin.payloads:
            if type.rpartition(".")[0] in self.registry.confidential:
                raise ValueError(f"{type}: events of what is confidential tell no data")
        for name in plugin.provides:
            if other := self._offers().get(name):
                raise ValueError(f"interface {name} is provided by {other[0]} already")

    def drop(self, id: str) -> None:
        """Forget a plugin and all it declared; those who cannot do without it go with it."""
        self.registry.drop(id)
        if self.hooks.get_plugin(id) is not None:
            self.hooks.unregister(name=id)
        plugin = self.loaded.pop(id, None)
        if plugin is None:
            return
        words.drop_catalogue(plugin.folder / "locale")
        for type in plugin.payloads:
            self.payloads.pop(type, None)
        for other in list(self.loaded.values()):
            for need in other.needs:
                if need.found is not None and need.found in plugin.provides.values():
                    need.found = None
                    if not need.optional:
                        self.drop(other.id)
                        self.rejections[other.id] = (_unmet(interfaces.NOT_THERE, need, id),)

    def why_not(self, found: Found) -> tuple[Reason, ...]:
        """Why a plugin that is present here is kept out; nothing where nothing is against it."""
        denied = self.denied.get(found.id)
        listed = () if denied is None else (Reason(DENIED, {"why": denied}),)
        return (*found.reasons, *listed, *self.rejections.get(found.id, ()))

    def reasons(self, found: Found) -> tuple[Reason, ...]:
        """Why a plugin that is present here is not loaded: kept out, or broken."""
        fault = self.faults.get(found.id)
        return self.why_not(found) + (() if fault is None else (importing.told(fault),))

    def load(self, found: Found) -> Plugin | None:
        """Import and register one plugin, and what it needs; what it raises stays its own fault.

        Raises NotReady in safe mode.
        """
        self.load_all([found])
        return self.loaded.get(found.id)

    def load_all(self, wanted: Iterable[Found]) -> None:
        """Import and register several, in the order of their needs; what was wrong is forgotten."""
        told = list(wanted)
        if self.safe:
            raise NotReady(_(SAFE))
        with self._loading:
            for one in told:
                self.rejections.pop(one.id, None)
                self.faults.pop(one.id, None)
            self._load(told, discover())

    def _load(self, wanted: Iterable[Found], present: dict[str, Found]) -> None:
        """Import plugins and their providers, then register each after those it needs."""
        ready: dict[str, Plugin] = {}
        waiting = [one for one in wanted if one.id not in self.loaded]
        while waiting:
            fit = [one for one in waiting if not self.why_not(one)]
            for found, outcome in importing.bring_in(fit):
                if isinstance(outcome, Plugin):
                    ready[found.id] = outcome
                else:
                    self._fault(found.id, outcome)
            names = {need.name for plugin in ready.values() for need in plugin.needs}
            known = ready.keys() | self.loaded.keys() | self.faults.keys()
            waiting = [
                one
                for one in present.values()
                if one.id not in known and names & set(one.provides) and not self.why_not(one)
            ]
            installed = _installed() if waiting else set[str]()
            waiting = [one for one in waiting if one.id in installed]
        for id in sorted(ready):
            self._take_in(id, ready, present, ())

    def _take_in(
        self, id: str, ready: dict[str, Plugin], present: dict[str, Found], way: tuple[str, ...]
    ) -> None:
        """Register a plugin after those it needs; kept out with a reason where one is not there."""
        if id in self.loaded or id in self.rejections or id in self.faults:
            return
        plugin = ready[id]
        for need in plugin.needs:
            for other in sorted(ready):
                if need.name in ready[other].provides and other != id and other not in way:
                    self._take_in(other, ready, present, (*way, id))
        reasons = tuple(self._unmet(plugin, ready, present, way))
        if reasons:
            self.rejections[id] = reasons
            log.warning("plugin %s is kept out: %s", id, reasons[0])
            self._demand_lenience(id, reasons[0])
            return
        try:
            demand_chains(id, plugin.payloads.values())
            self.register(plugin)
        except (Exception, SystemExit) as error:
            self._fault(id, error)
            return
        offers = self._offers()
        for need in plugin.needs:
            need.found = offers[need.name][1] if need.name in offers else None
        self.faults.pop(id, None)

    def _unmet(
        self,
        plugin: Plugin,
        ready: dict[str, Plugin],
        present: dict[str, Found],
        way: tuple[str, ...],
    ) -> Iterator[Reason]:
        """What a plugin needs and nobody who is loaded provides, each with who could."""
        offers = self._offers()
        for need in plugin.needs:
            if need.name in offers:
                provider, offered = offers[need.name]
                if not need.fits(offered):
                    yield _unmet(interfaces.TOO_OLD, need, provider, given=offered.written)
                continue
            if need.optional:
                continue
            could = [one for one in sorted(ready) if need.name in ready[one].provides]
            could += [one.id for one in present.values() if need.name in one.provides]
            yield self._not_provided(plugin.id, need, could[0] if could else None, way)

    def _not_provided(self, id: str, need: Need, could: str | None, way: tuple[str, ...]) -> Reason:
        """Why nobody provides what a plugin needs, where one `could`."""
        if could is None:
            return _unmet(interfaces.NOBODY, need)
        if could in (*way, id):
            circle = [*way, id, could][[*way, id].index(could) :]
            return Reason(interfaces.CIRCLE, {"circle": " → ".join(circle)})
        for one in self.rejections.get(could, ()):
            if id in str(one.told.get("circle")).split(" → "):
                return one
        broken = could in self.faults or could in self.rejections
        return _unmet(interfaces.BROKEN if broken else interfaces.NOT_THERE, need, could)

    def _offers(self) -> dict[str, tuple[str, Provided]]:
        """What the loaded plugins provide, each with whose it is."""
        loaded = self.loaded.values()
        return {name: (one.id, told) for one in loaded for name, told in one.provides.items()}

    def _fault(self, id: str, error: BaseException) -> None:
        self.faults[id] = "".join(traceback.format_exception(error))
        log.warning("plugin %s could not be loaded: %s", id, error)
        self._demand_lenience(id, importing.told(self.faults[id]))

    def _demand_lenience(self, id: str, reason: Reason) -> None:
        if self.watch.strict:
            raise NotReady(_(FATAL, plugin=id, why=reason))


def _unmet(sentence: str, need: Need, provider: str = "", **more: str) -> Reason:
    told = {"name": need.name, "version": need.written, "provider": provider}
    return Reason(sentence, told | more)


def _installed() -> set[str]:
    rows: Any = PluginRow.select(PluginRow.name).where(PluginRow.state == "installed").tuples()
    return {name for (name,) in rows}
