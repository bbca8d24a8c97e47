"""How a plugin runs: what of it was stopped, how long its hooks take, what it says is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from lifang.entities.caller import Caller
from lifang.lifecycle import isolation, timings
from lifang.lifecycle.isolation import Halt


@dataclass(frozen=True)
class Running:
    """What is known of a plugin while it runs.

    `timings` say how long its hooks take, `health` what is wrong with what it depends on.
    """

    halts: tuple[Halt, ...]
    timings: tuple[str, ...]
    health: tuple[str, ...]


def running(caller: Caller, plugin: str) -> Running:
    """How a plugin runs; the caller has been asked before, the plugin is asked how it is."""
    counted = sorted(timings.timings(caller.instance, plugin).items())
    took = tuple(timings.said(part, one) for part, one in counted if one.calls)
    manager, said = caller.instance.plugins, []
    if plugin in manager.loaded:
        asked = manager.ask("health", only=plugin, caller=caller.served_by(plugin))
        said = asked.get(plugin, [])
    return Running(tuple(isolation.halts(plugin)), took, tuple(said))
