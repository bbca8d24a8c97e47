"""What the benchmarks of the event bus share: plugins that listen, events told and delivered.

Each subscriber is a plugin of its own, switched on at the city; each event is about one of a
hundred records, concerns one community and is told in the transaction that changes its record.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lifang.app.instance import create
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.event import Event, Reaction, on
from lifang.events.publish import publish
from lifang.services.delivery import dispatcher_of
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.events.listeners import listen

CHANGED = "core.thing.changed"
RECORDS = 100
TABLE = "CREATE TABLE bench_record (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"
CHANGE = "UPDATE bench_record SET n = n + 1 WHERE id = "
DATA = {"old": "submitted", "new": "accepted", "date": "2026-11-30", "reason": "材料齐全"}
"""What an event of everyday tells."""
FILLED = 50_000
TOLD = json.dumps(DATA, ensure_ascii=False, separators=(",", ":"))


class Bus:
    """An instance in which so many handlers listen, and somebody's records beside it."""

    def __init__(self, instance: Instance, subscribers: int) -> None:
        """Switch the listeners on."""
        self.instance, self.subscribers, self.told = instance, subscribers, 0
        self.database, self._change = instance.database, CHANGE + instance.database.engine.param
        self.home = int(Community.get(Community.code == world.HOME).id)
        self._turns = itertools.count()
        with self.database.transaction():
            self.database.engine.execute_sql(TABLE)
            some = ((number, 0) for number in range(RECORDS))
            self.database.insert("bench_record", ("id", "n"), some)
        for number in range(subscribers):
            listen(instance, self._listener(), at=[world.CITY], plugin=f"bench{number}")
        self.caller = replace(world.boss(instance), request_id="0123456789abcdef")
        self.dispatcher = dispatcher_of(instance)

    def _listener(self) -> Reaction:
        @on(CHANGED)
        def hears(event: Event, caller: Caller) -> None:
            self.told += 1

        return hears

    def tell(self, count: int) -> None:
        """Change so many records, one transaction each with its event."""
        for _n in range(count):
            number = next(self._turns) % RECORDS
            with self.database.transaction():
                self.database.engine.execute_sql(self._change, (number,))
                publish(CHANGED, f"core.thing/{number}", DATA, caller=self.caller,
                        communities=[self.home])  # fmt: skip

    def deliver(self) -> None:
        """Let the dispatcher run until everybody was told."""
        while self.dispatcher.step():
            pass

    def both(self, count: int) -> float:
        """Seconds per event, told and delivered to all."""
        self.database.bind()  # there are several instances in one process
        before, started = self.told, time.perf_counter()
        self.tell(count)
        self.deliver()
        took = time.perf_counter() - started
        assert self.told - before == count * self.subscribers, (self.told - before, count)
        return took / count


@contextmanager
def bus(
    home: Path,
    subscribers: int,
    *,
    durability: str = "normal",
    url: str | None = None,
    stored: int = 0,
) -> Iterator[Bus]:
    """An instance of its own, on SQLite or in the empty database of an address.

    So many events are stored already when the listeners are switched on.
    """
    told = {"LIFANG_DURABILITY": durability} | ({"LIFANG_DATABASE": url} if url else {})
    instance = create(home, environ=told)
    with instance.database.connection():
        world.plant(instance)
        if stored:
            fill(instance, stored)
        yield Bus(instance, subscribers)
    instance.database.bind()
    instance.close()


def fill(instance: Instance, count: int) -> None:
    """Store events by raw inserts, ten of each record, all of them in one community."""
    home, at = int(Community.get(Community.code == world.HOME).id), "2026-11-01T00:00:00.000000Z"
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    records = max(count // 10, RECORDS)
    columns = ("pos", "type", "ver", "agg", "seq", "actor", "corr", "trace", "at", "data")
    last = instance.database.counters().get("event", 0)
    for start in range(0, count, FILLED):
        numbers = range(start, min(start + FILLED, count))
        with instance.database.transaction():
            instance.database.insert("event", columns, (
                (last + 1 + n, CHANGED, 1, f"core.thing/{n % records}", n // records + 1, "boss",
                 "0123456789abcdef", trace, at, TOLD)
                for n in numbers
            ))  # fmt: skip
            instance.database.insert(
                "event_scope", ("pos", "community_id"), ((last + 1 + n, home) for n in numbers)
            )
    instance.database.engine.execute_sql("ANALYZE")


class Bare:
    """The same change on a file of its own, by the standard library alone.

    It has been in use already: its log is written over, which takes the disk half as long.
    """

    def __init__(self, path: Path, *, durability: str = "normal") -> None:
        """Make the file, as durable as the instance it is compared with."""
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = wal")
        self.connection.execute(f"PRAGMA synchronous = {durability}")
        self.connection.execute(TABLE)
        self.connection.executemany(
            "INSERT INTO bench_record VALUES (?, 0)", ((number,) for number in range(RECORDS))
        )
        self._turns = itertools.count()
        self.change(1_100)  # SQLite folds its log every 1,000 pages

    def change(self, count: int) -> float:
        """Seconds per UPDATE with its COMMIT."""
        execute, started = self.connection.execute, time.perf_counter()
        for _n in range(count):
            execute("BEGIN IMMEDIATE")
            execute(CHANGE + "?", (next(self._turns) % RECORDS,))
            execute("COMMIT")
        return (time.perf_counter() - started) / count


class RowEach(Bare):
    """The same with an event, and a row for each delivery: hand-written, without retries."""

    def __init__(self, path: Path, subscribers: int, *, durability: str = "normal") -> None:
        """Make its two tables."""
        super().__init__(path, durability=durability)
        self._names, self.told = [f"bench{number}" for number in range(subscribers)], 0
        self.connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, type, agg, data)")
        self.connection.execute(
            "CREATE TABLE delivery (event INTEGER, sub TEXT, PRIMARY KEY (event, sub))"
            " WITHOUT ROWID"
        )

    def both(self, count: int) -> float:
        """Seconds per event, told and delivered to all."""
        execute, many = self.connection.execute, self.connection.executemany
        started = time.perf_counter()
        for _n in range(count):
            number = next(self._turns) % RECORDS
            execute("BEGIN IMMEDIATE")
            execute(CHANGE + "?", (number,))
            told = (CHANGED, f"core.thing/{number}", json.dumps(DATA, ensure_ascii=False))
            event = execute("INSERT INTO event (type, agg, data) VALUES (?, ?, ?)", told).lastrowid
            many("INSERT INTO delivery VALUES (?, ?)", ((event, name) for name in self._names))
            execute("COMMIT")
        while self._deliver():
            pass
        return (time.perf_counter() - started) / count

    def _deliver(self) -> bool:
        self.connection.execute("BEGIN IMMEDIATE")
        rows = self.connection.execute(
            "SELECT d.event, d.sub, e.data FROM delivery d JOIN event e ON e.id = d.event"
            " ORDER BY d.event, d.sub LIMIT 1000"
        ).fetchall()
        for _event, _name, data in rows:
            self.told += len(json.loads(data)) > 0
        done = "DELETE FROM delivery WHERE event = ? AND sub = ?"
        self.connection.executemany(done, ((event, name) for event, name, _data in rows))
        self.connection.execute("COMMIT")
        return bool(rows)
