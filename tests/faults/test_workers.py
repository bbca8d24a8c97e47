"""A second worker, here or on another machine, goes on where the first was killed or stopped."""

from __future__ import annotations

import fcntl
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.testing import served
from tests.faults import witness
from tests.faults.conftest import Server
from tests.faults.test_kill import ON, prepare, wait_until_delivered
from tests.faults.witness import noted

TAKEN_OVER = 10.0
ELSEWHERE = """
import socket, sys
socket.gethostname = lambda: sys.argv[1]
from lifang.app.worker import work
work()
"""
"""A worker that believes itself on a machine of that name, as every lease will say."""


class Worker:
    """`lifang worker` in a folder, under a host's name; one that is somewhere else has its own."""

    def __init__(self, server: Server, host: str, home: Path) -> None:
        self.host = host
        self.log = server.home / "log" / f"worker-{host}.txt"
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", ELSEWHERE, host],
                env=server.environ() | {"LIFANG_HOME": str(home)},
                stdout=said,
                stderr=said,
            )

    def say(self, word: signal.Signals) -> None:
        self.process.send_signal(word)

    def end(self) -> None:
        if self.process.poll() is None:
            self.say(signal.SIGCONT)
            self.process.kill()
        self.process.wait(10)


class World:
    """An instance with two workers and somebody who registers people all the time."""

    def __init__(self, server: Server, folder: Path, *, apart: bool) -> None:
        self.server, self.folder, self.made = server, folder, 0
        server.packages, server.options = witness.write_package(folder), ("--no-worker",)
        prepare(server)
        homes, hosts = [server.home, server.home], ["here", "here"]
        if apart:
            homes[1], hosts[1] = folder / "elsewhere", "elsewhere"
            shutil.copytree(server.home, homes[1], ignore=shutil.ignore_patterns("data", "run"))
            for name in ("data", "run"):
                (homes[1] / name).mkdir(mode=0o700)
        self.start = [
            lambda: Worker(server, hosts[0], homes[0]),
            lambda: Worker(server, hosts[1], homes[1]),
        ]
        self.workers = [start() for start in self.start]
        self.stopping = threading.Event()
        self.writer = threading.Thread(target=self._write)
        self.writer.start()

    def _write(self) -> None:
        while not self.stopping.is_set():
            told = {"name": f"人{self.made}", "community": {"code": ON}}
            if self.server.call("POST", "/api/v1/people", told)[0] == 201:
                self.made += 1
            time.sleep(0.01)

    def until(self, holds: Callable[[], bool], seconds: float, what: str) -> float:
        began = time.monotonic()
        while not holds():
            waited = time.monotonic() - began
            assert waited < seconds, f"{what}: {[one.log.read_text() for one in self.workers]}"
            time.sleep(0.05)
        return time.monotonic() - began

    def at_work(self) -> Worker:
        """Whichever worker tells the events just now."""
        before = len(noted(self.server))
        self.until(lambda: len(noted(self.server)) > before, 30, "nobody tells anything")
        process = noted(self.server)[-1][2]
        return next(one for one in self.workers if one.process.pid == process)

    def end(self) -> None:
        self.stopping.set()
        self.writer.join(20)
        for one in self.workers:
            one.end()


def lane_is_free(server: Server) -> bool:
    """Whether nobody writes just now: who is stopped amid a write to a file keeps it locked."""
    with (server.home / "run" / "write.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def stop(world: World, one: Worker) -> None:
    """Stop a worker; on SQLite not amid a write, or the file waits for it, and so do all.

    On PostgreSQL amid a transaction, in the middle of a handler.
    """
    amid, slow = (world.folder / name for name in ("amid", "slow"))
    if world.server.url:
        slow.touch()
        world.until(amid.exists, 20, "no handler is called")
        assert amid.read_text() == str(one.process.pid)
        one.say(signal.SIGSTOP)
        for flag in (slow, amid):
            flag.unlink()
        return
    while True:
        one.say(signal.SIGSTOP)
        time.sleep(0.02)
        if lane_is_free(world.server):
            return
        one.say(signal.SIGCONT)
        time.sleep(random.uniform(0, 0.02))


def hand_over(world: World, how: signal.Signals) -> float:
    """Kill or stop whoever is at work; gives the seconds until the other tells events."""
    one = world.at_work()
    index = world.workers.index(one)
    if how == signal.SIGSTOP:
        stop(world, one)
    else:
        one.say(how)
    began = time.monotonic()
    pid = one.process.pid
    world.until(lambda: noted(world.server)[-1][2] != pid, TAKEN_OVER, f"after {how.name}")
    took = time.monotonic() - began
    if how == signal.SIGSTOP:
        one.say(signal.SIGCONT)
    else:
        one.process.wait(10)
        world.workers[index] = world.start[index]()
    return took


def run_world(server: Server, folder: Path, *, apart: bool) -> list[float]:
    """Both ways of going away, in both directions: each event has one effect, in its order."""
    world = World(server, folder, apart=apart)
    took = []
    try:
        for how in (signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP, signal.SIGKILL):
            took.append(hand_over(world, how))
            time.sleep(0.5)  # whoever came back has time to double something
        world.stopping.set()
        world.writer.join(20)
        wait_until_delivered(server)
        assert witness.judge(server) >= world.made > 20
    finally:
        world.end()
    print(f"taken over after {', '.join(f'{one:.1f}' for one in took)} s, {world.made} people")  # noqa: T201 – shown by -rP
    return took


@pytest.mark.timeout(240)
def test_on_one_machine_another_worker_goes_on(server: Server, tmp_path: Path) -> None:
    run_world(server, tmp_path, apart=False)


@pytest.mark.timeout(240)
def test_on_postgresql_a_worker_of_another_machine_goes_on(
    tmp_path: Path, postgres: served.Server
) -> None:
    server = Server(tmp_path / "home", postgres=postgres, workers=2)
    try:
        run_world(server, tmp_path, apart=True)
    finally:
        server.stop()
