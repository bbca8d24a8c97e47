"""Safe mode: no plugin is loaded, by request or by itself after starts that failed in a row."""

from __future__ import annotations

import logging
import os

from lifang.kit.settings import Settings, on
from lifang.kit.words import _

CHANCES = 3
"""Starts that may fail in a row; the next one is made in safe mode."""

log = logging.getLogger("lifang.serve")


class Starts:
    """Counts starts that did not come to an answering server, in a file that outlives processes."""

    def __init__(self, told: Settings) -> None:
        """Know the folder's file; what cannot be read counts as nothing."""
        self._file = told.run / "starts"

    def begin(self, *, safe: bool = False) -> bool:
        """Count a start before anything of a plugin is imported; says whether it is to be safe.

        What is started from here on is told by LIFANG_SAFE. Whoever is strict wants to see it fail.
        """
        failed = self.failed
        self._write(failed + 1)
        if on("LIFANG_SAFE") or (not safe and (failed < CHANCES or on("LIFANG_STRICT"))):
            return False
        os.environ["LIFANG_SAFE"] = "1"
        if not safe:
            log.error("%s", _("连续 {n} 次没能启动，现在以安全模式启动，不载入插件", n=failed))
        return True

    @property
    def failed(self) -> int:
        """How many starts in a row have come to nothing so far."""
        try:
            return int(self._file.read_text())
        except (OSError, ValueError):
            return 0

    def done(self) -> None:
        """The server answers, or somebody stopped it: the row ends."""
        self._write(0)

    def _write(self, number: int) -> None:
        fresh = self._file.with_name(".starts.part")
        fresh.write_text(str(number))
        fresh.replace(self._file)
