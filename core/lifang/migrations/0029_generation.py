"""How often the code of plugins had to be loaded anew."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the count beside the epoch."""
    migrator.migrate(migrator.add_column("core_epoch", "generation", pw.BigIntegerField(default=0)))


def down(migrator: Any, db: Any) -> None:
    """Count no more."""
    migrator.migrate(migrator.drop_column("core_epoch", "generation"))
