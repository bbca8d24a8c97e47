"""Guessing from outside: whoever misses too often has to wait, each address by itself."""

from __future__ import annotations

import time
from collections import OrderedDict

from lifang.kit.errors import TooMany
from lifang.kit.words import _

MOST, WITHIN = 20, 15 * 60
"""So many misses in so many seconds; an office behind one address slips now and then too."""

KEPT = 10_000
"""Addresses remembered by a process, those that missed last."""


class Attempts:
    """Misses by address, in this process: nobody unknown should be able to make us write."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._missed: OrderedDict[str, list[float]] = OrderedDict()

    def demand(self, address: str | None) -> None:
        """Raise TooMany while an address has missed too often."""
        recent = self._recent(address or "")
        if len(recent) >= MOST:
            left = int(recent[-MOST] + WITHIN - time.monotonic()) + 1
            minutes = _("查询失败次数过多，请 {n} 分钟后再试", n=-(-left // 60))
            raise TooMany(minutes, retry_after=left)

    def missed(self, address: str | None) -> None:
        """Count a miss."""
        recent = self._recent(address or "")
        self._missed[address or ""] = [*recent, time.monotonic()]
        self._missed.move_to_end(address or "")
        while len(self._missed) > KEPT:
            self._missed.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        since = time.monotonic() - WITHIN
        return [at for at in self._missed.get(address, ()) if at > since]


def of(extensions: dict[str, object]) -> Attempts:
    """Those of an application."""
    found = extensions.setdefault("lifang.attempts", Attempts())
    assert isinstance(found, Attempts)  # noqa: S101 – the name is ours
    return found
