"""Rings that a PostgreSQL server passes on, to every machine that listens (`events.md` §3)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from lifang.store.doorbell import Doorbell, Ear

CHANNEL = "lifang"
RING = f"NOTIFY {CHANNEL}"
AGAIN = 1.0
"""Seconds between tries to listen again; until then whoever waits looks every second anyway."""

log = logging.getLogger("lifang.worker")


class Ringing:
    """Rings of one process, which go out together: who rings while another does is heard with it.

    Told within a transaction, a notice would make its commit wait for those of all others.
    """

    def __init__(self) -> None:
        """Nobody has rung yet."""
        self._due, self._sending = False, threading.Lock()

    def ring(self, send: Callable[[], None]) -> None:
        """Let `send` tell the server, unless whoever is just doing it does so once more."""
        self._due = True
        while self._due and self._sending.acquire(blocking=False):
            try:
                self._due = False
                send()
            finally:
                self._sending.release()


class NoticeDoorbell(Doorbell):
    """A connection of its own that only listens, opened again when the server was away."""

    def __init__(self, url: str) -> None:
        """Know where the server is."""
        self._url, self._next = url, 0.0
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> NoticeDoorbell:
        self._listen()
        return self

    def __exit__(self, *_error: object) -> None:
        self._leave()

    def ears(self) -> list[Ear]:
        """The connection, while there is one."""
        if self._connection is None and time.monotonic() >= self._next:
            self._listen()
        return [] if self._connection is None else [self._connection]

    def quiet(self) -> None:
        """Take in what the server has told; it may have told that it goes away."""
        assert self._connection is not None  # noqa: S101 – only an ear is ever heard
        try:
            self._connection.pgconn.consume_input()
            while self._connection.pgconn.notifies():
                pass
        except psycopg.Error as error:
            first = str(error).partition("\n")[0]
            log.warning("the server hung up (%s): looking every second until it is back", first)
            self._leave()

    def _listen(self) -> None:
        self._next = time.monotonic() + AGAIN
        with suppress(psycopg.Error):  # whoever works with the database says that it is away
            listening = psycopg.connect(
                self._url,
                autocommit=True,
                application_name="lifang",
                connect_timeout=3,
                keepalives_idle=30,  # seconds: a way that was cut without a word is noticed
                keepalives_interval=10,
                keepalives_count=3,
            )
            listening.execute(f"LISTEN {CHANNEL}")
            self._connection = listening

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
