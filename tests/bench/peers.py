"""What the event bus is compared with on SQLite: Huey's tasks and eventsourcing's recorders.

Both tell the message alone: the change that ours has in the same transaction they leave out.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from tests.bench.listening import CHANGED, DATA, RECORDS

PAGE = 200
"""How many events a reader takes at once, as our dispatcher does."""


class Tasks:
    """Huey: a task for each subscriber, taken and run one by one as its consumer does."""

    def __init__(self, path: Path, subscribers: int, *, durability: str) -> None:
        """Make its file; Huey itself leaves SQLite at FULL."""
        from huey import SqliteHuey

        self.huey = SqliteHuey(filename=str(path), results=False)
        self.told, self._turn = 0, 0
        with self.huey.storage.db() as cursor:
            cursor.execute(f"PRAGMA synchronous = {durability}")
        self._tasks = [
            self.huey.task(name=f"bench{number}")(self._hear) for number in range(subscribers)
        ]

    def _hear(self, _type: str, _subject: int, _data: dict[str, str]) -> None:
        self.told += 1

    def both(self, count: int) -> float:
        """Seconds per event, told to and run for all."""
        before, started = self.told, time.perf_counter()
        for _n in range(count):
            self._turn += 1
            for task in self._tasks:
                task(CHANGED, self._turn % RECORDS, DATA)
        while (task := self.huey.dequeue()) is not None:
            self.huey.execute(task)
        took = time.perf_counter() - started
        assert self.told - before == count * len(self._tasks)
        return took / count


class Recorders:
    """eventsourcing: an application's recorder, and one for each process that follows it."""

    def __init__(self, path: Path, subscribers: int, *, durability: str) -> None:
        """Make its file; the library itself leaves SQLite at FULL."""
        from eventsourcing import persistence, sqlite

        self._event, self._tracking = persistence.StoredEvent, persistence.Tracking
        self._store = sqlite.SQLiteDatastore(f"file:{path}", pool_size=1, max_overflow=0)
        with self._store.get_connection(commit=True) as connection:
            connection.cursor().execute(f"PRAGMA synchronous = {durability}")
        self._events = sqlite.SQLiteApplicationRecorder(self._store)
        self._events.create_table()
        self._followers = []
        for number in range(subscribers):
            table = f"told_{number}"
            follower = sqlite.SQLiteProcessRecorder(self._store, events_table_name=table)
            follower.create_table()
            self._followers.append((f"bench{number}", follower))
        self._ids = [uuid5(NAMESPACE_URL, f"core.thing/{number}") for number in range(RECORDS)]
        self._turn, self.told = 0, 0

    def both(self, count: int) -> float:
        """Seconds per event, recorded and followed by all, the place of each kept with it."""
        before, started = self.told, time.perf_counter()
        for _n in range(count):
            version, number = divmod(self._turn, RECORDS)
            self._turn += 1
            state = json.dumps(DATA, ensure_ascii=False).encode()
            event = self._event(self._ids[number], version + 1, CHANGED, state)
            self._events.insert_events([event])
        for name, follower in self._followers:
            place = follower.max_tracking_id(name) or 0
            while page := self._events.select_notifications(place + 1, PAGE):
                for one in page:
                    self.told += len(json.loads(one.state)) > 0
                    follower.insert_events([], tracking=self._tracking(name, one.id))
                place = page[-1].id
        took = time.perf_counter() - started
        assert self.told - before == count * len(self._followers)
        return took / count
