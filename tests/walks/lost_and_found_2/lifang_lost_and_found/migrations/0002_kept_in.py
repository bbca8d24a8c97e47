"""Where a found item is kept until its owner comes."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Let items say where they are kept."""
    field = pw.CharField(max_length=100, null=True)
    migrator.migrate(migrator.add_column("lost_and_found_item", "kept_in", field))


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_column("lost_and_found_item", "kept_in"))
