"""Migrations: numbered files per plugin, a history table each, one migrator at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playhouse.migrations import Runner

from lifang.kit.errors import NotReady
from lifang.kit.words import _
from lifang.store.database import Database, making

MIGRATIONS = Path(__file__).parent.parent / "migrations"
"""Where the core's own lie."""


def pending(database: Database, plugin: str, folder: Path) -> list[str]:
    """The names of migrations not yet applied, in order.

    Raises NotReady when the database is newer than the code.
    """
    steps = _known(_runner(database, plugin, folder), plugin)
    return [step.name for step in steps if not step.applied]


def migrate(
    database: Database, plugin: str, folder: Path, *, lock: Path, last: str | None = None
) -> list[str]:
    """Apply what is outstanding, up to the `last`, outside any transaction; gives the names.

    Inside an open transaction a table rebuild on SQLite silently deletes rows that cascade, because
    switching foreign keys off has no effect there: so that is refused, and rows that point nowhere
    afterwards are an error. Raises NotReady when the database is newer than the code.
    """
    if database.in_transaction:
        raise RuntimeError("migrations run outside any transaction")
    with migrating(lock), database.connection(), database.alone():
        return migrate_within(database, plugin, folder, last)


def migrate_within(
    database: Database, plugin: str, folder: Path, last: str | None = None
) -> list[str]:
    """The same within what others have begun, and with foreign keys off; see `migrate`."""
    runner = _runner(database, plugin, folder)
    _known(runner, plugin, last)
    token = making.set(database.engine)
    try:
        done: list[str] = runner.up(last)
    finally:
        making.reset(token)
    wrong = database.settle_tables()
    if wrong:
        raise NotReady(_("迁移后有 {n} 行引用了不存在的记录", n=wrong))
    return done


def _runner(database: Database, plugin: str, folder: Path) -> Any:
    return Runner(database.engine, str(folder), table_name=f"{plugin}_migration")


def _known(runner: Any, plugin: str, last: str | None = None) -> list[Any]:
    """Every step that is known here, applied or not; raises NotReady for one that is not."""
    steps: list[Any] = runner.status()
    newer = [step.name for step in steps if step.path is None]
    if last is not None and last not in [step.name for step in steps]:
        newer.append(last)
    if newer:
        names = _("、").join(newer)
        told = _("数据库比程序新（多出迁移 {names}）；请升级 {plugin}", names=names, plugin=plugin)
        raise NotReady(told)
    return steps


@contextmanager
def migrating(lock: Path) -> Iterator[None]:
    """Let one migrator in at a time; the second waits and then finds nothing to do."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
