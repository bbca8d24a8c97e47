"""Being told to stop, at any moment and as often as it comes, without stumbling over oneself.

granian's own handlers take a lock that the interrupted code may hold just then. A second signal on
the heels of the first (a terminal and a service manager tell every process, the parent passes it
on) left its processes hanging.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

WORDS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Hears SIGTERM and SIGINT in the main thread and acts on them in another one."""

    def __init__(self) -> None:
        """Hear nothing until `then` is called."""
        self.heard = False
        self._act: Callable[[], None] | None = None
        self._read, self._write = os.pipe()
        threading.Thread(target=self._listen, name="stop", daemon=True).start()

    def then(self, act: Callable[[], None]) -> None:
        """From now on do this when told to stop; at once if that was a moment ago."""
        self._act = act
        for word in WORDS:
            signal.signal(word, lambda *_told: os.write(self._write, b"1"))
        if self.heard:
            act()

    def _listen(self) -> None:
        while os.read(self._read, 1):
            self.heard = True
            if self._act is not None:
                self._act()


def stop_once() -> None:
    """Let this process hear the first SIGTERM only, and no SIGINT: its parent passes that on.

    Called in the main thread before others are started, so that they leave signals alone too.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, WORDS)
    threading.Thread(target=_wait_for_term, name="stop", daemon=True).start()


def _wait_for_term() -> None:
    signal.sigwait({signal.SIGTERM})
    handler = signal.getsignal(signal.SIGTERM)
    if callable(handler):
        handler(signal.SIGTERM, None)
    else:
        os._exit(0)  # the server in this process has not begun yet
