"""What a database holds, told so that two of them can be compared: every table, sorted."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lifang.app.instance import create
from lifang.services.instance import Instance
from lifang.store import copying
from lifang.store.database import Database
from lifang.store.opening import open_database

Make = Callable[..., Path]
Dump = dict[str, list[str]]


def dump(path: Path, *, restored: bool = False) -> Dump:
    """Every row of every table; of a restored one without the entry that says it was restored."""
    with closing(sqlite3.connect(path)) as database:
        if restored:
            noted = "SELECT id FROM audit_entry WHERE noun = 'backup' AND verb = 'restore'"
            database.execute(f"DELETE FROM audit_change WHERE entry_id IN ({noted})")  # noqa: S608 – our own words
            database.execute(f"DELETE FROM audit_entry WHERE id IN ({noted})")  # noqa: S608 – our own words
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        told = {
            name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"')))  # noqa: S608 – the database's own names
            for (name,) in tables
        }
    told["sqlite_sequence"] = [
        one
        for one in told["sqlite_sequence"]
        if "audit_" not in one and not one.startswith("('event'")
    ]
    return told


def content(database: Database, *, without: tuple[str, str] | None = None) -> Dump:
    """Every row of every table, told alike whichever engine keeps it; and the counters.

    Entries of the audit trail about `without`, a noun and a verb, are left out. What says by which
    migrations the tables were made is not what they hold.
    """
    told: Dump = {}
    with database.connection():
        ask = database.engine.execute_sql
        noted = set()
        if without is not None:
            one = (
                f"SELECT id FROM audit_entry WHERE noun = '{without[0]}' AND verb = '{without[1]}'"  # noqa: S608 – our own words
            )
            noted = {number for (number,) in ask(one).fetchall()}
        for table in copying.tables(database):
            columns = ", ".join(database.quoted(one) for one in table.columns if one != "xid")
            rows = ask(f'SELECT {columns} FROM "{table.name}"').fetchall()  # noqa: S608 – the database's own names
            number = {"audit_entry": 0, "audit_change": 1}.get(table.name)
            kept = [row for row in rows if number is None or row[number] not in noted]
            told[table.name] = sorted(repr([copying._plain(cell) for cell in row]) for row in kept)
        counted = database.counters().items()
        names = {name for name in told if not name.startswith("audit_")} - {"event"}
        told["counters"] = sorted(
            f"{name} {last}" for name, last in counted if last and name in names
        )
    return told


def held(instance: Instance) -> Dump:
    """What an instance holds at this moment, as somebody else sees it."""
    told = instance.settings
    database = open_database(told.database, home=told.home, durability=told.durability)
    try:
        return content(database)
    finally:
        database.close()


def held_after_restore(home: Path) -> Dump:
    """What a folder's own file holds, without the entry that says it was restored."""
    database = open_database(None, home=home, durability="full")
    try:
        return content(database, without=("backup", "restore"))
    finally:
        database.close()


def digest(told: Dump) -> str:
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()


def folder(place: Path) -> dict[str, str]:
    """The digest of every file in a folder."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def quiet(*_told: object) -> None:
    """Nobody watches."""


@contextmanager
def standing(home: Path, key: Path) -> Iterator[Instance]:
    """Another, older state of the same instance, in a folder of its own."""
    home.mkdir(mode=0o700)
    (home / "keys").mkdir(mode=0o700)
    instance = create(home, environ={})
    instance.settings.key_file.write_bytes(key.read_bytes())
    yield instance
    instance.close()
