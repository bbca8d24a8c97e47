"""PostgreSQL for tests: a database per instance, copied from one that holds the core's tables."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from lifang.app.postgres import QUICK as QUICK
from lifang.app.postgres import Server as Server
from lifang.app.postgres import started

ON = "TEST_ON"
"""Says on what the fixtures make their instances: `postgresql`, or by default SQLite."""

TEMPLATE = "lifang_template"


@cache
def server() -> Server:
    """The one server of this test run; its template holds the core's tables."""
    from lifang.app.instance import migrate_core
    from lifang.store.opening import open_database

    running = started()
    home = running.folder / "template"
    (home / "run").mkdir(parents=True)
    database = open_database(running.create(TEMPLATE), home=home, durability="full")
    database.bind()
    migrate_core(database, home)
    database.close()
    return running


def chosen() -> bool:
    """Whether instances of this test run are to be kept by PostgreSQL."""
    return os.environ.get(ON) == "postgresql"


@contextmanager
def database_for(home: Path, template: str = TEMPLATE) -> Iterator[str | None]:
    """The address of a fresh database for an instance's folder; None for the embedded one."""
    if not chosen():
        yield None
        return
    name = "t" + hashlib.sha256(str(home).encode()).hexdigest()[:16]
    try:
        yield server().create(name, template)
    finally:
        server().drop(name)
