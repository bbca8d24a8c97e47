"""What is in which state in a community is found by one index: inboxes, cards, offered actions."""

from typing import Any

STATE = ("community_id", "state", "removed_at")
INDEXES = {
    "report": (*STATE, "transfer_asked_on"),
    "service_entry": STATE,
    "annual_review": STATE,
    "unit_activity": STATE,
    "unit_task": STATE,
    "unit_review": STATE,
}


def up(migrator: Any, db: Any) -> None:
    """Index each table that is worked through by state."""
    for name, columns in INDEXES.items():
        migrator.migrate(migrator.add_index(f"dual_reporting_{name}", columns))


def down(migrator: Any, db: Any) -> None:
    """Take the indexes back."""
    for name, columns in INDEXES.items():
        table = f"dual_reporting_{name}"
        migrator.migrate(migrator.drop_index(table, f"{table}_{'_'.join(columns)}"))
