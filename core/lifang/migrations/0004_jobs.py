"""Jobs, remembered columns, and names taken apart into one tree instead of three."""

from typing import Any

import peewee as pw

from lifang.store.fields import IdField, InstantField, State


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and move the pieces of names into theirs."""

    class Account(pw.Model):
        id = IdField()

        class Meta:
            database = db
            table_name = "core_account"

    class ColumnMapping(pw.Model):
        id = IdField()
        account = pw.ForeignKeyField(Account, index=False)
        noun = pw.CharField(max_length=120)
        header = pw.CharField(max_length=64)
        told = pw.TextField()

        class Meta:
            database = db
            table_name = "core_column_mapping"
            indexes = ((("account", "noun", "header"), True),)

    db.create_tables([*_jobs(db, Account), ColumnMapping])
    _move_names(db)


def _jobs(db: Any, accounts: Any) -> list[Any]:
    class Job(pw.Model):
        id = IdField()
        version = pw.IntegerField(default=1)
        created_at = InstantField()
        created_by = pw.BigIntegerField(null=True)
        updated_at = InstantField()
        removed_at = InstantField(null=True)
        title = pw.CharField(max_length=200)
        kind = pw.CharField(max_length=10)
        state = State(default="waiting")
        account = pw.ForeignKeyField(accounts, null=True)
        total = pw.IntegerField(default=0)
        done = pw.IntegerField(default=0)
        created = pw.IntegerField(default=0)
        updated = pw.IntegerField(default=0)
        unchanged = pw.IntegerField(default=0)
        failed = pw.IntegerField(default=0)
        note = pw.CharField(max_length=400, null=True)
        started_at = InstantField(null=True)
        finished_at = InstantField(null=True)
        noun = pw.CharField(max_length=120)
        digest = pw.CharField(max_length=64, null=True)
        asked = pw.TextField(default="{}")
        place = pw.CharField(max_length=60, null=True)
        lease_owner = pw.CharField(max_length=80, null=True)
        lease_until = InstantField(null=True)

        class Meta:
            database = db
            table_name = "core_job"
            indexes = ((("noun", "digest"), False), (("state", "id"), False))

    class JobProblem(pw.Model):
        id = IdField()
        job = pw.ForeignKeyField(Job, index=False)
        row = pw.BigIntegerField()
        column = pw.CharField(max_length=200)
        message = pw.TextField()
        expected = pw.TextField()

        class Meta:
            database = db
            table_name = "core_job_problem"
            indexes = ((("job", "row"), False),)

    return [Job, JobProblem]


def _move_names(db: Any) -> None:
    class NameGram(pw.Model):
        noun = pw.CharField(max_length=60)
        gram = pw.CharField(max_length=3)
        record = pw.BigIntegerField()

        class Meta:
            database = db
            table_name = "name_gram"
            primary_key = pw.CompositeKey("noun", "gram", "record")
            without_rowid = isinstance(db, pw.SqliteDatabase)

    columns = '"noun", "gram", "record"'
    db.execute_sql('DROP INDEX "namegram_noun_record"')
    db.execute_sql('ALTER TABLE "name_gram" RENAME TO "name_gram_before"')
    db.create_tables([NameGram])
    db.execute_sql(f'INSERT INTO "name_gram" SELECT {columns} FROM "name_gram_before"')  # noqa: S608 – names stand above
    db.execute_sql('DROP TABLE "name_gram_before"')


def down(migrator: Any, db: Any) -> None:
    """Take the new tables away; the pieces of names are found as well as before."""
    for table in ("core_column_mapping", "core_job_problem", "core_job"):
        migrator.migrate(migrator.drop_table(table))
