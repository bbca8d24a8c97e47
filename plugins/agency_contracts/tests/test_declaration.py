"""The plugin says what it is: its tables, its map from rules to tests, and its sizes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playhouse.schema_diff import diff_models

from lifang.testing import world
from lifang_agency_contracts.plugin import plugin

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text("utf-8")


def test_its_tables_carry_its_name_and_its_migrations_make_them(instance: Any) -> None:
    world.enable(instance, "agency_contracts", at=world.CHENGGUAN)
    models = [one.model for one in plugin.resources]
    assert all(model._meta.table_name.startswith(f"{plugin.id}_") for model in models)
    assert not diff_models(instance.database.engine, models)


def test_every_test_that_the_readme_names_is_there_and_every_rule_names_one() -> None:
    section = README.split("## Rules", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "`" in line]
    named = {name for line in rows for name in re.findall(r"`(test_\w+)`", line)}
    assert all(re.search(r"`test_\w+`", line) for line in rows)
    assert len(rows) >= 20
    written = {
        name
        for file in FOLDER.glob("tests/test_*.py")
        for name in re.findall(r"def (test_\w+)\(", file.read_text("utf-8"))
    }
    assert named - written == set()
    assert written - named == set(), "a test that promises no rule of the README"


def test_what_is_emitted_and_done_stands_in_the_readme() -> None:
    for resource in plugin.resources:
        for action in resource.actions.values():
            assert f"`{action.name}`" in README, (resource.noun, action.name)
        for timer in resource.timers:
            assert f"`{timer}`" in README, (resource.noun, timer)
    for name in plugin.settings:
        assert f"`{name}`" in README, name


def test_no_file_is_longer_than_one_sitting_and_the_declaration_is_a_table_of_contents() -> None:
    lengths = {
        file.name: len(file.read_text("utf-8").splitlines())
        for file in FOLDER.rglob("*.py")
        if "__pycache__" not in file.parts
    }
    assert {name: n for name, n in lengths.items() if n > 250} == {}
    assert lengths["plugin.py"] < 60
