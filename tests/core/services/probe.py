"""A plugin on disk, as a package somebody installed: other processes find and load it too."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from lifang.testing.temporary import tell_of

PLUGIN = """
    import os
    import time

    import peewee as pw

    import lifang as lf


    class Note(lf.Record):
        handler = pw.CharField()
        agg = pw.CharField()
        seq = pw.IntegerField()
        process = pw.IntegerField()

        class Meta:
            table_name = "probe_note"


    def note(handler, event):
        agg = f"{event.noun}/{event.subject}"
        Note.create(handler=handler, agg=agg, seq=event.sequence, process=os.getpid())


    @lf.on("core.thing.heard")
    def hears(event, caller):
        time.sleep(event.data.get("takes", 0))
        note("hears", event)


    @lf.on("core.thing.heard")
    def frail(event, caller):
        if event.subject % 7 == 0 and not event.data.get("late"):
            raise ValueError("not on a seventh")
        note("frail", event)


    plugin = lf.Plugin("probe", "试探", handlers=[hears, frail])
"""
MIGRATION = """
    import peewee as pw
    import lifang as lf


    def up(migrator, db):
        class Note(lf.Record):
            handler = pw.CharField()
            agg = pw.CharField()
            seq = pw.IntegerField()
            process = pw.IntegerField()

            class Meta:
                database = db
                table_name = "probe_note"

        db.create_tables([Note])
"""


def write_package(folder: Path) -> None:
    """Write the package and its metadata into a folder that will be on the import path."""
    package = folder / "lifang_probe"
    (package / "migrations").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(textwrap.dedent(PLUGIN), encoding="utf-8")
    (package / "migrations" / "0001_initial.py").write_text(textwrap.dedent(MIGRATION))
    tell_of(folder, package.name, "probe", f"{package.name}.plugin:plugin")


def environment(home: Path, packages: Path) -> dict[str, str]:
    """The environment of a process that works on an instance and finds the package."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIFANG_")}
    return kept | {"LIFANG_HOME": str(home), "PYTHONPATH": str(packages), "LIFANG_LANG": "zh"}
