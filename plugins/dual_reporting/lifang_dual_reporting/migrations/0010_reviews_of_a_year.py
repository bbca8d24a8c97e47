"""Last year's reviews that nobody has opened yet are found without those of this year."""

from typing import Any

TABLE = "dual_reporting_annual_review"
BEFORE = ("community_id", "state", "removed_at")
NOW = (*BEFORE, "year")


def up(migrator: Any, db: Any) -> None:
    """Let the index of what is worked through by state know the year."""
    _instead(migrator, BEFORE, NOW)


def down(migrator: Any, db: Any) -> None:
    """Take the year out of it."""
    _instead(migrator, NOW, BEFORE)


def _instead(migrator: Any, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    migrator.migrate(migrator.drop_index(TABLE, f"{TABLE}_{'_'.join(old)}"))
    migrator.migrate(migrator.add_index(TABLE, new))
