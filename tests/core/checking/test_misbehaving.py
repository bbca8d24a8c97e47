"""What misbehaves is named before it is installed, by reading alone."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from lifang.checking.running import check
from tests.core.plugins.misbehaving import MISBEHAVING, write

ROOT = Path(__file__).parents[3]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))

NAMED = {
    "raises_at_import": "LF212",
    "exits_at_import": "LF213",
    "ends_at_import": "LF213",
    "hangs_at_import": "LF211",
    "recurses_at_import": "LF222",
    "syntax_error": "LF201",
    "no_plugin": "LF310",
    "another_id": "LF103",
    "core_of_the_future": "LF105",
    "pinned": "LF107",
    "raises_in_hook": "LF225",
    "exits_in_hook": "LF213",
    "recurses_in_hook": "LF222",
    "swallows_exceptions": "LF219",
    "raises_in_action": "LF225",
    "exits_in_action": "LF213",
    "raises_in_handler": "LF225",
    "exits_in_handler": "LF213",
    "leaves_a_transaction_open": "LF422",
    "writes_past_the_gateway": "LF330",
    "reaches_inside": "LF202",
    "patches_the_core": "LF217",
    "core_table": "LF401",
    "events_of_another": "LF306",
    "unknown_hook": "LF301",
    "first_hook": "LF303",
    "wrapping_hook": "LF303",
    "renamed_hook": "LF303",
    "async_hook": "LF303",
    "handles_signals": "LF215",
    "starts_a_thread": "LF211",
    "forks": "LF211",
    "asks_the_network": "LF211",
    "prints": "LF211",
    "moves_about": "LF211",
    "bad_translations": "LF511",
    "core_template": "LF501",
    "migration_raises": "LF225",
    "migration_of_another": "LF420",
    "migration_gap": "LF403",
}
"""Which rule names which of them."""

UNSEEN = {
    "same_id_twice": "each of the two is as it should be",
    "requires_what_is_absent": "an index may have it",
    "missing_need": "whoever provides it may be installed first",
    "needs_in_a_circle": "neither knows the other",
    "wrong_types_from_hook": "seen when it is run",
    "slow_hook": "seen when it is run",
    "two_nouns_of_one_name": "seen when it is run",
    "default_out_of_bounds": "seen when it is run",
    "migration_differs": "seen when it is run",
}
"""What reading alone does not tell, and why."""


def test_every_misbehaving_plugin_is_named_by_its_rule_or_told_why_it_is_not(tmp_path):
    assert NAMED.keys() | UNSEEN.keys() == MISBEHAVING.keys()
    assert len(NAMED) >= 20
    before = set(sys.modules)
    for name, rule in NAMED.items():
        report = check(write(tmp_path, name))
        assert rule in {one.rule.id for one in report.standing}, (name, report.standing)
        assert not report.reaches(3)
    for name in UNSEEN:
        assert check(write(tmp_path, name)).reaches(3), name
    assert not {one for one in set(sys.modules) - before if one.split(".")[0][7:] in MISBEHAVING}


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_the_plugins_of_this_repository_are_complete(folder):
    started = time.process_time()
    report = check(folder)
    took = time.process_time() - started
    assert report.reaches(3), report.standing
    excused = {one.rule.id for one in report.findings if one.exempt}
    assert excused <= ({"LF330"} if folder.name == "webhooks" else set())
    assert took < 2.0  # a second on a machine that does nothing else
