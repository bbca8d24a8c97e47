"""Tokens may be worth less than their owner."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the column; tokens made before are worth what their owner is."""
    migrator.migrate(
        migrator.add_column("core_token", "scope", pw.CharField(max_length=400, default=""))
    )


def down(migrator: Any, db: Any) -> None:
    """Take the column away."""
    migrator.migrate(migrator.drop_column("core_token", "scope"))
