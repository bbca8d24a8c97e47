"""A real server in a folder of its own, started and killed as the tests please."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from lifang.app.main import hands
from lifang.testing import served
from lifang.testing.commands import say

LIFANG = str(Path(sys.executable).parent / "lifang")
READY_WITHIN = 20.0


class Server:
    """`lifang serve` on a free loopback port, in a process group of its own.

    Its data lies in its folder, or with `postgres` in a database of that server.
    """

    def __init__(
        self, home: Path, *, postgres: served.Server | None = None, workers: int = 1
    ) -> None:
        self.home, self.postgres, self.workers = home, postgres, workers
        self.url = postgres.create("kept") if postgres is not None else None
        self.packages: Path | None = None  # where plugins of the test's own lie
        self.options: tuple[str, ...] = ()
        self.port = free_port()
        self.token = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self, *words: str) -> str:
        """Run a command beside the server: in this process, which takes a tenth of the time.

        One that finds plugins of the test's own has a process of its own.
        """
        if self.packages is not None:
            done = subprocess.run(
                [LIFANG, *words], env=self.environ(), capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            return done.stdout.strip()
        with patch.dict(os.environ, self.environ(), clear=True):
            told = say(hands, *words)
        assert told.code == 0, (words, told)
        return told.out.strip()

    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
        where = {"LIFANG_DATABASE": self.url} if self.url else {}
        where |= {"PYTHONPATH": str(self.packages)} if self.packages else {}
        return {**kept, **where, "LIFANG_HOME": str(self.home), "LIFANG_LANG": "zh"}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What lies in the database, asked past all of our own code."""
        if self.url:
            with psycopg.connect(self.url) as connection:
                return connection.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(self.home / "data" / "lifang.db")) as connection:
            return connection.execute(statement).fetchall()

    def _begin(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.home / "log" / "test-server.txt").open("ab") as log:
            return subprocess.Popen(
                [LIFANG, *words],
                env=self.environ(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_worker(self) -> None:
        """Another one, beside that of the server."""
        self.worker = self._begin("worker")

    def kill_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait(10)

    def start(self) -> None:
        words = ("--port", str(self.port), "--workers", str(self.workers), *self.options)
        self.process = self._begin("serve", *words)
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"not ready within {READY_WITHIN} s: {self.said()}")

    def said(self) -> str:
        return (self.home / "log" / "test-server.txt").read_text(errors="replace")[-2000:]

    def children(self) -> list[int]:
        """The web processes and the dispatcher, whichever thread started them.

        One that was killed before may not be back yet, and the kernel tells none while they change.
        """
        assert self.process is not None
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until and self.process.poll() is None:
            tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
            if found := [int(child) for task in tasks for child in task.read_text().split()]:
                return found
            time.sleep(0.05)
        raise AssertionError(f"the server has no processes of its own any more: {self.said()}")

    def kill_everything(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        self.kill_worker()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill_everything()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers}
            | ({"Authorization": f"Bearer {self.token}"} if self.token else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, _read(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, _read(refused.read())

    def get(self, path: str) -> tuple[int, Any]:
        return self.call("GET", path)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postgres() -> Iterator[served.Server]:
    """A PostgreSQL that a test may kill as it pleases."""
    one = served.Server(**served.QUICK)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path / "home")
    yield one
    one.stop()
