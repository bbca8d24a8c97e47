"""The worker: delivers events and seals the audit trail until it is told to stop."""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import time
from pathlib import Path

from lifang.kit.errors import LifangError
from lifang.services import sealing
from lifang.services.delivery import dispatcher_of
from lifang.services.instance import Instance

POLL = 1.0  # seconds: a lost wake-up costs one poll, a due retry waits no longer
YIELD = 0.005  # seconds between batches, longer than a waiting web writer sleeps: it goes first
DRAIN = 10.0  # seconds to finish what is due after being told to stop
LONGEST_PAUSE = 30.0

log = logging.getLogger("lifang.worker")


class Worker:
    """Runs in one thread; `stop` may be called from another one or from a signal handler."""

    def __init__(self, instance: Instance) -> None:
        """Work for an instance."""
        self._instance = instance
        self._dispatcher = dispatcher_of(instance)
        self._sealed_at = 0.0
        self._stopping = False
        self._alarm, self._alarmed = socket.socketpair()
        self._alarm.settimeout(0)

    def stop(self) -> None:
        """Finish what is due and return from `run`."""
        self._stopping = True
        self._alarm.send(b"1")

    def run(self) -> None:
        """Deliver and seal, as soon as there is something and at least every second."""
        pause = 0.0
        with Doorbell(self._instance.doorbell) as bell, self._instance.database.connection():
            while not self._stopping:
                try:
                    busy = self.turn()
                    pause = 0.0
                except (LifangError, OSError) as error:
                    busy, pause = False, min(max(POLL, pause * 2), LONGEST_PAUSE)
                    log.warning("%s; trying again in %.0f s", error, pause)
                except Exception:
                    busy, pause = False, min(max(POLL, pause * 2), LONGEST_PAUSE)
                    log.exception("the worker failed and tries again in %.0f s", pause)
                if busy:
                    time.sleep(YIELD)
                elif pause:
                    self._wait(None, pause)
                else:
                    self._wait(bell, POLL)
            self._finish()
        self._alarm.close()
        self._alarmed.close()

    def turn(self) -> bool:
        """Deliver one round, and seal when a second has passed; says whether there may be more."""
        more = self._dispatcher.step()
        if time.monotonic() - self._sealed_at >= POLL:
            if sealing.seal(self._instance) == sealing.BATCH:
                return True
            self._sealed_at = time.monotonic()
        return more

    def _finish(self) -> None:
        """Deliver and seal what is left, within ten seconds, and give up the leases."""
        end = time.monotonic() + DRAIN
        try:
            while time.monotonic() < end and self._dispatcher.step():
                pass
            while time.monotonic() < end and sealing.seal(self._instance) == sealing.BATCH:
                pass
            self._dispatcher.release()
        except Exception:  # it comes back with the next start, and until then nothing is lost
            log.exception("the worker could not finish")

    def _wait(self, bell: Doorbell | None, seconds: float) -> None:
        """Sleep until somebody rings, the worker is to stop, or the time is over."""
        ears = (
            [self._alarmed] if bell is None or bell.socket is None else [self._alarmed, bell.socket]
        )
        ready, _writable, _failed = select.select(ears, [], [], seconds)
        if bell is not None and bell.socket in ready:
            bell.quiet()


class Doorbell:
    """The socket at which commits ring; without one, the worker only looks every second.

    There is none while another worker of the same folder listens, and none where the folder's path
    is too long for a socket's address.
    """

    def __init__(self, path: Path) -> None:
        """Know where the socket will lie."""
        self.path = path
        self.socket: socket.socket | None = None

    def __enter__(self) -> Doorbell:
        if self._answered():
            log.info("another worker listens at %s", self.path)
            return self
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.settimeout(0)
        try:
            self.path.unlink(missing_ok=True)
            listening.bind(str(self.path))
            self.path.chmod(0o600)
        except OSError as error:
            log.warning("no doorbell at %s (%s): looking every second instead", self.path, error)
            listening.close()
            return self
        self.socket = listening
        return self

    def __exit__(self, *_error: object) -> None:
        if self.socket is not None:
            self.socket.close()
            self.path.unlink(missing_ok=True)

    def quiet(self) -> None:
        """Take in every ring so far: they all mean the same."""
        while self.socket is not None:
            try:
                self.socket.recv(16)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK):
                    raise
                return

    def _answered(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
            caller.settimeout(0)
            try:
                caller.sendto(b"1", os.fspath(self.path))
            except BlockingIOError:
                return True  # so many have rung that there is no room: somebody is slow
            except OSError:
                return False
            return True
