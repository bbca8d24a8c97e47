"""The embedded database: one SQLite file, whose writers wait in line."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import peewee as pw
from playhouse.pool import PooledSqliteDatabase

from lifang.kit.errors import Busy, Conflict, LifangError, NotReady
from lifang.kit.words import _
from lifang.store.database import MAX_CONNECTIONS, PATIENCE, Database
from lifang.store.doorbell import SocketDoorbell
from lifang.store.lane import Lane

BUSY_TIMEOUT = 5_000  # milliseconds
LONG_LOG = 4 * 1024 * 1024
"""Bytes of the write-ahead log from which on it is folded into the file, and then written over.

Cut to nothing each time, it would grow with each commit, and that takes the disk twice as long.
"""

LOG_HEAD, FRAME_HEAD = 32, 24  # bytes, by SQLite's description of its files

ROOM = 1024 * 1024
"""Bytes without which SQLite calls a full disk one that cannot be read."""

LONGEST_LOG = 16_000
"""Pages after which SQLite does so by itself, in the middle of somebody's commit."""


class Embedded(Database):
    """SQLite in WAL mode with one writer at a time."""

    name = "sqlite"

    def __init__(self, path: Path, *, durability: str, lock: Path) -> None:
        """Describe the database file, how durable a commit is, and where its lane's lock lies."""
        self.path, self.place = path, str(path)
        self._lane, self._log = Lane(lock, timeout=PATIENCE), path.with_name(f"{path.name}-wal")
        self._folding = threading.Lock()
        self._bell: socket.socket | None = None
        self._rings_at = lock.with_name("doorbell")
        engine = PooledSqliteDatabase(
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
                "wal_autocheckpoint": LONGEST_LOG,
                "journal_size_limit": LONG_LOG,
            },
        )
        super().__init__(engine)
        self._there = False

    def demand_there(self) -> None:
        """Raise NotReady where the file is gone: SQLite would begin an empty one in its place."""
        if self._there and not self.path.exists():
            raise NotReady(_("找不到数据库（{path}）；请从备份恢复它", path=self.path))
        self._there = True

    def ring(self) -> None:
        """Send a datagram to the socket in the folder; nobody waits for one that is not heard."""
        if self._bell is None:
            self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._bell.settimeout(0)
        with suppress(OSError):
            self._bell.sendto(b"1", str(self._rings_at))

    def doorbell(self) -> SocketDoorbell:
        """The socket in the folder."""
        return SocketDoorbell(self._rings_at)

    def close(self) -> None:
        """Close the bell and the lane with the connections."""
        super().close()
        self._lane.close()
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def opening(self, error: pw.DatabaseError) -> LifangError:
        """Say which file cannot be opened, and why."""
        told = _("数据库（{path}）打不开：{why}；lifang doctor 检查它", path=self.path, why=error)
        if self._is_full(error):
            told = _("{path} 所在的磁盘已满；请清理或扩大磁盘，再试一次", path=self.path)
        return NotReady(told)

    def told(self, error: pw.PeeweeException) -> LifangError | None:
        """A row that is there already, a file that others hold, or a disk without room."""
        said, under = str(error), error.__context__
        while under is not None and "no transaction is active" in said:  # SQLite had undone it
            said, under = str(under), under.__context__
        if isinstance(error, pw.IntegrityError) and "UNIQUE" in said.upper():
            return Conflict(_("已有相同的记录"), reason="duplicate")
        if isinstance(error, pw.OperationalError) and ("locked" in said or "busy" in said):
            return Busy(_("数据库正忙，请稍后再试"))
        if self._is_full(error):
            return NotReady(_("磁盘满了，这一次没有写入；请联系管理员"), reason="full")
        return None

    def _is_full(self, error: BaseException | None) -> bool:
        """Whether the disk is: SQLite has rolled back by then, and who does so again hides it."""
        said = ""
        while error is not None:
            said, error = f"{said} {error}", error.__cause__ or error.__context__
        hidden = "I/O error" in said or "to open" in said
        return "disk is full" in said or (
            hidden and shutil.disk_usage(self.path.parent).free < ROOM
        )

    def settle_tables(self) -> int:
        """Count the rows that point at nothing: a rebuilt table is not checked by itself."""
        return len(self.engine.execute_sql("PRAGMA foreign_key_check").fetchall())

    def quick_check(self) -> str | None:
        """Ask SQLite what is wrong with its file."""
        said = str(self.engine.execute_sql("PRAGMA quick_check(1)").fetchone()[0])
        return None if said == "ok" else said

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read in one transaction: it begins with its first look."""
        with self.engine.transaction("DEFERRED"):
            self.engine.execute_sql("SELECT count(*) FROM sqlite_master").fetchone()
            yield

    def counters(self) -> dict[str, int]:
        """What SQLite counts by itself."""
        return dict(self.engine.execute_sql("SELECT name, seq FROM sqlite_sequence").fetchall())

    def count_from(self, counters: Mapping[str, int]) -> None:
        """Set SQLite's own counters."""
        self.each("DELETE FROM sqlite_sequence WHERE name = ?", [[name] for name in counters])
        self.insert("sqlite_sequence", ("name", "seq"), [one for one in counters.items() if one[1]])

    def drop(self, tables: Sequence[str]) -> None:
        """Empty all of them before the first goes: SQLite counts rows that point at nothing."""
        self.engine.execute_sql("PRAGMA defer_foreign_keys = ON")
        for begin in ("DELETE FROM", "DROP TABLE"):
            for name in map(self.quoted, tables):
                self.engine.execute_sql(f"{begin} {name}")

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """Switch the keys off for this connection; within a transaction that would do nothing."""
        self.engine.execute_sql("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            self.engine.execute_sql("PRAGMA foreign_keys = ON")

    def append(self, statement: str, key: str, rows: Iterable[Sequence[Any]]) -> list[int]:
        """Insert them one by one: SQLite says which number each got."""
        with pw.__exception_wrapper__:  # type: ignore[attr-defined]  # refusals as peewee's
            cursor = self.engine.cursor()
            return [int(cursor.execute(statement, row).lastrowid) for row in rows]

    def pour(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows; exact numbers are told as text, which the column reads."""
        told = ([str(v) if isinstance(v, Decimal) else v for v in row] for row in rows)
        self.insert(table, columns, told)

    def _line(self) -> AbstractContextManager[Any]:
        return self._lane.hold()

    def _tidy(self) -> None:
        """Fold the log into the file beside other writers; within a commit they would wait."""
        try:
            long = self._log_is_long()
        except OSError:
            return
        if not long or not self._folding.acquire(blocking=False):
            return
        try:
            with suppress(pw.OperationalError), self.connection():
                self.engine.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            self._folding.release()

    def _log_is_long(self) -> bool:
        """Whether the log has grown long since it was last begun anew at its start.

        Its frames bear the salt of its head; what is left behind them of an earlier round does not.
        """
        log = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            head = os.pread(log, LOG_HEAD, 0)
            page = int.from_bytes(head[8:12])
            frame = os.pread(log, 16, LOG_HEAD + LONG_LOG // max(page, 1) * (FRAME_HEAD + page))
        finally:
            os.close(log)
        return bool(page) and frame[8:16] == head[16:24]

    def _begun(self) -> AbstractContextManager[Any]:
        return self.engine.transaction("IMMEDIATE")

    def allocate(self, model: type[pw.Model], count: int = 1) -> range:
        """Reserve ids by SQLite's own counter for AUTOINCREMENT tables, under the write lock."""
        table = model._meta.table_name
        taken = self.engine.execute_sql(
            "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq", (count, table)
        ).fetchall()
        last = taken[0][0] if taken else count
        if not taken:
            self.engine.execute_sql(
                "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)", (last, table)
            )
        return range(last - count + 1, last + 1)
