"""The one dispatcher of a server: a child process, started again whenever it dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds
STEADY = 60.0  # seconds after which a death is no longer one of a row
GRACE = 12.0  # seconds: the worker gives itself ten to finish

log = logging.getLogger("lifang.serve")


class Dispatcher:
    """Keeps a worker process running while the block runs, and lets it finish at the end."""

    def __init__(self, home: Path) -> None:
        """Deliver for the instance of a folder."""
        self._environment = os.environ | {"LIFANG_HOME": str(home)}
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="dispatcher", daemon=True)

    def __enter__(self) -> Dispatcher:
        self._keeper.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None:
            child.terminate()
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                log.warning("the dispatcher did not finish in time and is killed")
                child.kill()
        self._keeper.join()

    def _keep(self) -> None:
        """Start the worker, wait for its end, and start it again, each time a little later."""
        pause = FIRST_PAUSE
        while (child := self._start()) is not None:
            started = time.monotonic()
            code = child.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STEADY:
                pause = FIRST_PAUSE
            log.warning("the dispatcher ended (%d) and is started again in %.1f s", code, pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            # -P: the folder somebody happens to stand in is no place to import from
            command = [sys.executable, "-P", "-m", "lifang.app.worker", str(os.getpid())]
            self._child = subprocess.Popen(  # noqa: S603 – our own module, no shell
                command, env=self._environment, stdin=subprocess.DEVNULL
            )
            return self._child
