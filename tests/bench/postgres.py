"""Goal E6: the event bus on PostgreSQL, against the change alone and against procrastinate."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg

from lifang.testing.served import Server
from tests.bench.listening import CHANGE, DATA, RECORDS, TABLE, bus
from tests.bench.rounds import Result, interleaved

EVENTS = 100
"""How many are told and delivered in a turn."""


class Change:
    """The change alone, by the driver alone."""

    def __init__(self, url: str) -> None:
        """Make the table."""
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(TABLE.encode())
        for number in range(RECORDS):
            self.connection.execute("INSERT INTO bench_record VALUES (%s, 0)", (number,))
        self._turns = itertools.count()

    def change(self, count: int) -> float:
        """Seconds per UPDATE with its COMMIT."""
        execute, change, started = self.connection.execute, CHANGE + "%s", time.perf_counter()
        for _n in range(count):
            execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            execute(change, (next(self._turns) % RECORDS,))
            execute("COMMIT")
        return (time.perf_counter() - started) / count


class Jobs:
    """procrastinate: a job for each subscriber, and a worker that runs until none is left."""

    def __init__(self, url: str, subscribers: int) -> None:
        """Make its tables and tasks; jobs are deferred by its connector without asyncio."""
        import procrastinate

        self._teller = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
        self._worker = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
        self._teller.open()
        self._teller.schema_manager.apply_schema()
        self._loop, self.told, self._turn = asyncio.new_event_loop(), 0, 0
        self._loop.run_until_complete(self._worker.open_async())
        self._names = [f"bench{number}" for number in range(subscribers)]
        for name in self._names:
            self._worker.task(name=name)(self._hear)

    async def _hear(self, subject: int, data: dict[str, str]) -> None:
        self.told += 1

    def both(self, count: int) -> float:
        """Seconds per event, deferred for and run by all."""
        before, started = self.told, time.perf_counter()
        for _n in range(count):
            self._turn += 1
            for name in self._names:
                job = self._teller.configure_task(name)
                job.defer(subject=self._turn % RECORDS, data=DATA)
        run = self._worker.run_worker_async(
            wait=False, install_signal_handlers=False, listen_notify=False
        )
        self._loop.run_until_complete(run)
        took = time.perf_counter() - started
        assert self.told - before == count * len(self._names), (self.told, before)
        return took / count

    def close(self) -> None:
        """Give its connections back."""
        self._loop.run_until_complete(self._worker.close_async())
        self._loop.close()
        self._teller.close()


def on_postgresql(folder: Path) -> list[Result]:
    """E6: a server that writes every commit through, all on one of its databases each."""
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        server = Server()
        stack.callback(server.stop)
        server.start()
        change = Change(server.create("bare"))
        stack.callback(change.connection.close)
        variants = {"bare": partial(change.change, EVENTS)}
        for many in (1, 5):
            home, url = folder / f"e6-{many}", server.create(f"ours{many}")
            ours = stack.enter_context(bus(home, many, durability="full", url=url))
            variants[f"{many}"] = partial(ours.both, EVENTS)
            try:
                jobs = Jobs(server.create(f"jobs{many}"), many)
            except ImportError as error:
                absent["jobs"] = f"not measured: {error.name} is not installed"
                continue
            stack.callback(jobs.close)
            variants[f"jobs {many}"] = partial(jobs.both, EVENTS // many)
        told = replace(interleaved(variants), absent=absent)
    what = "UPDATE + COMMIT ÷ telling and delivering to 5, PostgreSQL"
    return [
        told.faster("E6", what, base="bare", ours="5", floor=0.7, target=0.85),
        told.faster("E6", "procrastinate ÷ ours, PostgreSQL, 1",
                    base="jobs 1", ours="1", floor=4, target=7),
        told.faster("E6", "procrastinate ÷ ours, PostgreSQL, 5",
                    base="jobs 5", ours="5", floor=10, target=25),
    ]  # fmt: skip
