"""Documents as they were issued."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField, InstantField


def up(migrator: Any, db: Any) -> None:
    """Make the table."""

    class Base(pw.Model):
        class Meta:
            database = db
            legacy_table_names = False

    class DocumentRow(Base):
        id = IdField()
        name = pw.CharField(max_length=100)
        about = pw.CharField(max_length=120)
        number = pw.CharField(max_length=120)
        code = pw.CharField(max_length=16, unique=True)
        label = pw.CharField(max_length=120)
        issuer = pw.CharField(max_length=200)
        day = DayField()
        holder = pw.CharField(max_length=120)
        mark = pw.CharField(max_length=60)
        content = pw.BlobField()
        issued_at = InstantField()
        issued_by = pw.CharField(max_length=120)
        revoked_at = InstantField(null=True)
        revoked_by = pw.CharField(max_length=120, null=True)
        reason = pw.CharField(max_length=400, null=True)
        mac = pw.CharField(max_length=64)

        class Meta:
            table_name = "core_document"
            indexes = ((("about", "name", "number"), True),)

    db.create_tables([DocumentRow])


def down(migrator: Any, db: Any) -> None:
    """Forget it."""
    migrator.migrate(migrator.drop_table("core_document"))
