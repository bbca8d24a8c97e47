"""An instance as an older program left it: its newest migrations are taken back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from playhouse.migrations import Runner

from lifang.app.instance import MIGRATIONS
from lifang.store.embedded import Embedded

BEFORE = "0005_merged"
"""The first of the migrations that an older program does not know here."""


def newer() -> list[str]:
    """The migrations that are outstanding then."""
    return [path.stem for path in sorted(MIGRATIONS.glob("0*.py")) if path.stem >= BEFORE]


def turn_back(home: Path) -> None:
    """Take the tables of a closed instance back to what they were before those migrations."""
    database = Embedded(
        home / "data" / "lifang.db", durability="full", lock=home / "run" / "x.lock"
    )
    with closing(database), database.connection():
        Runner(database.engine, str(MIGRATIONS), table_name="core_migration").down(BEFORE)
