"""The deep check runs a plugin apart: in a process, an instance and a database of its own."""

from __future__ import annotations

import sys

import pytest

from lifang.checking import apart
from lifang.checking.running import check
from lifang.checking.source import Source
from tests.core.checking.conftest import Judge
from tests.core.plugins.misbehaving import (
    MISBEHAVING,
    Change,
    all_of,
    at_import,
    in_hook,
    swap,
    write,
    write_changed,
)

HIDDEN = 'import importlib\n\nimportlib.import_module("pathlib").Path("left").write_text("x")'
"""An effect of importing that reading does not show."""

BROKEN: Change = all_of(
    at_import(HIDDEN.replace("write_text", "__class__('left').open")),
    swap("migrations/0001_initial.py", "max_length=200)\n",
         "max_length=200)\n        more = pw.TextField(null=True)\n"),
    swap("migrations/0001_initial.py", 'migrator.migrate(migrator.drop_table("$id_note"))', "pass"),
    swap("resources.py", '"read create update close', '"read create update'),
    swap("schemas.py", '"$id.note.closed"', '"$id.note.close"'),
    in_hook('return ["42"]'),
)  # fmt: skip


@pytest.mark.once
def test_the_exemplary_plugin_holds_when_it_is_run(judge: Judge) -> None:
    report = judge(deep=True)
    assert report.findings == ()
    assert {"LF701", "LF711", "LF730", "LF750"} <= report.asked
    assert not [name for name in sys.modules if name.startswith("lifang_tried")]


@pytest.mark.once
def test_what_is_wrong_only_when_it_runs_is_named(tmp_path) -> None:
    tree = write_changed(tmp_path, "broken", BROKEN)
    assert check(tree).reaches(2)
    found = {one.rule.id for one in check(tree, deep=True).standing}
    assert {"LF702", "LF703", "LF704", "LF710", "LF711", "LF720"} <= found


@pytest.mark.once
def test_whoever_ends_or_holds_up_the_process_is_told_of(tmp_path) -> None:
    for name, limit in (("ends_at_import", apart.LIMIT), ("hangs_at_import", 1.0)):
        [told] = apart.ask_deep(Source.read(write(tmp_path, name)), limit=limit)
        assert told.rule.id == "LF701", MISBEHAVING[name].what
