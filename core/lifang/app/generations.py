"""When the code of plugins has to be loaded anew, every process that has loaded some learns it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import peewee as pw

from lifang.kit.errors import LifangError
from lifang.plugins.tables import Epoch
from lifang.store.database import Database

LOOK = 0.5  # seconds

log = logging.getLogger("lifang.serve")


def read_generation() -> int:
    """How often code had to be loaded anew so far."""
    return int(Epoch.select(Epoch.generation).where(Epoch.id == 1).scalar() or 0)


class Generations:
    """Watches, in a thread, whether code has to be loaded anew since it was made."""

    def __init__(self, database: Database) -> None:
        """Note how it stands now."""
        self._database = database
        with database.connection():
            self._known = read_generation()

    def watch(self, act: Callable[[], None]) -> None:
        """Call `act` each time the generation has moved on, as long as this process lives."""
        threading.Thread(target=self._watch, args=(act,), name="generation", daemon=True).start()

    def _watch(self, act: Callable[[], None]) -> None:
        while True:
            time.sleep(LOOK)
            try:
                with self._database.connection():
                    self._database.mend()
                    now = read_generation()
            except (LifangError, pw.PeeweeException):
                continue  # the database's server is away
            if now != self._known:
                self._known = now
                log.info("plugins changed: their code is loaded anew")
                act()
