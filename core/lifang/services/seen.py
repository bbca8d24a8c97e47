"""What has been seen so far in a long file: on disk where there is much of it, never in memory."""

from __future__ import annotations

import sqlite3


class Seen:
    """Remembers in which row each value came first; values are kept as 64 bits of their hash."""

    def __init__(self) -> None:
        """Begin with an unnamed file that is gone with this object."""
        self._scratch = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._scratch.execute("CREATE TABLE seen (value INTEGER PRIMARY KEY, number INTEGER)")
        self._scratch.execute("BEGIN")

    def first(self, value: object, number: int) -> int:
        """The row in which a value came first: this one, if it is new."""
        row = (hash(value), number)
        if self._scratch.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount:
            return number
        asked = "SELECT number FROM seen WHERE value = ?"
        found: int = self._scratch.execute(asked, row[:1]).fetchone()[0]
        return found

    def __del__(self) -> None:
        """Give the file back."""
        self._scratch.close()
