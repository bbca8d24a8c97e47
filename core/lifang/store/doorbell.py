"""How a commit wakes whoever waits for work: a ring says that there may be something, not what.

Rings are lost where nobody listens. Whoever waits looks every second all the same.
"""

from __future__ import annotations

import logging
import os
import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Protocol

log = logging.getLogger("lifang.worker")


class Ear(Protocol):
    """Something that `select` can wait for."""

    def fileno(self) -> int:
        """Its descriptor."""


class Doorbell(ABC):
    """Where one who waits listens while the block runs."""

    @abstractmethod
    def __enter__(self) -> Doorbell:
        """Begin to listen."""

    @abstractmethod
    def __exit__(self, *_error: object) -> None:
        """Listen no more."""

    @abstractmethod
    def ears(self) -> list[Ear]:
        """What becomes readable when somebody rings; nothing while rings cannot be heard."""

    @abstractmethod
    def quiet(self) -> None:
        """Take in every ring so far: they all mean the same."""


class SocketDoorbell(Doorbell):
    """A socket in the folder of an instance; whoever listens there first has it until it ends.

    There is none where the folder's path is too long for a socket's address.
    """

    def __init__(self, path: Path) -> None:
        """Know where the socket will lie."""
        self.path = path
        self.socket: socket.socket | None = None
        self._possible = True

    def __enter__(self) -> SocketDoorbell:
        self._listen()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.socket is not None:
            self.socket.close()
            self.path.unlink(missing_ok=True)

    def ears(self) -> list[Ear]:
        """The socket, as soon as it is ours."""
        if self.socket is None and self._possible:
            self._listen()
        return [] if self.socket is None else [self.socket]

    def quiet(self) -> None:
        """Empty the socket."""
        with suppress(BlockingIOError):
            while self.socket is not None:
                self.socket.recv(16)

    def _listen(self) -> None:
        if self._answered():
            return
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.settimeout(0)
        try:
            self.path.unlink(missing_ok=True)
            listening.bind(str(self.path))
            self.path.chmod(0o600)
        except OSError as error:
            log.warning("no doorbell at %s (%s): looking every second instead", self.path, error)
            listening.close()
            self._possible = False
            return
        self.socket = listening

    def _answered(self) -> bool:
        """Whether somebody has the socket, who is not woken by being asked."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
            try:
                caller.connect(os.fspath(self.path))
            except OSError:
                return False
            return True
