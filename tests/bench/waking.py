"""Goal E8: how soon another process is told after a commit, and what it costs to wait for one.

The worker is the command that people start, and the handler that of an installed plugin.
"""

from __future__ import annotations

import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from lifang.testing import world
from lifang.testing.served import Server
from lifang.testing.temporary import tell_of
from tests.bench.exchange import LIFANG
from tests.bench.listening import CHANGED, Bus, bus
from tests.bench.rounds import Result, interleaved

BELL, NAME = "BENCH_BELL", "bench_waking"
PLUGIN = f"""
import os, socket, time
from pathlib import Path
import lifang as lf

bell, where = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), os.environ["{BELL}"]

@lf.on("{CHANGED}")
def hears(event: lf.Event, caller: lf.Caller) -> None:
    bell.sendto(str(time.monotonic_ns()).encode(), where)

plugin = lf.Plugin("{NAME}", "醒", handlers=[hears], folder=Path(__file__).parent)
"""
POLLER = """
import socket, sqlite3, sys, time
path, where, seen = sys.argv[1], sys.argv[2], 0
bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
rows = sqlite3.connect(path, isolation_level=None)
while True:
    last = rows.execute("SELECT COUNT(*) FROM told").fetchone()[0]
    for _n in range(last - seen):
        bell.sendto(str(time.monotonic_ns()).encode(), where)
    seen = last
    time.sleep(0.05)
"""
COMMITS, LONGEST = 20, 0.15
"""How many there are in a turn, and how many seconds may go by before each."""
PATIENCE = 60.0
IDLE = 20.0
"""Seconds for which the CPU of workers that have nothing to do is counted."""


class Ear:
    """Hears when a handler in another process was called."""

    def __init__(self, path: Path) -> None:
        """Listen at a socket."""
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(PATIENCE)

    def median(self, commit: Callable[[], None]) -> float:
        """Seconds that half of some commits take until they are heard, each begun at random."""
        took = []
        for _n in range(COMMITS):
            time.sleep(random.uniform(0, LONGEST))
            started = time.monotonic_ns()
            commit()
            took.append((int(self._socket.recv(64)) - started) / 1e9)
        return statistics.median(took)


def waking(folder: Path) -> list[Result]:
    """E8: how long half of the commits take to be heard of, and what an idle worker takes."""
    with ExitStack() as stack:
        server = Server()
        stack.callback(server.stop)
        server.start()
        told = stack.enter_context(_polled(folder))
        first, ours = stack.enter_context(_working(folder / "e8", None))
        second, served = stack.enter_context(_working(folder / "e8-served", server.create("ours")))
        figures = interleaved({"polled": told, "ours": ours, "served": served}, rounds=5)
        idle = _idle(first, second)
    results = []
    for name, engine, part in zip(("ours", "served"), ("SQLite", "PostgreSQL"), idle, strict=True):
        what = f"commit → another process's handler, half of them, {engine} ÷ looking every 50 ms"
        results.append(
            figures.shorter("E8", what, base="polled", ours=name, floor=0.05, target=0.02)
        )
        what = f"CPU of a worker that has nothing to do for {IDLE:.0f} s, {engine}"
        results.append(Result("E8", what, part, 0.5, "%", part, 0.5, None, "lower"))
    return results


def _idle(*workers: subprocess.Popen[bytes]) -> list[float]:
    """Per cent of a CPU that each takes while nothing happens."""
    time.sleep(3)
    before = [_ticks(one) for one in workers]
    time.sleep(IDLE)
    ticks = [_ticks(one) - was for one, was in zip(workers, before, strict=True)]
    return [each / os.sysconf("SC_CLK_TCK") / IDLE * 100 for each in ticks]


def _ticks(one: subprocess.Popen[bytes]) -> int:
    fields = Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def _polled(folder: Path) -> Iterator[Callable[[], float]]:
    """A table that another process looks into every 50 ms."""
    path, ear = folder / "polled.db", Ear(folder / "polled.ear")
    rows = sqlite3.connect(path, isolation_level=None)
    rows.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal;"
                       "CREATE TABLE told (n INTEGER PRIMARY KEY)")  # fmt: skip
    child = subprocess.Popen([sys.executable, "-c", POLLER, str(path), str(ear.path)])
    try:
        yield partial(ear.median, lambda: rows.execute("INSERT INTO told DEFAULT VALUES").close())
    finally:
        child.terminate()
        child.wait(PATIENCE)


@contextmanager
def _working(
    home: Path, url: str | None
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], float]]]:
    """An instance with `lifang worker` beside it, and a plugin whose handler is heard."""
    ear = Ear(home.with_suffix(".ear"))
    os.environ[BELL] = str(ear.path)
    packages = home.with_suffix(".packages")
    tell_of(packages, NAME, NAME, f"{NAME}:plugin")
    (packages / f"{NAME}.py").write_text(PLUGIN)
    sys.path.insert(0, str(packages))
    environ = os.environ | {"LIFANG_HOME": str(home), "PYTHONPATH": str(packages)}
    environ |= {"LIFANG_DURABILITY": "normal"} | ({"LIFANG_DATABASE": url} if url else {})
    try:
        with bus(home, 0, url=url) as ours:
            world.enable(ours.instance, NAME, at=world.CITY)
            child = subprocess.Popen([LIFANG, "worker"], env=environ)
            try:
                ear.median(partial(_commit, ours))  # it has started when the first ones are heard
                yield child, partial(ear.median, partial(_commit, ours))
            finally:
                child.terminate()
                child.wait(PATIENCE)
    finally:
        sys.path.remove(str(packages))


def _commit(ours: Bus) -> None:
    ours.database.bind()
    ours.tell(1)
