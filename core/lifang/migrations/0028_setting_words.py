"""What is said of a setting also says who approved it; a secret is kept as ciphertext."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the columns."""
    migrator.migrate(
        migrator.add_column("core_setting", "approved_by", pw.CharField(max_length=120, null=True)),
        migrator.add_column("core_setting", "sealed", pw.BlobField(null=True)),
    )


def down(migrator: Any, db: Any) -> None:
    """Forget both."""
    migrator.migrate(
        migrator.drop_column("core_setting", "approved_by"),
        migrator.drop_column("core_setting", "sealed"),
    )
