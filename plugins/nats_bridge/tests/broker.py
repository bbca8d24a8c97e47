"""A real NATS server on loopback, killed, paused and emptied as the tests please."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.js import errors

PROGRAM = Path(sys.executable).parent / "nats-server"
READY = 20.0
T = TypeVar("T")

CONFIGURATION = """
listen: "127.0.0.1:{port}"
max_payload: {payload}
authorization {{ user: bridge, password: "{password}" }}
{more}
jetstream {{ store_dir: "{store}", sync_interval: always, max_mem: 16MB, max_file: 2GB }}
"""


class Broker:
    """JetStream in a temporary folder, flushed before it acknowledges."""

    password = "not:to/be@seen"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.payload, self.more = 1_048_576, ""
        self.certificate: Path | None = None
        self.folder, self.store = folder, folder / "store"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://bridge:not%3Ato%2Fbe%40seen@127.0.0.1:{self.port}"

    def start(self) -> None:
        until = time.monotonic() + READY
        told = {"port": self.port, "store": self.store, "payload": self.payload}
        told |= {"password": self.password, "more": self.more}
        (self.folder / "nats.conf").write_text(CONFIGURATION.format(**told))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-c", self.folder / "nats.conf"], stdout=log, stderr=log
            )
        while time.monotonic() < until:
            try:
                self.ask(lambda nc: nc.jetstream().account_info())
                return
            except (OSError, nats.errors.Error, errors.Error):
                assert self.process.poll() is None, self.said()
                time.sleep(0.02)
        raise AssertionError(f"the broker does not answer: {self.said()}")

    def said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(READY)

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Lose everything, as a disk that was replaced."""
        self.kill()
        shutil.rmtree(self.store, ignore_errors=True)
        self.start()

    def ask(self, doing: Callable[[Client], Awaitable[T]]) -> T:
        """Do something over a connection of its own."""

        async def asked() -> T:
            nc, known = Client(), self.certificate
            trust = ssl.create_default_context(cafile=known) if known else None
            try:
                await nc.connect(
                    f"nats://127.0.0.1:{self.port}",
                    tls=trust,
                    user="bridge",
                    password=self.password,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=2,
                    error_cb=_silent,
                )
                return await doing(nc)
            finally:
                await nc.close()

        # a loop of its own, in a thread of its own: a browser's may be running in this one
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(lambda: asyncio.run(asked())).result()

    def publish(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.ask(lambda nc: nc.jetstream().publish(subject, body, headers=headers))

    def messages(self, stream: str = "LIFANG") -> list[Any]:
        """Everything a stream holds, in order: subject, headers, data."""

        async def read(nc: Client) -> list[Any]:
            js = nc.jetstream()
            state = (await js.stream_info(stream)).state
            numbers = range(state.first_seq, state.last_seq + 1) if state.messages else ()
            return [await js.get_msg(stream, number) for number in numbers]

        return self.ask(read)


async def _silent(_error: Exception) -> None:
    """What goes wrong is raised too."""
