"""A subscription says why it waits as a whole; the inbox is searched by when it took in."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the column and the index."""
    migrator.migrate(
        migrator.add_column("subscription", "trouble", pw.TextField(null=True)),
        migrator.add_index("inbox", ("at",)),
    )


def down(migrator: Any, db: Any) -> None:
    """Forget both."""
    migrator.migrate(
        migrator.drop_index("inbox", "inbox_at"), migrator.drop_column("subscription", "trouble")
    )
