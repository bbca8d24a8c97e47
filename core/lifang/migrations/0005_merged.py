"""A duplicate of a person remembers the record it was merged into."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField


def up(migrator: Any, db: Any) -> None:
    """Add the reference; nobody was merged before."""

    class Person(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_person"

    merged_into = pw.ForeignKeyField(Person, field=Person.id, null=True, index=True)
    migrator.migrate(migrator.add_column("core_person", "merged_into_id", merged_into))


def down(migrator: Any, db: Any) -> None:
    """Take the reference away."""
    migrator.migrate(migrator.drop_index("core_person", "core_person_merged_into_id"))
    migrator.migrate(migrator.drop_column("core_person", "merged_into_id"))
