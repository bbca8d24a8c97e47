"""Parts of a review given on paper; where no hours are asked, nobody has reached or missed them."""

from typing import Any

import peewee as pw

PAPERS = {
    "dual_reporting_annual_review": ("own_paper", "leader_paper"),
    "dual_reporting_unit_review": ("own_paper",),
}
REACHED = {
    "dual_reporting_annual_review": 'UPDATE "dual_reporting_annual_review" SET "reached" = TRUE',
    "dual_reporting_unit_review": 'UPDATE "dual_reporting_unit_review" SET "reached" = 0',
}
ASKED_NOTHING = """
UPDATE "dual_reporting_annual_review" SET "reached" = NULL, "reached_on" = NULL
WHERE "asked_hours" = 0
"""


def up(migrator: Any, db: Any) -> None:
    """Add the numbers of papers, and take back what was reached where nothing is asked."""
    for table, names in PAPERS.items():
        for name in names:
            field = pw.CharField(max_length=40, null=True)
            migrator.migrate(migrator.add_column(table, name, field))
        migrator.migrate(migrator.drop_not_null(table, "reached"))
    db.execute_sql(ASKED_NOTHING)


def down(migrator: Any, db: Any) -> None:
    """Let everybody have reached what nobody asks, as it was."""
    for table, names in PAPERS.items():
        db.execute_sql(f'{REACHED[table]} WHERE "reached" IS NULL')
        migrator.migrate(migrator.add_not_null(table, "reached"))
        for name in names:
            migrator.migrate(migrator.drop_column(table, name))
