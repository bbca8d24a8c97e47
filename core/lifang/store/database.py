"""One engine per process, and transactions that carry their events with them.

What the two engines do alike stands here; what they do each in its own way, in `embedded` and
`served`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cached_property
from typing import Any, ClassVar, TypeVar, cast

import peewee as pw
from playhouse.pool import PooledDatabase

from lifang.kit import clock
from lifang.kit.errors import Busy, LifangError
from lifang.store.doorbell import Doorbell
from lifang.store.statements import Build, Statements, Value

proxy = pw.DatabaseProxy()
"""What every model is bound to; `Database.open` points it at the process's one engine."""


making: ContextVar[pw.Database | None] = ContextVar("making", default=None)
"""The engine whose tables are just being made here, where it is not the process's one."""


def embedded() -> bool:
    """Whether this process's engine is the embedded one, whose writers wait in line."""
    return isinstance(making.get() or proxy.obj, pw.SqliteDatabase)


R = TypeVar("R", bound=pw.Model)
T = TypeVar("T")

MAX_CONNECTIONS = 64
PATIENCE = 10.0  # seconds to wait for what another writer holds, before saying 503


class Overtaken(Busy):
    """Another transaction was faster with the same rows: the whole deed is worth another try."""


class Unit:
    """What one transaction has collected: rows to write before and calls to make after COMMIT."""

    def __init__(self) -> None:
        """Start with nothing collected."""
        self.collected: dict[str, list[Any]] = {}
        self.flushes: dict[str, Callable[[list[Any]], None]] = {}
        self.after: list[Callable[[], None]] = []
        self.changed = False  # whether what others keep by the epoch is not what this one sees
        self.memo: dict[Hashable, Any] = {}

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
        self.memo.clear()


class Database(ABC):
    """The one database of an instance, whichever engine keeps it."""

    name: ClassVar[str]
    """What the engine is called, in manifests and messages."""

    place: str
    """Where it lies, as people are told: no password is in it."""

    holds: ClassVar[dict[str, str]] = {}
    """How a statement asks that a row it reads is held until the transaction ends: for a `change`,
    or that others `keep` it as it is. With one writer at a time there is nothing to ask for."""

    def __init__(self, engine: pw.Database) -> None:
        """Keep the engine; nothing is opened yet."""
        self.engine = engine
        self._local = threading.local()
        self.statements = Statements()
        engine.__dict__["keeper"] = self  # for those who know the models alone
        self._inserts: dict[tuple[str, ...], str] = {}
        self.epoch: int | None = None
        """What was last read of it; whoever changed it has it read again."""
        self.memo: tuple[int, dict[Hashable, Any]] = (-1, {})
        """What holds for as long as an epoch."""

    @abstractmethod
    def told(self, error: pw.PeeweeException) -> LifangError | None:
        """What somebody can be told about a refusal or failure of the engine; None for a bug."""

    @abstractmethod
    def opening(self, error: pw.DatabaseError) -> LifangError:
        """Why the database could not be opened."""

    @abstractmethod
    def _begun(self) -> AbstractContextManager[Any]:
        """Begin a transaction; it is committed at the end, or rolled back."""

    @abstractmethod
    def allocate(self, model: type[pw.Model], count: int = 1) -> Sequence[int]:
        """Reserve ids before the insert, growing but not always without gaps, never used twice.

        The row id is part of the encryption's associated data.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Any]:
        """See the data as it is at one moment while the block runs, whoever writes meanwhile."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """The last id that was given in every table that gives its own."""

    @abstractmethod
    def count_from(self, counters: Mapping[str, int]) -> None:
        """Give no id again that was given where the rows come from."""

    @abstractmethod
    def ring(self) -> None:
        """Wake who waits for commits; a lost ring costs one poll, never an event."""

    @abstractmethod
    def doorbell(self) -> Doorbell:
        """Where those rings are heard."""

    def unhurried(self) -> None:  # noqa: B027 – a file waits as long as it takes
        """Let the running transaction say nothing for as long as something else takes."""

    def references(self) -> list[tuple[str, str]]:
        """Foreign keys that stand in the way of a copy: what takes each away, what restores it."""
        return []

    def unguarded(self) -> AbstractContextManager[Any]:
        """Let rows of this thread point at nothing for a while."""
        return nullcontext()

    def drop(self, tables: Sequence[str]) -> None:
        """Take tables away that point at none but each other, in the running transaction.

        Raises what the engine says where others point at them.
        """
        self.engine.execute_sql(f"DROP TABLE {', '.join(map(self.quoted, tables))}")

    def others(self) -> int:
        """How many connections there are beside this one, from wherever: a lock tells of a file."""
        return 0

    def oldest_writer(self) -> tuple[str | None, str | None] | None:
        """Whose transaction holds delivery back longest, and since when if that may be known.

        A name is that of another database of the same server; None stands for this one.
        """
        return None

    def _line(self) -> AbstractContextManager[Any]:
        """Wait in line to write, where only one may."""
        return nullcontext()

    def _tidy(self) -> None:  # noqa: B027 – there may be nothing to do
        """Do what follows a commit and need not be waited for by other writers."""

    def whole(self, run: Callable[[], T]) -> T:
        """Do something that is one transaction, again where another writer got in its way.

        So it must read anew whatever it judges by, and leave nothing behind but the transaction's.
        """
        return run()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one migrator in at a time, wherever it runs; the folder's lock keeps those beside."""
        yield

    def settle_tables(self) -> int:
        """Finish tables that were migrated; gives how many rows point at nothing."""
        return 0

    def quick_check(self) -> str | None:
        """What the database says is wrong with its own file; a served one keeps watch itself."""
        return None

    def demand_there(self) -> None:  # noqa: B027 – a server says so itself
        """Raise NotReady where what held the data is gone."""

    def mend(self) -> None:  # noqa: B027 – a file is not lost
        """Replace this thread's connection if it was lost; for threads that keep theirs."""

    def bind(self) -> None:
        """Point every model of this process at this database."""
        proxy.initialize(self.engine)

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Check a connection out of the pool for this thread and give it back at the end."""
        self.demand_there()
        try:
            opened = self.engine.connect(reuse_if_open=True)
        except pw.DatabaseError as error:
            raise self.opening(error) from error
        try:
            yield
        finally:
            if opened:
                self.engine.close()

    def close(self) -> None:
        """Close this thread's connection and every idle one."""
        if not self.engine.is_closed():
            self.engine.close()
        if isinstance(self.engine, PooledDatabase):
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

        Raises Busy when what it needs stays taken or the database is away, Conflict when a unique
        index refuses a row. What was collected in a rolled-back savepoint is forgotten with it.
        """
        outer: Unit | None = getattr(self._local, "unit", None)
        if outer is not None:
            yield from self._savepoint(outer)
            return
        unit = Unit()
        with self._line(), self.connection():
            self._local.unit = unit
            try:
                with self._told_plainly(), self._begun():
                    yield unit
                    unit.flush()
            finally:
                self._local.unit = None
        for call in unit.after:
            call()
        self._tidy()

    def _savepoint(self, unit: Unit) -> Iterator[Unit]:
        mark = unit.mark()
        try:
            with self._told_plainly(), self.engine.savepoint():
                yield unit
        except BaseException:
            unit.rewind(mark)
            raise

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        """Turn what the database refuses into errors with a sentence."""
        try:
            yield
        except pw.PeeweeException as error:
            told = self.told(error)
            if told is None:
                raise
            raise told from error

    def rows(self, query: pw.Query) -> list[tuple[Any, ...]]:
        """Run a query and give its rows as the driver does, for what is shown and not changed.

        Making a Python value of every cell costs a list more than reading it: instants and days
        stay text; booleans are 0 and 1 on SQLite.
        """
        statement, values = query.sql()
        found: list[tuple[Any, ...]] = self.engine.execute_sql(statement, values).fetchall()
        return found

    def ask(self, key: Hashable, values: Sequence[Value], build: Build) -> list[tuple[Any, ...]]:
        """Answer a question whose statement is built once per key (see `statements`)."""
        statement, bound = self.statements.write(key, values, build)
        found: list[tuple[Any, ...]] = self.engine.execute_sql(statement, bound).fetchall()
        return found

    def standing(self, model: type[R], number: int | None, *, hold: str = "") -> R | None:
        """The record of an id that was not removed, or None, perhaps held (see `holds`).

        By a statement of our own: building it with peewee costs ten times what running it does.
        """
        meta: Any = model._meta
        table, columns = self.quoted(meta.table_name), map(self.quoted, _columns(meta))
        number_is, gone = f"{self.quoted('id')} = {self.engine.param}", self.quoted("removed_at")
        statement = f"SELECT {', '.join(columns)} FROM {table} WHERE {number_is} AND {gone} IS NULL"  # noqa: S608 – names come from our own models
        statement += self.holds.get(hold, "")
        row = self.engine.execute_sql(statement, (number,)).fetchone()
        if row is None:
            return None
        record: Any = model()
        for field, value in zip(meta.sorted_fields, row, strict=True):
            record.__data__[field.name] = field.python_value(value)
        record._dirty.clear()
        return cast(R, record)

    def kept(self, query: Any) -> list[tuple[Any, ...]]:
        """Rows of one table, which stay as they are until the transaction ends."""
        return self.rows(query.for_update(self.holds["keep"].strip()) if self.holds else query)

    def touch(self, model: Any, number: int) -> None:
        """Write a row as it is, so that another transaction that does the same is overtaken."""
        model.update(version=model.version).where(model.id == number).execute()

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
        statement = self._inserts.get((table, *columns))
        if statement is None:
            names = ", ".join(map(self.quoted, columns))
            slots = ", ".join([self.engine.param] * len(columns))
            statement = f"INSERT INTO {self.quoted(table)} ({names}) VALUES ({slots})"  # noqa: S608 – names come from our own models
            self._inserts[table, *columns] = statement
        self.each(statement, rows)

    def each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one prepared statement for each of many rows."""
        with pw.__exception_wrapper__:  # type: ignore[attr-defined]  # refusals as peewee tells them
            self.engine.cursor().executemany(statement, rows)

    @abstractmethod
    def append(self, statement: str, key: str, rows: Iterable[Sequence[Any]]) -> list[int]:
        """Insert rows that get their numbers by themselves, in order; gives the numbers.

        The statement is written with `?` for each value.
        """

    def pour(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows, each value as any engine gave it."""
        self.insert(table, columns, rows)

    def quoted(self, name: str) -> str:
        """A name as it stands in a statement."""
        opening, closing = tuple(self.engine.quote)
        return f"{opening}{name}{closing}"


def ask(key: Hashable, values: Sequence[Value], build: Build) -> list[tuple[Any, ...]]:
    """Answer a question on the engine that the models are bound to (see `Database.ask`)."""
    return cast(Database, proxy.obj.keeper).ask(key, values, build)


def order(key: Hashable, values: Sequence[Value], build: Build) -> None:
    """Carry out a change there, its statement built once per key."""
    statement, told = cast(Database, proxy.obj.keeper).statements.write(key, values, build)
    proxy.obj.execute_sql(statement, told)


def _columns(meta: Any) -> list[str]:
    return [field.column_name for field in meta.sorted_fields]
