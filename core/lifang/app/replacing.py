"""Web processes take each other's place when code has to be loaded anew, and no request is lost.

granian gives every process a socket of its own, and closes with it whoever waits in its line; here
all share one, so the line outlives them. And it waits a fixed while for the next process; here that
says when it can answer.
"""

from __future__ import annotations

import logging
import multiprocessing
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.net import SocketSpec  # type: ignore[attr-defined]  # it has no types of its own
from granian.server.mp import MPServer

READY = 60.0  # seconds in which a new process must be able to answer; else the old one stays

log = logging.getLogger("lifang.serve")


class Web(MPServer):
    """The web server: its processes are replaced one by one when `signal_handler_reload` says so.

    `load` makes the application in a process; it is given a semaphore to release when it has.
    """

    def __init__(self, load: Callable[..., Any], **told: Any) -> None:
        """Say how the application is made, and the rest to granian."""
        super().__init__(**told)
        self._ready = multiprocessing.get_context("spawn").Semaphore(0)
        self.load = partial(load, self._ready)

    def _init_shared_socket(self) -> None:
        """Listen once for all processes."""
        held: Any = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._shd, self._sfd, self._ssp = held, held.get_fd(), None
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _respawn_workers(
        self, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        """Start the next process of each place, wait until it answers, and only then end the old.

        Those that died are replaced at once, as granian does it.
        """
        if not delay:
            super()._respawn_workers(workers, spawn_target, target_loader)
            return
        for place in workers:
            while self._ready.acquire(block=False):
                pass  # those that started before
            old: Any = self.wrks.pop(place)
            new: Any = self._spawn_worker(
                idx=place, target=spawn_target, callback_loader=target_loader
            )
            new.start()
            self.wrks.insert(place, new)
            end = time.monotonic() + READY
            while not self._ready.acquire(timeout=0.1) and not self.interrupt_signal:
                if time.monotonic() > end:
                    log.error("a new web process did not come up; it is left to itself")
                    break
            old.terminate()
            old.join(self.workers_kill_timeout)
            if old.is_alive():
                old.kill()
                old.join()
