"""The README names a test for every rule, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from lifang_volunteer_points.plugin import plugin

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| `(test_\w+)` \|$", README, re.M)


def test_every_rule_is_tested_by_a_test_that_is_there():
    written = {
        name
        for file in HERE.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text("utf-8"), re.M)
    }
    named = {name for _rule, name in ROWS}
    assert named <= written, sorted(named - written)
    scenarios = {
        int(n) for rule, _name in ROWS if "scenario" in rule for n in re.findall(r"\d+", rule)
    }
    assert scenarios == {1, 2, 4, 5, 7, 8, 10, 11}
    assert len(named) >= 40


def test_every_noun_preset_and_event_of_the_readme_is_declared():
    nouns = {one.noun for one in plugin.resources}
    told = set(re.findall(r"^\| `(\w+)` \S+ \| `\w+` (?:→|or)", README, re.M))
    assert told <= nouns
    presets = {name for one in plugin.settings.values() for name in one.presets}
    assert presets == {
        "hailin", "huangshan", "youth", "yuzhong", "changning", "izhiyuan", "half-hour", "one-hour",
    }  # fmt: skip
    assert all(f"`{name}`" in README for name in presets)
    timers = {name for one in plugin.resources for name in one.timers}
    assert {"star_reached", "moved_up", "records_due", "confirm_due"} <= timers
    assert all(name.rpartition(".")[2] in README for name in plugin.payloads)
