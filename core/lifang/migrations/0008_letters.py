"""A delivery that failed remembers where, what it is told instead, and why it was given up."""

from typing import Any

COLUMNS = ("stack", "data", "reason")


def up(migrator: Any, db: Any) -> None:
    """Add what is empty for every delivery that failed before."""
    for column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "retry" ADD COLUMN "{column}" TEXT')


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    for column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "retry" DROP COLUMN "{column}"')
