"""Counts what goes wrong with a part of a plugin at a place, and stops it there for good.

The count is each process's own; that something was stopped is kept, and holds in all of them until
somebody releases it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

Key = tuple[str, str, str]
"""A plugin, the path of the node whose people meet it (empty for the whole instance), a part."""

FAULT, CURED = "fault", "cured"
"""The rule of a plugin that does not load; and what is told of one that loads again."""


@dataclass(frozen=True)
class Stopped:
    """A part of a plugin that is not called at a place any more; without one, it did not load."""

    plugin: str
    path: str
    part: str
    rule: str
    why: str
    version: str = ""

    @property
    def key(self) -> Key:
        """What is stopped."""
        return self.plugin, self.path, self.part


@dataclass
class Timing:
    """How long a hook of a plugin took in this process, in seconds."""

    calls: int = 0
    total: float = 0.0
    longest: float = 0.0
    failed: int = 0

    def took(self, seconds: float) -> None:
        """Count one call."""
        self.calls += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)


class Breaker:
    """Says when so many failures within so many seconds are too many."""

    def __init__(self, errors: int = 5, seconds: float = 60.0) -> None:
        """Know the two figures; instances set them in lifang.toml."""
        self.errors, self.seconds = errors, seconds
        self._failures: dict[Key, deque[float]] = {}

    def failed(self, key: Key) -> bool:
        """Count one failure; says whether it is one too many, and begins anew then."""
        now = time.monotonic()
        told = self._failures.setdefault(key, deque(maxlen=self.errors))
        told.append(now)
        if len(told) < self.errors or now - told[0] > self.seconds:
            return False
        del self._failures[key]
        return True
