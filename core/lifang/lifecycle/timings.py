"""How long the hooks of plugins take: counted in each process, told for all that run."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from lifang.kit.words import _
from lifang.plugins.breaker import Timing
from lifang.plugins.hooks import POLICIES
from lifang.services.instance import Instance

EVERY = 5.0
"""Seconds between two notes of one process: its last calls may be missing from what is told."""


def note(instance: Instance) -> None:
    """Write down what this process has counted, unless it did so just now."""
    file = _folder(instance) / f"{os.getpid()}.json"
    with suppress(FileNotFoundError):
        if time.time() - file.stat().st_mtime < EVERY:
            return
    told = [
        [plugin, part, asdict(one)]
        for (plugin, part), one in instance.plugins.watch.timings.items()
        if one.calls
    ]
    file.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = file.with_suffix(".part")
    fresh.write_text(json.dumps(told))
    fresh.replace(file)


def timings(instance: Instance, plugin: str) -> dict[str, Timing]:
    """What the hooks of a plugin took in all running processes; those that ended count no more."""
    found: dict[str, Timing] = {}
    for file in _folder(instance).glob("*.json"):
        if not Path(f"/proc/{file.stem}").exists():
            file.unlink(missing_ok=True)
            continue
        for name, part, told in json.loads(file.read_text()):
            if name == plugin:
                so_far = found.get(part, Timing())
                found[part] = _sum(so_far, Timing(**told))
    return found


def _sum(one: Timing, other: Timing) -> Timing:
    longest = max(one.longest, other.longest)
    calls, failed = one.calls + other.calls, one.failed + other.failed
    return Timing(calls, one.total + other.total, longest, failed)


def said(part: str, one: Timing) -> str:
    """One line about a hook, in milliseconds."""
    budget = POLICIES[part].budget if part in POLICIES else 0
    return _(
        "{part}：{calls} 次，平均 {mean} 毫秒，最长 {longest} 毫秒，"
        "预算 {budget} 毫秒，出错 {failed} 次",
        part=part,
        calls=one.calls,
        mean=round(1_000 * one.total / one.calls, 1),
        longest=round(1_000 * one.longest, 1),
        budget=round(1_000 * budget),
        failed=one.failed,
    )


def _folder(instance: Instance) -> Path:
    return instance.settings.run / "hooks"
