"""A plugin on disk that writes down every event of people and reports it is told, and by whom."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from lifang.testing.temporary import tell_of

if TYPE_CHECKING:
    from tests.faults.conftest import Server

TYPES = ("core.person.created", "core.person.moved", "core.person.updated",
         "dual_reporting.report.created", "dual_reporting.report.rejected")  # fmt: skip

NOTE = """
    class Note(lf.Record):
        agg = pw.CharField()
        seq = pw.IntegerField()
        process = pw.IntegerField()

        class Meta:{database}
            table_name = "witness_note"
"""
PLUGIN = """
    import os
    import time
    from pathlib import Path

    import peewee as pw

    import lifang as lf

{note}

    SLOW = Path({folder!r}) / "slow"

    @lf.on({types})
    def notes(event, caller):
        agg = f"{{event.noun}}/{{event.subject}}"
        Note.create(agg=agg, seq=event.sequence, process=os.getpid())
        if SLOW.exists():
            SLOW.with_name("amid").write_text(str(os.getpid()))
            time.sleep(3)


    plugin = lf.Plugin("witness", "见证", handlers=[notes])
"""
MIGRATION = """
    import peewee as pw

    import lifang as lf


    def up(migrator, db):
{note}
        db.create_tables([Note])
"""


def write_package(folder: Path) -> Path:
    """Write the package and its metadata into a folder that will be on the import path."""
    package = folder / "lifang_witness"
    (package / "migrations").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    types = ", ".join(map(repr, TYPES))
    told = PLUGIN.format(note=NOTE.format(database=""), folder=str(folder), types=types)
    (package / "plugin.py").write_text(textwrap.dedent(told), encoding="utf-8")
    made = NOTE.format(database="\n            database = db")
    made = MIGRATION.format(note=textwrap.indent(made, "    "))
    (package / "migrations" / "0001_initial.py").write_text(textwrap.dedent(made))
    tell_of(folder, package.name, "witness", f"{package.name}.plugin:plugin")
    return folder


def noted(server: Server) -> list[tuple[str, int, int]]:
    """What was written down, in order: aggregate, number within it, by which process."""
    return server.rows("SELECT agg, seq, process FROM witness_note ORDER BY id")


def judge(server: Server) -> int:
    """Every event was told once, and those of one record in their order; gives how many."""
    types = ", ".join(f"'{one}'" for one in TYPES)
    told = server.rows(f"SELECT agg, seq FROM event WHERE type IN ({types})")  # noqa: S608 – our own types
    heard = [(agg, seq) for agg, seq, _process in noted(server)]
    lost, doubled = set(told) - set(heard), len(heard) - len(set(heard))
    assert not lost, f"never told: {sorted(lost)[:10]} of {len(lost)}"
    assert not doubled, f"{doubled} were told twice"
    assert set(heard) <= set(told), "told, and never happened"
    numbers: dict[str, list[int]] = defaultdict(list)
    for agg, seq in heard:
        numbers[agg].append(seq)
    wrong = {agg: found for agg, found in numbers.items() if found != sorted(found)}
    assert not wrong, f"out of order within a record: {dict(list(wrong.items())[:5])}"
    return len(heard)
