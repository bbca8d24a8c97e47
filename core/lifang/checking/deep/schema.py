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
        wrong = {"SQLite": _there_and_back(subject, None, home)}
        if at_hand():
            with scratch() as url:
                wrong["PostgreSQL"] = _there_and_back(subject, url, home)
    written = subject.source.migrations
    spot = Spot(written[-1].path) if written else subject.spot()
    for database, why in wrong.items():
        if why:
            yield hit(spot, database=database, why=why)


def _there_and_back(subject: Subject, url: str | None, home: Path) -> str:
    """What is wrong with going up, away and up again; nothing where all is well."""

    def up() -> dict[str, Any]:
        lock = home / "run" / "migrate.lock"
        migrations.migrate(database, subject.plugin.id, subject.plugin.migrations, lock=lock)
        return _shape(database, subject.plugin.id)

    with _aside(subject, url, home) as database:
        migrate_core(database, home)
        before = _shape(database, subject.plugin.id)
        try:
            made = up()
            with database.connection():
                _purge(subject, database)
            return _differs(before, _shape(database, subject.plugin.id)) or _differs(made, up())
        except Exception as error:  # whatever a migration raises is told
            return f"{type(error).__name__}: {_short(error)}"


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


def _shape(database: Database, plugin: str) -> dict[str, Any]:
    """Every table there is, those of the plugin with their columns and indexes."""
    engine: Any = database.engine
    with database.connection():
        told = dict.fromkeys(engine.get_tables())
        for table in [one for one in told if one.startswith(f"{plugin}_")]:
            columns = sorted(
                (one.name, one.data_type, one.null) for one in engine.get_columns(table)
            )
            indexes = sorted((one.name, str(one.columns)) for one in engine.get_indexes(table))
            told[table] = (columns, indexes)
        return told


def _differs(before: dict[str, Any], after: dict[str, Any]) -> str:
    names = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    return ", ".join(names)
