"""A plugin's declaration outlives its package; a switch can be locked, suspended, or inherit."""

from typing import Any

import peewee as pw

from lifang.store.fields import InstantField

COLUMNS: dict[str, dict[str, pw.Field]] = {
    "core_plugin": {"declared": pw.TextField(null=True)},
    "core_activation": {
        "inherits": pw.BooleanField(default=False),
        "locked": pw.BooleanField(default=False),
        "reason": pw.TextField(null=True),
        "until": InstantField(null=True),
        "changed_by": pw.CharField(max_length=120, null=True),
    },
}


def up(migrator: Any, db: Any) -> None:
    """Add the columns."""
    for table, columns in COLUMNS.items():
        migrator.migrate(*(migrator.add_column(table, *column) for column in columns.items()))


def down(migrator: Any, db: Any) -> None:
    """Take them away: what was suspended is off, and nothing is locked."""
    for table, columns in COLUMNS.items():
        migrator.migrate(*(migrator.drop_column(table, name) for name in columns))
