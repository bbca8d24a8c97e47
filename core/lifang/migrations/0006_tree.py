"""What nodes were called, and where records lay, from one day to another; edges of what stands."""

from typing import Any

import peewee as pw

from lifang.store.fields import DayField, IdField


def up(migrator: Any, db: Any) -> None:
    """Make the tables; every node lies where it lies, and is called so, as far back as is known."""

    class Community(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_community"

    class CommunityCode(pw.Model):
        id = IdField()
        community = pw.ForeignKeyField(Community)
        code = pw.CharField(max_length=40, index=True)
        name = pw.CharField(max_length=120)
        from_date = DayField(null=True)
        to_date = DayField(null=True)

        class Meta:
            database = db
            table_name = "core_community_code"
            legacy_table_names = False

    class FormerPlace(pw.Model):
        id = IdField()
        noun = pw.CharField(max_length=120)
        record = pw.BigIntegerField()
        community = pw.ForeignKeyField(Community)
        from_date = DayField(null=True)
        to_date = DayField()

        class Meta:
            database = db
            table_name = "core_former_place"
            legacy_table_names = False
            indexes = ((("noun", "record"), False),)

    db.create_tables([CommunityCode, FormerPlace])
    db.execute_sql(
        'INSERT INTO "core_community_edge" ("child_id", "parent_id") '
        'SELECT "id", "parent_id" FROM "core_community" ORDER BY "id"'
    )
    db.execute_sql(
        'INSERT INTO "core_community_code" '
        '("community_id", "code", "name", "from_date", "to_date") '
        'SELECT "id", "code", "name", "valid_from", "valid_to" FROM "core_community" ORDER BY "id"'
    )


def down(migrator: Any, db: Any) -> None:
    """Forget the past of the tree."""
    db.execute_sql('DELETE FROM "core_community_edge"')
    for table in ("core_former_place", "core_community_code"):
        migrator.migrate(migrator.drop_table(table))
