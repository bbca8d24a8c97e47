"""A real server: it says when it is ready, is alone on its folder and port, and leaves nothing."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.app.instance import create, opened
from lifang.app.logs import Lines
from lifang.app.serve import address_of, serve
from lifang.entities.account import Account
from lifang.entities.person import Person
from lifang.events.subscriptions import _started
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.settings import Settings
from lifang.services import accounts
from lifang.testing import world

LIFANG = str(Path(sys.executable).parent / "lifang")


class Server:
    """`lifang serve` in a process group of its own, with what it says in a file."""

    def __init__(self, home: Path, port: int, *words: str) -> None:
        self.home, self.port = home, port
        self.said_to = home.parent / f"said-{time.monotonic_ns()}.txt"
        with self.said_to.open("wb") as said:
            self.process = subprocess.Popen(
                [LIFANG, "serve", "--port", str(port), *words],
                env=environment(home),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.said_to.read_text(encoding="utf-8")

    def ready(self) -> Server:
        wait_until(lambda: f"http://127.0.0.1:{self.port}/" in self.said(), self)
        return self

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def children(self) -> dict[int, str]:
        """Its child processes and the commands they run."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [int(pid) for one in threads for pid in one.read_text().split()]
        told: dict[int, str] = {}
        for pid in pids:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                told[pid] = command.replace(b"\0", b" ").decode()
        return told

    def child(self, command: str) -> int | None:
        found = [pid for pid, told in self.children().items() if command in told]
        return found[0] if found else None

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIFANG_")}
    return kept | {"LIFANG_HOME": str(home), "LIFANG_LANG": "zh"}


def wait_until(holds: Callable[[], object], server: Server, seconds: float = 20) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, server.said()
        time.sleep(0.02)
    return time.monotonic() - began


def gone(*pids: int) -> bool:
    """Whether processes have ended; one that waits to be buried has."""
    return all(_started(pid) is None for pid in pids)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new instance's folder, also for what the test itself opens."""
    create(tmp_path / "home", environ={}).close()
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Server]]:
    """Start a server on the folder; whatever runs at the end is killed."""
    started: list[Server] = []

    def run(*words: str) -> Server:
        started.append(Server(home, free_port(), *words))
        return started[-1]

    yield run
    for server in started:
        server.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it running."""
    folder = tmp_path_factory.mktemp("server")
    create(folder / "home", environ={}).close()
    server = Server(folder / "home", free_port())
    yield server.ready()
    server.end()


def test_it_says_its_address_once_it_answers(server: Server):
    assert server.answers()
    assert server.said().startswith(f"里坊已就绪：http://127.0.0.1:{server.port}/\n")


def test_a_second_server_on_the_folder_is_refused_with_a_sentence(server: Server):
    second = Server(server.home, free_port())
    assert second.process.wait(15) == 5
    pid = server.process.pid
    assert second.said() == f"错误：{server.home} 已有一个服务在运行（进程 {pid}）\n"
    assert server.answers()


def test_a_killed_dispatcher_is_started_again(server: Server):
    wait_until(lambda: server.child("lifang.app.worker"), server)
    first = server.child("lifang.app.worker")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: server.child("lifang.app.worker") not in (None, first), server)
    assert server.answers()


def test_a_web_process_killed_twice_is_started_again(server: Server):
    for _number in range(2):
        pid = server.child("spawn_main")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: server.child("spawn_main") not in (None, pid), server)
        wait_until(server.answers, server)


def test_told_to_stop_it_lets_its_processes_finish_and_leaves_with_zero(
    start: Callable[..., Server],
):
    server = start().ready()
    wait_until(lambda: (server.home / "run" / "doorbell").exists(), server)
    pids = list(server.children())
    server.process.terminate()
    assert server.process.wait(15) == 0, server.said()
    assert wait_until(lambda: gone(*pids), server) < 1
    assert not server.answers()
    assert not (server.home / "run" / "doorbell").exists()


def test_told_to_stop_it_still_answers_who_was_being_served_and_keeps_what_it_said(
    home: Path, start: Callable[..., Server]
):
    with opened(home) as instance:
        accounts.first_administrator(instance, "boss", home_code=world.CITY, system_user=None)
        world.plant(instance)
        accounts.create_account(
            world.boss(instance), "wang", role="community_worker", at=world.HOME
        )
        Account.update(must_change=False).execute()
        token = accounts.create_token(world.boss(instance), "wang", days=1)
        database = instance.database.place
    server = start("--no-worker").ready()  # so that nobody else takes the lane
    answers: list[int] = []

    def ask() -> None:
        told = {"name": "李强", "community": {"code": world.HOME}}
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/people", json.dumps(told), head)
        answers.append(connection.getresponse().status)
        connection.close()

    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that the request has to wait
        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: taken(home / "run" / "write.lock"), server)
        server.process.terminate()
        wait_until(lambda: not server.answers(), server)
        assert answers == []
        other.execute("ROLLBACK")
    asking.join()
    assert (answers, server.process.wait(30)) == ([201], 0), server.said()
    with opened(home):
        assert [one.name for one in Person.select()] == ["李强"]


def taken(lock: Path) -> bool:
    """Whether somebody has the write lane."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_interrupted_on_a_terminal_all_its_processes_hear_it_and_it_still_stops_well(
    start: Callable[..., Server],
):
    server = start().ready()
    wait_until(lambda: (server.home / "run" / "doorbell").exists(), server)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(15) == 0, server.said()
    assert "Traceback" not in server.said()


def test_killed_it_takes_all_its_processes_along_and_can_start_again(
    start: Callable[..., Server],
):
    server = start().ready()
    wait_until(lambda: server.child("lifang.app.worker"), server)
    pids = list(server.children())
    assert len(pids) >= 2
    server.process.kill()
    server.process.wait(10)
    assert wait_until(lambda: gone(*pids), server) < 2
    server = start("--no-worker").ready()
    assert server.answers()
    assert server.child("lifang.app.worker") is None


def test_a_taken_port_is_refused_with_a_sentence(home: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(home, port)
        assert server.process.wait(15) == 5
    assert server.said() == f"错误：端口 {port} 已被其他程序占用；请用 --port 换一个\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "a-name"])  # noqa: S104 – refused
def test_it_does_not_offer_unencrypted_pages_to_other_machines(home: Path, host: str):
    with pytest.raises(Invalid, match="https.*allow_http"):
        serve(host=host, port=free_port())


def test_an_address_this_machine_does_not_have_is_a_sentence(home: Path):
    (home / "lifang.toml").write_text("allow_http = true\n")
    with pytest.raises(Conflict, match=re.escape("不能监听 192.0.2.1：")):
        serve(host="192.0.2.1", port=free_port())
    with pytest.raises(Conflict, match="不能监听"):
        serve(host="no-such-name.invalid", port=free_port())


def test_a_folder_without_an_instance_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(NotReady, match="nowhere"):
        serve()


def test_an_address_is_one_that_a_browser_understands():
    assert address_of(Settings(home=Path("x"), host="::1", port=8000)) == "http://[::1]:8000/"


def test_a_message_cannot_pass_for_two_lines_of_the_log():
    record = logging.LogRecord("a", logging.INFO, "", 0, "one\nERROR two\x1b[2J", (), None)
    assert Lines("%(message)s").format(record) == "one\\nERROR two\\x1b[2J"
