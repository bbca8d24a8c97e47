"""A whole database copied into another, whichever engines keep them, and compared at the end.

Rows go over in pieces, each in one transaction with the mark that says how far the table has come;
so a copy that was killed goes on where it was. While the mark is there nobody works in the target.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import peewee as pw

from lifang.kit.errors import Busy, Conflict, LifangError, NotReady
from lifang.kit.words import _
from lifang.store.database import Database

MARK = "lifang_move"
ORIGIN, DONE, REFERENCES = " origin", " done", " references"
"""What the mark tells beside how far each table has come; no table is called so."""

PIECE = 2_000
HISTORY = "_migration"
Steps = Callable[[str, int, int], None]
Fixed = Mapping[tuple[str, str], int]
"""Columns that say in every copy the same, whatever they said."""


@dataclass(frozen=True)
class Table:
    """A table as both sides know it; its rows are read in the order of its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What a table holds: how many rows, and a digest of all of them in the order of their keys."""

    rows: int
    digest: str


def marks(database: Database) -> dict[str, Any] | None:
    """What a copy has noted in its target; None where there is none on its way."""
    if not database.engine.table_exists(MARK):
        return None
    found = database.engine.execute_sql(f"SELECT name, value FROM {MARK}").fetchall()  # noqa: S608 – our own word
    return {name: json.loads(value) for name, value in found}


def demand_room(target: Database, origin: str) -> dict[str, Any] | None:
    """Look for an empty database, or a copy of the same origin; raises Conflict for all else."""
    known = marks(target)
    if known is None and (target.engine.get_tables() or target.engine.get_views()):
        raise Conflict(_("{place} 里已有别的数据；请用一个空的数据库", place=target.place))
    if known is not None and known.get(ORIGIN) != origin:
        raise Conflict(_("{place} 里有另一个实例没有搬完的数据", place=target.place))
    return known


def claim(target: Database, origin: str) -> None:
    """Begin a copy in an empty database, or go on with one of the same origin.

    One that was finished and never used is made anew: who knows what has happened meanwhile where
    it came from.
    """
    known = demand_room(target, origin)
    if known is None:
        with target.transaction():
            target.engine.execute_sql(
                f"CREATE TABLE {MARK} (name VARCHAR(200) PRIMARY KEY, value TEXT NOT NULL)"
            )
            _mark(target, ORIGIN, origin)
    elif DONE in known:
        with target.transaction():
            target.engine.execute_sql(f"DELETE FROM {MARK}")  # noqa: S608 – our own word
            _mark(target, ORIGIN, origin)


def finish(target: Database) -> None:
    """Say that the copy is whole, in the transaction that makes it so."""
    _mark(target, DONE, True)  # noqa: FBT003 – it is


def forget(target: Database) -> None:
    """Take the mark away: from here on it is a database like any other."""
    with target.transaction():
        target.engine.execute_sql(f"DROP TABLE {MARK}")


def _mark(target: Database, name: str, value: Any) -> None:
    slot = target.engine.param
    told = f"INSERT INTO {MARK} (name, value) VALUES ({slot}, {slot}) "  # noqa: S608 – our own word
    told += "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    target.engine.execute_sql(told, (name, json.dumps(value)))


def histories(database: Database) -> dict[str, list[str]]:
    """The migrations that were applied, by plugin; who has none may have a table for them."""
    found = {}
    for table in _names(database):
        if is_history(table, [one.name for one in database.engine.get_columns(table)]):
            asked = f"SELECT name FROM {database.quoted(table)} ORDER BY name"  # noqa: S608 – the database's own names
            rows = database.engine.execute_sql(asked).fetchall()
            found[table.removesuffix(HISTORY)] = [name for (name,) in rows]
    return {plugin: names for plugin, names in found.items() if names}


def is_history(table: str, columns: Sequence[str]) -> bool:
    """Whether a table tells of migrations."""
    return table.endswith(HISTORY) and set(columns) == {"id", "name", "applied"}


def tables(database: Database) -> list[Table]:
    """Every table whose rows are copied: all but those that tell of migrations and copies."""
    found = []
    for name in _names(database):
        columns = database.engine.get_columns(name)
        names = tuple(one.name for one in columns)
        if not is_history(name, names):
            key = tuple(one.name for one in columns if one.primary_key)
            found.append(Table(name, names, key or names))
    return found


def _names(database: Database) -> list[str]:
    named = sorted(database.engine.get_tables())
    return [name for name in named if name != MARK and not name.startswith("sqlite_")]


def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    asked = f"SELECT count(*) FROM {database.quoted(table)}"  # noqa: S608 – the database's own names
    return int(database.engine.execute_sql(asked).fetchone()[0])


def tell(database: Database, table: Table, fixed: Fixed, read: Callable[[int], None]) -> Told:
    """Read a whole table; values that the engines keep differently are told as the same."""
    digest, rows = hashlib.sha256(), 0
    for piece in _pieces(database, table, fixed, None):
        for row in piece:
            digest.update(repr([_plain(value) for value in row]).encode())
        rows += len(piece)
        read(len(piece))
    return Told(rows, digest.hexdigest())


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float | Decimal):
        number = float(value)
        return int(number) if number.is_integer() else number
    return value


def _pieces(
    database: Database, table: Table, fixed: Fixed, after: Sequence[Any] | None
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a table behind a key, some thousand at a time."""
    quoted, slot = database.quoted, database.engine.param
    columns = ", ".join(str(fixed.get((table.name, one), quoted(one))) for one in table.columns)
    key, slots = ", ".join(map(quoted, table.key)), ", ".join([slot] * len(table.key))
    places = [table.columns.index(one) for one in table.key]
    rows: list[tuple[Any, ...]] = []
    while not rows or len(rows) == PIECE:
        further = f" WHERE ({key}) > ({slots})" if after else ""
        asked = f"SELECT {columns} FROM {quoted(table.name)}{further} ORDER BY {key} LIMIT {PIECE}"  # noqa: S608 – the database's own names
        rows = database.engine.execute_sql(asked, tuple(after or ())).fetchall()
        if not rows:
            return
        yield rows
        after = [rows[-1][place] for place in places]


class Copy:
    """One copy: the target's tables are there, and the source is seen as it is at one moment."""

    def __init__(self, source: Database, target: Database, fixed: Fixed, steps: Steps) -> None:
        """Look at both sides; raises NotReady where the target has not the same tables."""
        self.source, self.target, self.fixed, self.steps = source, target, fixed, steps
        self.tables, counted = tables(source), source.counters()
        self.counters = {one.name: counted[one.name] for one in self.tables if one.name in counted}
        self.rows = {table.name: count(source, table.name) for table in self.tables}
        there = {table.name: set(table.columns) for table in tables(target)}
        for table in self.tables:
            if there.get(table.name) != set(table.columns):
                raise NotReady(_("{place} 里没有同样的表 {table}；插件的软件包可能不在了",
                                 place=target.place, table=table.name))  # fmt: skip
        if histories(source) != histories(target):
            raise NotReady(_("{place} 的迁移与来源不同", place=target.place))
        self.begun: dict[str, Any] = marks(target) or {}
        self._total, self._done = max(1, sum(self.rows.values())), 0

    def run(self) -> dict[str, Told]:
        """Copy every table and hold both sides against each other; raises NotReady for the first
        that differs.

        What was copied before a kill may have changed since in the source: that is copied anew.
        """
        with self.target.unguarded():
            self._loosen()
            for table in self.tables:
                self._fill(table, self.begun.get(table.name))
            self._total, self._done = 2 * self._total, 0
            told = {table.name: self._compared(table) for table in self.tables}
            self._tighten()
        return told

    def _fill(self, table: Table, after: list[Any] | None) -> None:
        """Copy what lies behind the last key; a table that was not begun is emptied first."""
        into, done = self.target, 0
        with into.transaction():
            if after is None:
                into.engine.execute_sql(f"DELETE FROM {into.quoted(table.name)}")  # noqa: S608 – the database's own names
                _mark(into, table.name, [])
        if after:
            done = count(into, table.name)
        self._progress(_("复制"), done)
        places = [table.columns.index(one) for one in table.key]
        for rows in _pieces(self.source, table, self.fixed, after):
            last = done + len(rows)
            try:
                with into.transaction():
                    into.pour(table.name, table.columns, rows)
                    _mark(into, table.name, [rows[-1][place] for place in places])
            except Busy:
                raise
            except (LifangError, pw.PeeweeException) as error:
                told = _("表 {table} 第 {first} 至 {last} 行里有 {place} 存不下的值",
                         table=table.name, first=done + 1, last=last, place=into.place)  # fmt: skip
                raise NotReady(told) from error
            done = last
            self._progress(_("复制"), len(rows))

    def _compared(self, table: Table) -> Told:
        here = tell(self.source, table, self.fixed, self._read)
        there = tell(self.target, table, {}, self._read)
        if here != there and self.begun.get(table.name) is not None:
            self._fill(table, None)
            there = tell(self.target, table, {}, self._read)
        if here != there:
            raise NotReady(_("表 {table} 复制后与原来的不同；原来的数据库没有改动，仍在使用",
                             table=table.name))  # fmt: skip
        return there

    def _read(self, rows: int) -> None:
        self._progress(_("比较"), rows)

    def _progress(self, label: str, rows: int) -> None:
        self._done = min(self._total, self._done + rows)
        self.steps(label, self._done, self._total)

    def _loosen(self) -> None:
        """Take foreign keys away until everything is there; the mark remembers them."""
        if REFERENCES not in self.begun:
            found = self.target.references()
            with self.target.transaction():
                _mark(self.target, REFERENCES, [add for _drop, add in found])
                for drop, _add in found:
                    self.target.engine.execute_sql(drop)

    def _tighten(self) -> None:
        """Put the foreign keys back, held against every row."""
        try:
            with self.target.transaction():
                for add in (marks(self.target) or {})[REFERENCES]:
                    self.target.engine.execute_sql(add)
                _mark(self.target, REFERENCES, [])
            wrong = self.target.settle_tables()
        except pw.IntegrityError as error:
            raise NotReady(_("有的行引用了不存在的记录")) from error
        if wrong:
            raise NotReady(_("有的行引用了不存在的记录"))
