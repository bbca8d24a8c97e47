"""A running server takes new code by itself, and nobody who asks meanwhile is turned away."""

from __future__ import annotations

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.access import sign_in
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.events.subscriptions import _started
from lifang.plugins.tables import bump_generation
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN
from tests.core.app.test_serve import Server, free_port
from tests.core.app.test_serve import wait_until as wait_for
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import Machine

BOOKS = "/api/v1/shelf/books"


class Here(Server):
    """A server of two web processes on another Python than the tests'."""

    def __init__(self, machine: Machine, home: Path, port: int, *words: str) -> None:
        self.home, self.port = home, port
        self.said_to = home.parent / f"said-{time.monotonic_ns()}.txt"
        with self.said_to.open("wb") as said:
            self.process = subprocess.Popen(
                machine.command(*words),
                env=machine.environment(home),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def web(self) -> set[int]:
        return {pid for pid, told in self.children().items() if "spawn_main" in told}

    def asks(self, path: str, secret: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {secret}"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


class Hammer:
    """Asks for a page again and again from several threads, and keeps what was not answered."""

    def __init__(self, ask: Callable[[], int]) -> None:
        self._ask, self._stop = ask, threading.Event()
        self.answers: list[object] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def __enter__(self) -> Hammer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _asked(self) -> int:
        """Ask, and once more where the line was closed before anything of the request was read.

        Browsers and proxies do so: an old process closes connections it has read nothing from.
        """
        try:
            return self._ask()
        except http.client.RemoteDisconnected:
            return self._ask()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(self._asked())
            except (OSError, http.client.HTTPException) as error:
                self.answers.append(repr(error))


@pytest.fixture
def secret(run_it: Instance) -> str:
    """A token of a worker in 城关区."""
    with run_it.database.transaction():
        account = Account.create(name="reader")
        place = Community.get(Community.code == CHENGGUAN)
        Grant.create(account=account, role="community_worker", community=place)
        return sign_in.open_token(account, days=1)


@pytest.fixture
def begin(run_it: Instance, machine: Machine) -> Iterator[Callable[..., Here]]:
    started: list[Here] = []

    def run(word: str, *words: str) -> Here:
        port = free_port()
        told = ("--port", str(port), *words) if word == "serve" else words
        started.append(Here(machine, run_it.settings.home, port, word, *told))
        return started[-1]

    yield run
    for one in started:
        one.end()


@pytest.mark.embedded  # it is the doorbell in the folder that is rung anew
def test_web_processes_and_worker_take_new_code_by_themselves_and_no_request_is_lost(
    run_it: Instance, machine: Machine, secret: str, begin: Callable[..., Here]
) -> None:
    server = begin("serve").ready()
    wait_for(lambda: server.child("lifang.app.worker"), server)
    wait_for(lambda: (server.home / "run" / "doorbell").exists(), server)
    processes, worker = server.web(), server.child("lifang.app.worker")
    rung = (server.home / "run" / "doorbell").stat().st_ino
    with Hammer(lambda: server.asks("/healthz", secret)) as pages:
        with run_it.database.transaction():
            bump_generation()
        wait_for(lambda: not server.web() & processes and len(server.web()) == 1, server, 60)
    assert (len(pages.answers) > 20, set(pages.answers)) == (True, {200})
    wait_for(lambda: _inode(server.home / "run" / "doorbell") not in (None, rung), server, 60)
    assert server.child("lifang.app.worker") == worker  # the same process began anew
    server.process.terminate()
    assert server.process.wait(20) == 0, server.said()


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


@pytest.mark.embedded  # it is the doorbell in the folder that is rung anew
@pytest.mark.trust
def test_a_running_server_shows_what_is_installed_and_upgraded_by_command(
    run_it: Instance, machine: Machine, secret: str, begin: Callable[..., Here], tmp_path: Path
) -> None:
    home = run_it.settings.home
    server = begin("serve", "--workers", "2", "--no-worker").ready()
    worker = begin("worker")
    wait_for(lambda: (home / "run" / "doorbell").exists(), worker)
    delivering = _started(worker.process.pid)
    processes = server.web()

    # code that no process has met needs none of them replaced
    assert server.asks(BOOKS, secret) == 404
    one = str(shelf.first(tmp_path / "one"))
    assert machine.run(home, "plugin", "install", one, "--yes").code == 0
    assert machine.run(home, "plugin", "enable", "shelf", "--at", CHENGGUAN).code == 0
    turned = time.monotonic()
    told = [server.asks(BOOKS, secret) for _ in range(8)]  # by whichever process
    assert (told, time.monotonic() - turned < 1) == ([200] * 8, True), server.said()
    assert server.web() == processes

    # an upgrade replaces them one by one, and whoever asks meanwhile is answered
    with Hammer(lambda: server.asks("/api/v1/people", secret)) as pages:
        two = str(shelf.second(tmp_path / "two"))
        done = machine.run(home, "plugin", "upgrade", "shelf", two, "--yes", "--no-backup")
        assert done.code == 0, done.err
        wait_for(lambda: not server.web() & processes and len(server.web()) == 2, server, 60)
    assert len(pages.answers) > 20
    assert set(pages.answers) == {200}
    wait_for(lambda: server.asks(BOOKS, secret) == 200, server)
    wait_for(lambda: "loaded anew" in worker.said(), worker)
    assert _started(worker.process.pid) == delivering  # the same process began anew
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(20) == 0, worker.said()
