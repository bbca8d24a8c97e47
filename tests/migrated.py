"""What a plugin's migrations say to a database without its tables is written down once a process.

Building these statements takes longer than carrying them out, and hundreds of tests install a
plugin. What a migration does to rows of others is never written down: it depends on them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playhouse.migrations import Runner

Said = list[tuple[str, Any]]
OWN = r'\s*(?:CREATE|ALTER|DROP)\b|\s*(?:INSERT INTO|UPDATE|DELETE FROM) "{plugin}_'
"""What a migration does to tables, and to those of its own plugin, which are empty."""
NOTHING = re.compile(r"\s*(?:SELECT|BEGIN|SAVEPOINT|RELEASE|COMMIT|PRAGMA)\b", re.IGNORECASE)
"""What changes nothing by itself: foreign keys are off from before the first to after the last."""
REPOSITORY = Path(__file__).parents[1]


def share() -> None:
    """Share them from now on, as long as this process lives."""
    up, known = Runner.up, dict[Any, tuple[list[str], Said | None]]()

    def shared(runner: Any, target: str | None = None, fake: bool = False) -> list[str]:  # noqa: FBT001, FBT002 – theirs
        folder = Path(runner.directory)
        key = (type(runner.database), folder, target)
        if fake or REPOSITORY not in folder.parents or runner.History.table_exists():
            return up(runner, target, fake)
        if key not in known:
            said: Said = []
            names = _heard(runner.database, said, lambda: up(runner, target))
            own = OWN.format(plugin=runner.table_name.removesuffix("_migration"))
            plain = all(re.match(own, one) for one, _told in said)
            known[key] = names, said if plain else None
            return list(names)
        names, before = known[key]
        if before is None:
            return up(runner, target)
        with runner.database.atomic():
            for statement, told in before:
                runner.database.execute_sql(statement, told)
        return list(names)

    Runner.up = shared


def _heard(engine: Any, said: Said, work: Any) -> list[str]:
    """Do something, and keep what it says to the database to change it."""
    tell = engine.execute_sql

    def heard(statement: str, told: Any = None, *more: Any, **named: Any) -> Any:
        if not NOTHING.match(statement):
            said.append((statement, told))
        return tell(statement, told, *more, **named)

    engine.execute_sql = heard
    try:
        return list(work())
    finally:
        del engine.execute_sql
