"""The README names a test for every rule, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from lifang_dual_reporting.plugin import plugin

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
    told = [said for rule, _name in ROWS for said in re.findall(r"scenarios? ([\d, and]+)", rule)]
    assert {int(n) for said in told for n in re.findall(r"\d+", said)} == {1, 2, 4, 5, 7, 8, 10}
    assert len(named) >= 100


def test_every_noun_action_preset_notice_and_event_is_told_in_the_readme():
    nouns = {one.noun for one in plugin.resources}
    assert {noun for noun in nouns if f"`{noun}" not in README.replace("-", "_")} == set()
    actions = {name for one in plugin.resources for name in one.actions}
    plain = re.sub(r"```.*?```", "", README, flags=re.DOTALL).replace("-", "_")
    quoted = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", plain))))
    assert actions <= quoted, actions - quoted
    presets = {name for one in plugin.settings.values() for name in one.presets}
    assert presets == {"lanzhou", "foshan", "xingtai", "zhongjiang", "chengcheng"}
    assert presets <= quoted
    assert {name.rpartition(".")[2] for name in plugin.notices} <= quoted
    assert {name.rpartition(".")[2] for name in plugin.payloads} <= quoted
    assert all(f"`{name}`" in README for name in (*plugin.indicators, *plugin.sheets))


def test_every_step_of_every_state_machine_is_in_the_readme():
    for resource in plugin.resources:
        states = {to for action in resource.actions.values() for to in action.moves.values()}
        assert {state for state in states if not re.search(rf"\b{state}\b", README)} == set()
