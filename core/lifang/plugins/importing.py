"""Imports plugins side by side, each with a limit of time: one that hangs stops nobody.

Python cannot end a thread: of an import that hangs, a thread remains until the process ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from lifang.kit.words import n_
from lifang.plugins.finding import Found, Reason
from lifang.plugins.plugin import Plugin

LIMIT, PATIENCE = 5.0, 0.5
"""Seconds an import may take, and after how many of them the next one begins beside it."""

BROKE = n_("载入时出错：{error}")
HANGS = n_("{n} 秒内没有载入完；它的线程要等进程结束才会停")


class Hangs(Exception):
    """An import that had not come to its end within its time."""


def told(trace: str) -> Reason:
    """What a traceback comes down to, for people."""
    last = trace.strip().splitlines()[-1]
    if last.startswith(f"{__name__}.{Hangs.__name__}"):
        return Reason(HANGS, {"n": f"{LIMIT:.0f}"})
    return Reason(BROKE, {"error": last})


class _Import(threading.Thread):
    """The import of one plugin; a daemon, so that the process can end without it."""

    def __init__(self, found: Found) -> None:
        super().__init__(name=f"import {found.id}", daemon=True)
        self.found = found
        self.began = time.monotonic()
        self.outcome: Any = None

    def run(self) -> None:
        try:
            self.outcome = _import(self.found)
        except BaseException as error:  # handed to whoever asked for it
            self.outcome = error

    def finish(self, seconds: float) -> bool:
        self.join(max(0.0, seconds))
        return self.outcome is not None


versions: dict[str, str] = {}
"""Of which version the code is that this process has imported, by plugin."""


def bring_in(wanted: Iterable[Found]) -> Iterator[tuple[Found, Plugin | BaseException]]:
    """Import plugins and give each, or what it raised, or Hangs, in the order they were asked."""
    running = []
    for found in wanted:
        if found.id not in versions or found.entry.module.partition(".")[0] not in sys.modules:
            versions[found.id] = found.version
        one = _Import(found)
        one.start()
        one.finish(PATIENCE)
        running.append(one)
    for one in running:
        if one.finish(one.began + LIMIT - time.monotonic()):
            yield one.found, one.outcome
        else:
            yield one.found, Hangs(f"{one.found.entry.value}: no end within {LIMIT:.0f} s")


def _import(found: Found) -> Plugin:
    plugin = found.entry.load()
    if not isinstance(plugin, Plugin) or plugin.id != found.id:
        raise TypeError(f"{found.entry.value} is not the plugin {found.id}")
    return plugin


def forget(found: Found) -> None:
    """Let the modules of a plugin be imported anew."""
    package = found.entry.value.partition(":")[0].partition(".")[0]
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        with suppress(KeyError):
            del sys.modules[name]
