"""What every plugin promises, asked of the one whose tests these are: one import, a test per rule.

    from lifang.testing.conformance import *

The plugin is the one whose `pyproject.toml` lies nearest above the importing file. It must be
installed, as `pip install --editable .` does it. The rules are those of `lifang plugin check`:
`lifang plugin check --explain LF204` tells why one is there and how to do it right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifang.checking import deep
from lifang.checking.deep.subject import Subject, running
from lifang.checking.rule import Rule
from lifang.checking.running import check
from lifang.checking.source import Source
from lifang.testing import served

__all__ = ["conforming", "test_its_source_is_as_the_check_wants_it", "test_it_keeps_the_rule"]

USUAL = 3
"""The tier whose rules must hold: complete."""


@pytest.fixture(scope="module")
def conforming(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """The plugin in an instance of its own, on in one district and off in another."""
    home = tmp_path_factory.mktemp("conformance") / "home"
    with (
        served.database_for(home) as url,
        running(Source.read(_project(request.path)), home, url=url) as found,
    ):
        yield found


def _project(test: Path) -> Path:
    """The folder of the plugin that a test file belongs to."""
    return next(one for one in test.parents if (one / "pyproject.toml").is_file())


def test_its_source_is_as_the_check_wants_it(request: pytest.FixtureRequest) -> None:
    """Every rule that a look at the source can judge holds."""
    report = check(_project(request.path))
    assert report.reaches(USUAL), "\n".join(map(repr, report.standing))  # noqa: S101 – a test


@pytest.mark.parametrize("rule", deep.RULES, ids=lambda rule: f"{rule.id}-{rule.name}")
def test_it_keeps_the_rule(rule: Rule, conforming: Subject) -> None:
    """A rule that takes a running plugin to judge holds, if it is one of the usual tiers."""
    found = [one for one in rule(conforming) if rule.tier <= USUAL]
    assert not found, "\n".join(map(repr, found))  # noqa: S101 – a test
