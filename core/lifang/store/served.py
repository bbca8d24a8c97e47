"""A served database: PostgreSQL, whose writers work side by side.

Each transaction sees the data as it was when it began (REPEATABLE READ). Where two change the same,
the later one is overtaken, and its whole deed is done again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import peewee as pw
import psycopg
from peewee import Psycopg3Adapter
from playhouse.pool import PooledPostgresqlDatabase
from psycopg.adapt import Loader

from lifang.kit.errors import Busy, Conflict, LifangError, Malformed, NotReady
from lifang.kit.words import _
from lifang.store.database import MAX_CONNECTIONS, PATIENCE, Database, Overtaken
from lifang.store.notices import RING, NoticeDoorbell, Ringing

T = TypeVar("T")

TRIES = 6
"""A first try and five more: after that the client is asked to come back."""

LONGEST_WAIT = 0.1
NUMBERED = "event_agg_seq"
"""The index that two who tell of one record at once run into."""

FAILED, LOCKED_OUT = ("40001", "40P01"), "55P03"
WRONG_VALUE, AWAY = "22", ("08", "57P0", "53", "25006", "25P03")
MIGRATING = 0x4C6966616E67  # "Lifang": any number that nobody else locks
OTHERWISE_SORTED = """
    SELECT c.relname, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
      AND (l.collname <> 'C' OR a.atttypid = 'varchar'::regtype)
"""
COUNTED = """
    SELECT t.relname, s.oid::regclass::text, COALESCE(pg_sequence_last_value(s.oid), 0)
    FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
    JOIN pg_class t ON t.oid = d.refobjid
    WHERE s.relkind = 'S' AND t.relnamespace = current_schema()::regnamespace
"""
REFERENCES = """
    SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
           'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname)
           || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'lifang'
"""
WRITERS = """
    SELECT NULLIF(name, current_database()), since FROM (
        SELECT datname AS name, xact_start AS since, backend_xid AS number
        FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
        UNION ALL SELECT database, prepared, transaction FROM pg_prepared_xacts
    ) AS running ORDER BY age(number) DESC LIMIT 1
"""
BESIDE = "lifang_restoring"
MAY_EXCHANGE = """
    SELECT nspname, pg_has_role(nspowner, 'USAGE')
        AND has_database_privilege(current_database(), 'CREATE')
    FROM pg_namespace WHERE nspname = current_schema()
"""
WIDE = {"INT": "BIGINT", "AUTO": "BIGSERIAL", "FLOAT": "DOUBLE PRECISION"}
"""Numbers as wide as those of the embedded database."""

SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "lock_timeout": f"{PATIENCE:.0f}s",
    # A client that was stopped amid a transaction holds rows that others need, and all delivery
    # back: the server ends it a moment after its leases.
    "idle_in_transaction_session_timeout": "6s",
}


class _Instant(Loader):
    """A `timestamptz` as the embedded database keeps it: fixed-width UTC text."""

    def load(self, data: Any) -> str:
        """Read `2026-11-23 01:02:03.4+00`."""
        text = bytes(data).decode().removesuffix("+00")
        whole, _point, part = text.partition(".")
        return f"{whole[:10]}T{whole[11:]}.{part:0<6}Z"


class _Day(Loader):
    """A `date` as ISO text."""

    def load(self, data: Any) -> str:
        """Read `2026-11-23`."""
        return bytes(data).decode()


class _Adapter(Psycopg3Adapter):
    """Connections that give instants and days as the embedded database does."""

    def connect(self, db: Any, **params: Any) -> Any:
        """Open one."""
        connection = super().connect(db, **params)  # type: ignore[no-untyped-call]  # peewee's
        connection.adapters.register_loader("timestamptz", _Instant)
        connection.adapters.register_loader("date", _Day)
        return connection


class _Engine(PooledPostgresqlDatabase):  # type: ignore[misc]  # peewee's pool has no types
    """The pool; what fails in it is told in sentences wherever it was asked."""

    psycopg3_adapter = _Adapter
    field_types = {**pw.PostgresqlDatabase.field_types, **WIDE}
    served: Served

    def execute_sql(self, *asked: Any, **options: Any) -> Any:
        """Run a statement; raises Busy where the server is away."""
        try:
            return super().execute_sql(*asked, **options)
        except pw.PeeweeException as error:
            told = self.served.told(error)
            if told is None or isinstance(told, Conflict):  # the transaction tells those
                raise
            raise told from error


class Served(Database):
    """One database of a PostgreSQL server."""

    name = "postgresql"
    holds = {"change": " FOR NO KEY UPDATE", "keep": " FOR SHARE"}

    def __init__(self, url: str, *, durability: str, schema: str | None = None) -> None:
        """Describe where the database is served, how durable a commit is, and where tables lie."""
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
        port = f":{parts.port}" if parts.port else ""
        self.schema, self._told = schema, (url, durability)
        self.place = f"{host}{port}/{parts.path.lstrip('/')}"
        said = SETTINGS | {"synchronous_commit": "on" if durability == "full" else "off"}
        said |= {"search_path": schema} if schema else {}
        options = " ".join(f"-c {name}={value}" for name, value in said.items())
        engine = _Engine(
            url.replace("postgres://", "postgresql://", 1),
            prefer_psycopg3=True,
            max_connections=MAX_CONNECTIONS,
            stale_timeout=300,
            timeout=PATIENCE,
            options=options,
            application_name="lifang",
            connect_timeout=3,
        )
        engine.served, self._ringing = self, Ringing()
        super().__init__(engine)
        self._sequence = cache(self._find_sequence)

    def ring(self) -> None:
        """Let the server tell whoever listens, on this machine or another."""
        self._ringing.ring(self._notify)

    def _notify(self) -> None:
        with suppress(LifangError, pw.PeeweeException), self.connection():
            self.engine.execute_sql(RING)

    def doorbell(self) -> NoticeDoorbell:
        """A connection that listens."""
        return NoticeDoorbell(self._told[0])

    def opening(self, error: pw.DatabaseError) -> LifangError:
        """Say which database does not answer; what the server says may name users and hosts."""
        if isinstance(error, pw.OperationalError):
            return Busy(_("数据库（{place}）暂时连不上，请稍后再试", place=self.place))
        return NotReady(
            _("数据库（{path}）打不开：{why}；lifang doctor 检查它", path=self.place, why=error)
        )

    def told(self, error: pw.PeeweeException) -> LifangError | None:
        """A row that is there already, rows that others hold or changed, a server that is away."""
        cause = error.__context__ if error.__cause__ is None else error.__cause__
        state = (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""
        if state == "23505":
            assert isinstance(cause, psycopg.Error)  # noqa: S101 – only such have a state
            if cause.diag.constraint_name == NUMBERED:
                return Overtaken(_("数据库正忙，请稍后再试"))
            return Conflict(_("已有相同的记录"), reason="duplicate")
        if state in FAILED:
            return Overtaken(_("数据库正忙，请稍后再试"))
        if state == LOCKED_OUT:
            return Busy(_("数据库正忙，请稍后再试"))
        if isinstance(error, pw.DataError) or state.startswith(WRONG_VALUE):
            return Malformed(_("有的值数据库不能处理：太大，或含有不能保存的字符"))
        if state.startswith(AWAY) or (
            not state and isinstance(error, pw.OperationalError | pw.InterfaceError)
        ):
            return Busy(_("数据库（{place}）暂时连不上，请稍后再试", place=self.place))
        return None

    def whole(self, run: Callable[[], T]) -> T:
        """Do something that is one transaction, at most five times more where it was overtaken.

        A row that was there already may have come just now, unseen: it is looked at once more.
        """
        if self.in_transaction:
            return run()
        unseen = True
        for chance in range(TRIES):
            try:
                return run()
            except Overtaken:
                if chance == TRIES - 1:
                    raise
            except Conflict as error:
                if not unseen or not isinstance(error.__cause__, pw.IntegrityError):
                    raise
                unseen = False
            time.sleep(random.uniform(0, min(0.005 * 2**chance, LONGEST_WAIT)))  # noqa: S311 – it spreads load
        raise AssertionError("unreachable")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the database's own lock for migrators: they may come from several machines."""
        self.engine.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATING,))
        try:
            yield
        finally:
            self.engine.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATING,))

    def settle_tables(self) -> int:
        """Let every column of text be as on SQLite: of any length, compared by characters' codes.

        By the rules of a language paths would not sort as the tree does, and lists would differ.
        How long a field may be is judged by its declaration.
        """
        for table, column in self.engine.execute_sql(OTHERWISE_SORTED).fetchall():
            statement = f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE text COLLATE "C"'
            self.engine.execute_sql(statement)
        return 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read in one transaction; it has no number, so it holds no delivery back."""
        with self.engine.transaction("REPEATABLE READ"):
            self.engine.execute_sql("SET TRANSACTION READ ONLY")
            self.unhurried()
            self.engine.execute_sql("SELECT 1 FROM pg_class LIMIT 1").fetchone()
            yield

    def unhurried(self) -> None:
        """Switch the server's patience off for this transaction."""
        self.engine.execute_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    def counters(self) -> dict[str, int]:
        """What the sequences have given; other transactions may have taken some of it."""
        return {table: last for table, _name, last in self.engine.execute_sql(COUNTED).fetchall()}

    def count_from(self, counters: Mapping[str, int]) -> None:
        """Set the sequences."""
        for table, sequence, _last in self.engine.execute_sql(COUNTED).fetchall():
            if counters.get(table):
                self.engine.execute_sql("SELECT setval(%s, %s)", (sequence, counters[table]))

    def references(self) -> list[tuple[str, str]]:
        """Every foreign key; put back, all rows are held against it."""
        return list(self.engine.execute_sql(REFERENCES).fetchall())

    def oldest_writer(self) -> tuple[str | None, str | None] | None:
        """Ask the server, for all of its databases share the numbers of transactions."""
        found: Any = self.engine.execute_sql(WRITERS).fetchone()
        return None if found is None else (found[0], found[1])

    def others(self) -> int:
        """Ask the server."""
        return int(self.engine.execute_sql(OTHERS).fetchone()[0])

    def append(self, statement: str, key: str, rows: Iterable[Sequence[Any]]) -> list[int]:
        """Insert them without waiting for each answer."""
        cursor = self._each(f"{statement.replace('?', '%s')} RETURNING {self.quoted(key)}", rows)
        numbers = [int(cursor.fetchone()[0])]
        while cursor.nextset():
            numbers.append(int(cursor.fetchone()[0]))
        return numbers

    def each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run it for each of many rows."""
        self._each(statement, rows)

    def _each(self, statement: str, rows: Iterable[Sequence[Any]]) -> Any:
        """The same, and give the cursor; for one row a pipeline would take twice as long."""
        cursor, many = self.engine.cursor(), list(rows)
        with pw.__exception_wrapper__:  # type: ignore[attr-defined]  # refusals as peewee's
            if len(many) == 1:
                cursor.execute(statement, many[0])
            else:
                cursor.executemany(statement, many, returning="RETURNING" in statement)
        return cursor

    def pour(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Copy many rows in as text, which every column reads as its own type."""
        names = ", ".join(map(self.quoted, columns))
        asked = f"COPY {self.quoted(table)} ({names}) FROM STDIN"
        wrapped = pw.__exception_wrapper__  # type: ignore[attr-defined]  # refusals as peewee's
        with wrapped, self.engine.cursor().copy(asked) as into:
            for row in rows:
                into.write_row(row)

    def beside(self) -> Served:
        """An empty schema beside the one in use, to be filled and then exchanged with it.

        Raises NotReady where this user may not do that.
        """
        schema, may = self.engine.execute_sql(MAY_EXCHANGE).fetchone() or ("public", False)
        if not may:
            told = _("恢复要用新的架构替换 {schema}；请让这个用户成为数据库 {place} 的所有者",
                     schema=schema, place=self.place)  # fmt: skip
            raise NotReady(told)
        self.engine.execute_sql(f"DROP SCHEMA IF EXISTS {BESIDE} CASCADE")
        self.engine.execute_sql(f"CREATE SCHEMA {BESIDE}")
        return Served(self._told[0], durability=self._told[1], schema=BESIDE)

    def exchange(self, before: str) -> None:
        """Let the schema beside take the place of the one in use, which gets another name."""
        with self.transaction():
            schema = self.quoted(self.engine.execute_sql("SELECT current_schema()").fetchone()[0])
            self.engine.execute_sql(f"ALTER SCHEMA {schema} RENAME TO {before}")
            self.engine.execute_sql(f"ALTER SCHEMA {BESIDE} RENAME TO {schema}")

    def exchanged(self, before: str) -> bool:
        """Whether a schema of this name was put aside."""
        asked = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        return self.engine.execute_sql(asked, (before,)).fetchone() is not None

    def mend(self) -> None:
        """Replace this thread's connection if the server has dropped it."""
        engine: Any = self.engine
        if self.in_transaction or (
            not engine.is_closed() and not engine._adapter.is_connection_closed(engine.connection())
        ):
            return
        engine.close()
        try:
            engine.connect()
        except pw.DatabaseError as error:
            raise self.opening(error) from error

    def _begun(self) -> AbstractContextManager[Any]:
        return self.engine.transaction("REPEATABLE READ")

    def allocate(self, model: type[pw.Model], count: int = 1) -> list[int]:
        """Reserve ids from the table's sequence; beside other writers they have gaps."""
        asked = "SELECT nextval(%s::regclass) FROM generate_series(1, %s)"
        rows = self.engine.execute_sql(asked, (self._sequence(model), count)).fetchall()
        return [number for (number,) in rows]

    def _find_sequence(self, model: type[pw.Model]) -> str:
        meta: Any = model._meta
        asked = "SELECT pg_get_serial_sequence(%s, %s)"
        named = (f'"{meta.table_name}"', meta.primary_key.column_name)
        return str(self.engine.execute_sql(asked, named).fetchone()[0])
