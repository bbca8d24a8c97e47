"""One engine per process, and transactions that carry their events with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import peewee as pw
from playhouse.pool import PooledSqliteDatabase

from lifang.kit import clock
from lifang.kit.errors import Busy, Conflict, Invalid, NotReady
from lifang.kit.words import _
from lifang.store.lane import Lane
from lifang.store.statements import Build, Statements, Value

proxy = pw.DatabaseProxy()
"""What every model is bound to; `Database.open` points it at the process's one engine."""

R = TypeVar("R", bound=pw.Model)

LANE_TIMEOUT = 10.0
BUSY_TIMEOUT = 5_000
MAX_CONNECTIONS = 64


class Unit:
    """What one transaction has collected: rows to write before and calls to make after COMMIT."""

    def __init__(self) -> None:
        """Start with nothing collected."""
        self.collected: dict[str, list[Any]] = {}
        self.flushes: dict[str, Callable[[list[Any]], None]] = {}
        self.after: list[Callable[[], None]] = []

    @cached_property
    def at(self) -> str:
        """When it happens, as it is stored: one moment for all that one transaction tells of."""
        return clock.fixed(clock.now())

    def collect(self, kind: str, item: Any, flush: Callable[[list[Any]], None]) -> None:
        """Keep an item of a kind until just before COMMIT, when `flush` gets all of that kind."""
        self.collected.setdefault(kind, []).append(item)
        self.flushes[kind] = flush

    def flush(self) -> None:
        """Hand every kind's items to its flush, until flushing collects nothing more."""
        while self.collected:
            kind, items = self.collected.popitem()
            if items:  # none are left when the savepoint that collected them was rolled back
                self.flushes[kind](items)

    def mark(self) -> tuple[dict[str, int], int]:
        """Say how much has been collected so far."""
        return {kind: len(items) for kind, items in self.collected.items()}, len(self.after)

    def rewind(self, mark: tuple[dict[str, int], int]) -> None:
        """Forget what was collected after the mark: its savepoint was rolled back."""
        lengths, after = mark
        for kind, items in self.collected.items():
            del items[lengths.get(kind, 0) :]
        del self.after[after:]


class Database:
    """The embedded database of one instance: SQLite in WAL mode with one writer at a time."""

    def __init__(self, path: Path, *, durability: str, lock: Path) -> None:
        """Describe the database file, how durable a commit is, and where its lane's lock lies."""
        self.path = path
        self.engine: pw.Database = PooledSqliteDatabase(
            str(path),
            max_connections=MAX_CONNECTIONS,
            stale_timeout=300,
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full" if durability == "full" else "normal",
                "foreign_keys": 1,
                "busy_timeout": BUSY_TIMEOUT,
                "cache_size": -16_000,
                "secure_delete": 1,
            },
        )
        self._lane = Lane(lock, timeout=LANE_TIMEOUT)
        self._local = threading.local()
        self._statements = Statements()

    def bind(self) -> None:
        """Point every model of this process at this database."""
        proxy.initialize(self.engine)

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Check a connection out of the pool for this thread and give it back at the end."""
        try:
            opened = self.engine.connect(reuse_if_open=True)
        except pw.DatabaseError as error:
            told = _("数据库 {path} 打不开：{why}；lifang doctor 检查它", path=self.path, why=error)
            raise NotReady(told) from error
        try:
            yield
        finally:
            if opened:
                self.engine.close()

    def close(self) -> None:
        """Close this thread's connection and every idle one."""
        if not self.engine.is_closed():
            self.engine.close()
        if isinstance(self.engine, PooledSqliteDatabase):
            self.engine.close_all()

    @property
    def unit(self) -> Unit:
        """What the transaction of this thread has collected; raises outside of one."""
        unit: Unit | None = getattr(self._local, "unit", None)
        if unit is None:
            raise RuntimeError("a write was attempted outside a transaction")
        return unit

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return getattr(self._local, "unit", None) is not None

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """Run the block in one transaction; inside another one it becomes a savepoint of that.

        Raises Busy when the write lane or the database stays taken, Conflict when a unique index
        refuses a row. What was collected in a rolled-back savepoint is forgotten with it.
        """
        outer: Unit | None = getattr(self._local, "unit", None)
        if outer is not None:
            yield from self._savepoint(outer)
            return
        unit = Unit()
        with self._lane.hold(), self.connection():
            self._local.unit = unit
            try:
                with _told_plainly(), self.engine.transaction("IMMEDIATE"):
                    yield unit
                    unit.flush()
            finally:
                self._local.unit = None
        for call in unit.after:
            call()

    def _savepoint(self, unit: Unit) -> Iterator[Unit]:
        mark = unit.mark()
        try:
            with _told_plainly(), self.engine.savepoint():
                yield unit
        except BaseException:
            unit.rewind(mark)
            raise

    def rows(self, query: pw.Query) -> list[tuple[Any, ...]]:
        """Run a query and give its rows as the driver does, for what is shown and not changed.

        Making a Python value of every cell costs a list more than reading it: instants stay text
        on SQLite, booleans stay 0 and 1.
        """
        statement, values = query.sql()
        found: list[tuple[Any, ...]] = self.engine.execute_sql(statement, values).fetchall()
        return found

    def ask(self, key: Hashable, values: Sequence[Value], build: Build) -> list[tuple[Any, ...]]:
        """Answer a question whose statement is built once per key (see `statements`)."""
        statement, bound = self._statements.write(key, values, build)
        found: list[tuple[Any, ...]] = self.engine.execute_sql(statement, bound).fetchall()
        return found

    def standing(self, model: type[R], number: int | None) -> R | None:
        """The record of an id that was not removed, or None.

        By a statement of our own: building it with peewee costs ten times what running it does.
        """
        meta: Any = model._meta
        table, columns = self._quoted(meta.table_name), map(self._quoted, _columns(meta))
        number_is, gone = f"{self._quoted('id')} = {self.engine.param}", self._quoted("removed_at")
        statement = f"SELECT {', '.join(columns)} FROM {table} WHERE {number_is} AND {gone} IS NULL"  # noqa: S608 – names come from our own models
        row = self.engine.execute_sql(statement, (number,)).fetchone()
        if row is None:
            return None
        record: Any = model()
        for field, value in zip(meta.sorted_fields, row, strict=True):
            record.__data__[field.name] = field.python_value(value)
        record._dirty.clear()
        return cast(R, record)

    def add(self, record: Any) -> None:
        """Insert a record whose id is set, every column of it."""
        meta: Any = record._meta
        row = [field.db_value(record.__data__.get(field.name)) for field in meta.sorted_fields]
        self.insert(meta.table_name, _columns(meta), [row])
        record._dirty.clear()

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows of values as the database keeps them: one prepared statement for all.

        For what is written with every change (audit, events, search grams), where building the
        statement anew costs many times what running it does.
        """
        names = ", ".join(map(self._quoted, columns))
        slots = ", ".join([self.engine.param] * len(columns))
        statement = f"INSERT INTO {self._quoted(table)} ({names}) VALUES ({slots})"  # noqa: S608 – names come from our own models
        with pw.__exception_wrapper__:  # type: ignore[attr-defined]  # refusals as peewee tells them
            self.engine.cursor().executemany(statement, rows)

    def _quoted(self, name: str) -> str:
        opening, closing = tuple(self.engine.quote)
        return f"{opening}{name}{closing}"

    def allocate(self, model: type[pw.Model], count: int = 1) -> range:
        """Reserve ids before the insert: the row id is part of the encryption's associated data.

        The counter is SQLite's own for AUTOINCREMENT tables, moved under the write lock, so ids are
        never used twice.
        """
        table = model._meta.table_name
        row = self.engine.execute_sql(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)
        ).fetchone()
        last = row[0] if row else 0
        statement = (
            "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
            if row
            else "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)"
        )
        self.engine.execute_sql(statement, (last + count, table))
        return range(last + 1, last + count + 1)


def _columns(meta: Any) -> list[str]:
    return [field.column_name for field in meta.sorted_fields]


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the database refuses into errors with a sentence."""
    try:
        yield
    except pw.IntegrityError as error:
        if "UNIQUE" in str(error).upper():
            raise Conflict(_("已有相同的记录"), reason="duplicate") from error
        raise
    except pw.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Busy(_("数据库正忙，请稍后再试")) from error
        raise


def open_database(url: str | None, *, home: Path, durability: str) -> Database:
    """Open the database a URL names, or the embedded one in the instance's folder."""
    lock = home / "run" / "write.lock"
    if url is None:
        return Database(home / "data" / "lifang.db", durability=durability, lock=lock)
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        raise Invalid(
            _("还不支持「{scheme}」数据库；目前可用 sqlite:///路径", scheme=parts.scheme or url)
        )
    path = Path(parts.path if parts.path.startswith("//") is False else parts.path[1:])
    return Database(path, durability=durability, lock=lock)
