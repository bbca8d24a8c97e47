"""A running database as one file, and what such a file holds, whichever engine it came from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.store import copying
from lifang.store.embedded import Embedded

ENGINE = "sqlite"
PAGES = 256  # one megabyte a step: often enough for a bar, and for being told to stop
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Contents:
    """What a copy holds: the rows of every table, the migrations behind them, the trail's head."""

    rows: dict[str, int]
    schema: dict[str, list[str]]
    audit: tuple[int, str] | None


def copy(database: Embedded, target: Path, progress: Progress) -> None:
    """Copy an embedded database as it is at one moment, whoever writes meanwhile.

    The moment lies between the first call of `progress` and the second: one read transaction around
    the whole copy keeps it, and writers go on beside it.
    """
    progress(0, 1)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as source:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target)) as sink:
            sink.execute("PRAGMA synchronous = OFF")  # a copy that a power cut tears is made anew
            source.backup(sink, pages=PAGES, progress=lambda _s, left, of: progress(of - left, of))
            sink.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


@contextmanager
def filled(target: Path) -> Iterator[Embedded]:
    """An embedded database that the block fills from another one; afterwards it is one file."""
    database = Embedded(target, durability="normal", lock=target.with_suffix(".lock"))
    try:
        with database.connection():
            database.engine.execute_sql("PRAGMA synchronous = OFF")
            yield database
            copying.forget(database)
            database.engine.execute_sql("PRAGMA journal_mode = DELETE")
    finally:
        database.close()


def contents(path: Path) -> Contents:
    """Examine a copy and tell what it holds; raises NotReady for one that is not whole."""
    try:
        with closing(sqlite3.connect(path)) as copied:
            said = copied.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError(said)
            if copied.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.DatabaseError(_("有的行引用了不存在的记录"))
            return _told(copied)
    except sqlite3.DatabaseError as error:
        raise NotReady(_("数据库已损坏：{why}", why=error)) from error


def _told(copied: sqlite3.Connection) -> Contents:
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    tables = [name for (name,) in copied.execute(f"{named} ORDER BY name").fetchall()]
    rows, schema = {}, {}
    for name in tables:
        rows[name] = copied.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 – the database's own names
        columns = [told[1] for told in copied.execute(f'PRAGMA table_info("{name}")')]
        if copying.is_history(name, columns):
            done = copied.execute(f'SELECT name FROM "{name}" ORDER BY name').fetchall()  # noqa: S608 – the database's own names
            schema[name.removesuffix(copying.HISTORY)] = [step for (step,) in done]
    head = "SELECT seq, chain FROM audit_entry WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
    return Contents(rows, schema, copied.execute(head).fetchone())
