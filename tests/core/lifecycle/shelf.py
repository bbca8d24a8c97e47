"""A small plugin in versions: a noun on a table, to which later versions add."""

from __future__ import annotations

from pathlib import Path

from tests.core.lifecycle.machine import wheel

PLUGIN = """
    import peewee as pw

    import lifang as lf


    class Book(lf.Record):
        community = lf.place("社区")
        title = pw.CharField(max_length=40, verbose_name="书名")
        {fields}

        class Meta:
            table_name = "shelf_book"


    books = lf.Resource(
        Book, label="书", roles={{"community_worker": "read create", "district_admin": "read"}}
    )
    size = lf.Setting("size", int, "册数", default=10)
    plugin = lf.Plugin("shelf", "书架{label}", resources=[books], settings=[{settings}])
"""
FIRST = """
    import peewee as pw

    import lifang as lf


    def up(migrator, db):
        class Community(pw.Model):
            id = lf.IdField()

            class Meta:
                database = db
                table_name = "core_community"

        class Book(pw.Model):
            id = lf.IdField()
            version = pw.IntegerField(default=1)
            created_at = lf.InstantField()
            created_by = pw.BigIntegerField(null=True)
            updated_at = lf.InstantField()
            removed_at = lf.InstantField(null=True)
            community = pw.ForeignKeyField(Community)
            title = pw.CharField(max_length=40)

            class Meta:
                database = db
                table_name = "shelf_book"

        db.create_tables([Book])


    def down(migrator, db):
        migrator.migrate(migrator.drop_table("shelf_book"))
"""
AUTHOR = """
    import peewee as pw


    def up(migrator, db):
        migrator.migrate(
            migrator.add_column("shelf_book", "author", pw.CharField(max_length=40, null=True))
        )
        db.execute_sql("UPDATE shelf_book SET author = 'unknown'")


    def down(migrator, db):
        migrator.migrate(migrator.drop_column("shelf_book", "author"))
"""
BREAKS = """
    def up(migrator, db):
        migrator.migrate(migrator.drop_column("shelf_book", "title"))
        db.execute_sql("DELETE FROM shelf_book")
        raise ZeroDivisionError("the second migration breaks")
"""
HANGS = """
    import os
    import time
    from pathlib import Path


    def up(migrator, db):
        migrator.migrate(migrator.drop_column("shelf_book", "title"))
        db.execute_sql("DELETE FROM shelf_book")
        Path(os.environ["SHELF_HANGS"]).touch()
        time.sleep(60)
"""
CHANGES = """\
# Changelog

## 2.0

Books have an author.

## 1.0

Books.
"""
SOURCE = 'author = pw.CharField(max_length=40, null=True, verbose_name="作者")'


def first(folder: Path) -> Path:
    """Version 1: books with a title."""
    text = PLUGIN.format(fields="", label="", settings="size")
    files = {"plugin.py": text, "migrations/0001_initial.py": FIRST}
    return wheel(folder, "shelf", "1.0", files)


def second(folder: Path, *more: str, version: str = "2.0") -> Path:
    """Version 2: books have an author, the setting is gone; `more` are further migrations."""
    text = PLUGIN.format(fields=SOURCE, label="二", settings="")
    files = {
        "plugin.py": text,
        "CHANGELOG.md": CHANGES,
        "migrations/0001_initial.py": FIRST,
        "migrations/0002_author.py": AUTHOR,
    }
    files |= {f"migrations/000{3 + n}_more.py": told for n, told in enumerate(more)}
    return wheel(folder, "shelf", version, files)


def demanding(folder: Path) -> Path:
    """Version 4: its setting has no default any more, and there is another one without."""
    more = ')\n    office = lf.Setting("office", str, "受理单位")'
    text = PLUGIN.format(fields="", label="", settings="size, office")
    files = {"plugin.py": text.replace(", default=10)", more), "migrations/0001_initial.py": FIRST}
    return wheel(folder, "shelf", "4.0", files)


def broken(folder: Path) -> Path:
    """Version 3: it cannot even be imported."""
    files = {"plugin.py": "raise OSError('no such luck')", "migrations/0001_initial.py": FIRST}
    return wheel(folder, "shelf", "3.0", files)
