"""What is in which state in a community is found by one index: inboxes, cards, offered actions."""

from typing import Any

TABLES = ("report", "service_entry", "annual_review", "unit_activity", "unit_task", "unit_review")
COLUMNS = ("community_id", "state", "removed_at")
ASKED = ("community_id", "transfer_asked_on")
REPORT = "dual_reporting_report"


def up(migrator: Any, db: Any) -> None:
    """Index each table that is worked through by state."""
    migrator.migrate(*(migrator.add_index(f"dual_reporting_{one}", COLUMNS) for one in TABLES))
    migrator.migrate(migrator.add_index(REPORT, ASKED))


def down(migrator: Any, db: Any) -> None:
    """Take the indexes back."""
    migrator.migrate(migrator.drop_index(REPORT, f"{REPORT}_{'_'.join(ASKED)}"))
    names = {one: f"dual_reporting_{one}" for one in TABLES}
    migrator.migrate(*(
        migrator.drop_index(name, f"{name}_{'_'.join(COLUMNS)}") for name in names.values()
    ))  # fmt: skip
