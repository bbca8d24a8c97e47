"""Events remember the transaction that told them, where writers work side by side."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Add the number; with one writer at a time it stays 0, for positions tell the order alone."""
    db.execute_sql('ALTER TABLE "event" ADD COLUMN "xid" BIGINT DEFAULT 0 NOT NULL')
    if not isinstance(db, pw.SqliteDatabase):
        told = "(pg_current_xact_id()::text::bigint)"
        db.execute_sql(f'ALTER TABLE "event" ALTER COLUMN "xid" SET DEFAULT {told}')
        db.execute_sql('CREATE INDEX "event_xid_pos" ON "event" ("xid", "pos")')


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    db.execute_sql('ALTER TABLE "event" DROP COLUMN "xid"')
