"""Bundles: plugins that go together, installed, switched on and set in one go."""

from __future__ import annotations

from dataclasses import dataclass

from lifang.entities.caller import Caller
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.lifecycle import catalogue, dated, sources, switching
from lifang.lifecycle.catalogue import Bundle
from lifang.lifecycle.dated import Decree
from lifang.lifecycle.pip import Offline
from lifang.plugins.declared import said
from lifang.upkeep.backup import Steps


@dataclass(frozen=True)
class Step:
    """What a bundle does with one plugin: `fetch` its package, `enable` it there, set `values`."""

    plugin: str
    fetch: bool
    enable: bool
    values: dict[str, str]


def plan(caller: Caller, name: str, *, at: str) -> tuple[Bundle, list[Step]]:
    """What a bundle would do at a node; raises NotFound where a plugin of it cannot be had."""
    known = catalogue.configured(caller.instance.settings)
    bundle = known.bundle(name)
    steps = []
    for id in bundle.plugins:
        here = sources.present(id) is not None
        if not here and id not in known.entries:
            raise NotFound(_("组合「{name}」里的插件「{id}」不在目录里", name=name, id=id))
        on = here and _on(caller, id, at)
        steps.append(Step(id, not here, not on, dict(bundle.settings.get(id, {}))))
    return bundle, steps


def _on(caller: Caller, id: str, at: str) -> bool:
    node = switching.nodes_at(caller, at)[0]
    decided = caller.instance.plugins.refresh().decides(id, node.path)
    return decided is not None and decided.on


def apply(
    caller: Caller,
    bundle: Bundle,
    steps: list[Step],
    *,
    at: str,
    offline: Offline = Offline(),  # noqa: B008 – frozen
    progress: Steps = lambda _step, _done, _of: None,
) -> None:
    """Do it, plugin by plugin; what is done stays done if a later one fails."""
    switching.nodes_at(caller, at)
    for number, step in enumerate(steps):
        progress(said(bundle.label), number, len(steps))
        if step.fetch:
            with sources.fetched(caller, step.plugin, offline=offline) as found:
                sources.install(caller, found)
        if step.enable:
            switching.switch(caller, step.plugin, at=at, on=True)
        if step.values:
            values = dict(step.values)
            basis = values.pop("basis", "") or said(bundle.label)
            preset = values.pop("preset", None)
            dated.configure(caller, step.plugin, values, Decree(basis, at, preset=preset))
    progress(said(bundle.label), len(steps), len(steps))
