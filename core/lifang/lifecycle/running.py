"""How a plugin runs: what of it was stopped, how long its hooks take, what it says is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from lifang.entities.caller import Caller
from lifang.lifecycle import isolation, timings
from lifang.lifecycle.isolation import Halt
from lifang.plugins.breaker import Timing
from lifang.plugins.hooks import POLICIES


@dataclass(frozen=True)
class Pace:
    """How long a hook of a plugin took in all running processes, and may take: milliseconds."""

    part: str
    calls: int
    failed: int
    average: int
    longest: int
    budget: int | None


@dataclass(frozen=True)
class Running:
    """What is known of a plugin while it runs; `health` are sentences on what it depends on."""

    halts: tuple[Halt, ...]
    paces: tuple[Pace, ...]
    health: tuple[str, ...]


def running(caller: Caller, plugin: str) -> Running:
    """How a plugin runs; the caller has been asked before, the plugin is asked how it is."""
    manager = caller.instance.plugins
    counted = sorted(timings.timings(caller.instance, plugin).items())
    said: list[str] = []
    if plugin in manager.loaded:
        asked = manager.ask("health", only=plugin, caller=caller.served_by(plugin))
        said = asked.get(plugin, [])
    paces = tuple(_pace(part, one) for part, one in counted)
    return Running(tuple(isolation.halts(plugin)), paces, tuple(said))


def _pace(part: str, one: Timing) -> Pace:
    average, policy = one.total / max(one.calls, 1), POLICIES.get(part)
    return Pace(part, one.calls, one.failed, round(1000 * average), round(1000 * one.longest),
                round(1000 * policy.budget) if policy else None)  # fmt: skip
