"""The write lane: writers of one database file wait in line instead of failing."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lifang.kit.errors import Busy
from lifang.kit.words import _

FIRST_WAIT = 0.0002  # seconds; a commit takes about a millisecond, so look again soon
LONGEST_WAIT = 0.004


class Lane:
    """A mutex between threads and a file lock between processes, both with one deadline.

    The descriptor belongs to this process alone: a `flock` on a descriptor shared by a fork, or by
    two threads without the mutex, lets everyone in.
    """

    def __init__(self, path: Path, *, timeout: float) -> None:
        """Remember the lock file, created when first used; `timeout` is in seconds."""
        self._path = path
        self._timeout = timeout
        self._mutex = threading.Lock()
        self._descriptor: int | None = None
        self._owner = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lane; raises Busy when it stays taken beyond the time-out."""
        deadline = time.monotonic() + self._timeout
        if not self._mutex.acquire(timeout=self._timeout):
            raise Busy(_("数据库正忙，请稍后再试"))
        try:
            self._lock_file(deadline)
            try:
                yield
            finally:
                fcntl.flock(self._open(), fcntl.LOCK_UN)
        finally:
            self._mutex.release()

    def close(self) -> None:
        """Give the descriptor back; the next holder opens the file again."""
        with self._mutex:
            if self._descriptor is not None and self._owner == os.getpid():
                os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None or self._owner != os.getpid():
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner = os.getpid()
        return self._descriptor

    def _lock_file(self, deadline: float) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                fcntl.flock(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(_("数据库正忙，请稍后再试")) from None
                time.sleep(wait)
                wait = min(wait * 1.5, LONGEST_WAIT)
            else:
                return
