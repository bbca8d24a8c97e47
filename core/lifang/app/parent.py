"""Processes that belong to another one end with it, however it ended."""

from __future__ import annotations

import os
import threading
import time

LOOK = 0.25  # seconds


def leave_with(parent: int) -> None:
    """Leave as soon as this process is no longer the child of `parent`.

    A parent that was killed cannot say goodbye; a child left over would keep its port and go on
    working beside the next one. Leaving at once is as safe as being killed: what was not committed
    is undone by the database.
    """
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
