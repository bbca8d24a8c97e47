"""Tables as migrations make them: equal to the models, and gone without a trace when purged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from lifang.app.instance import migrate_core
from lifang.app.postgres import at_hand, scratch
from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.store import migrations
from lifang.store.database import Database, making
from lifang.store.opening import open_database


@rule("LF710", tier=2, deep=True)
def migrations_equal_models(subject: Subject) -> Hits:
    """What the migrations made is what the models say."""
    told = diff_models(subject.instance.database.engine, subject.models)
    for what, differing in told._asdict().items():
        if differing:
            yield hit(subject.spot(), what=f"{what} {_short(differing)}")


def _short(told: Any) -> str:
    return " ".join(str(told).split())[:120]


@rule("LF711", tier=2, deep=True)
def up_purge_up_again(subject: Subject) -> Hits:
    """Migrated up, purged and up again on an empty database, nothing is left and nothing lacks."""
    with tempfile.TemporaryDirectory(prefix="lifang-check-") as folder:
        home = Path(folder)
        (home / "data").mkdir()
        (home / "run").mkdir()
        yield from _there_and_back(subject, None, home)
        if at_hand():
            with scratch() as url:
                yield from _there_and_back(subject, url, home)


def _there_and_back(subject: Subject, url: str | None, home: Path) -> Hits:
    kind = "SQLite" if url is None else "PostgreSQL"
    where = subject.plugin.migrations
    with _aside(subject, url, home) as database:
        migrate_core(database, home)
        before = _shape(database)
        told: list[dict[str, Any]] = []
        for _turn in range(2):
            try:
                migrations.migrate(database, subject.plugin.id, where, lock=home / "run" / "lock")
                with database.connection():
                    told.append(_shape(database))
                    if len(told) == 1:
                        _purge(subject, database)
                        left = _differs(before, _shape(database))
                        if left:
                            yield hit(_first(subject), database=kind, why=left)
                            return
            except Exception as error:
                yield hit(_first(subject), database=kind, why=_short(error))
                return
        if again := _differs(told[0], told[1]):
            yield hit(_first(subject), database=kind, why=again)


def _first(subject: Subject) -> Spot:
    found = subject.source.migrations
    return Spot(found[-1].path) if found else subject.spot()


@contextmanager
def _aside(subject: Subject, url: str | None, home: Path) -> Iterator[Database]:
    """Another database, which every model points at meanwhile."""
    database = open_database(url, home=home, durability="normal")
    database.bind()
    try:
        yield database
    finally:
        database.close()
        subject.instance.database.bind()


def _purge(subject: Subject, database: Database) -> None:
    """Go all the way down, and forget that anything was there."""
    name = f"{subject.plugin.id}_migration"
    runner: Any = Runner(database.engine, str(subject.plugin.migrations), table_name=name)
    applied = [one.name for one in runner.status() if one.applied]
    with database.alone():
        token = making.set(database.engine)
        try:
            if applied:
                runner.down(applied[0])
        finally:
            making.reset(token)
    runner.History.drop_table(safe=True)


def _shape(database: Database) -> dict[str, Any]:
    """Every table with its columns and indexes."""
    engine: Any = database.engine
    with database.connection():
        return {
            table: (
                sorted((one.name, one.data_type, one.null) for one in engine.get_columns(table)),
                sorted(
                    (one.name, tuple(one.columns), one.unique) for one in engine.get_indexes(table)
                ),
            )
            for table in engine.get_tables()
        }


def _differs(before: dict[str, Any], after: dict[str, Any]) -> str:
    names = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    return ", ".join(names)
