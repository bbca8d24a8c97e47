"""Files that belong to records."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Base(pw.Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Attachment(Base):
        id = IdField()
        about = pw.CharField(max_length=120)
        kind = pw.CharField(max_length=40)
        place = pw.CharField(max_length=60, unique=True)
        name = pw.BlobField()
        type = pw.CharField(max_length=10)
        size = pw.BigIntegerField()
        digest = pw.CharField(max_length=64)
        added_at = InstantField()
        added_by = pw.CharField(max_length=120)
        removed_at = InstantField(null=True)
        removed_by = pw.CharField(max_length=120, null=True)

        class Meta:
            table_name = "core_attachment"
            indexes = ((("about", "kind"), False),)

    db.create_tables([Attachment])


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_table("core_attachment"))
