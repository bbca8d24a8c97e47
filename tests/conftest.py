"""How the tests are shared out among the workers."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from tests import migrated

TOGETHER = (
    "tests/browser/", "tests/faults/", "tests/core/test_budget.py", "tests/core/test_reference.py",
    "tests/core/test_translations.py", "plugins/dual_reporting/tests/test_same_figures.py",
)  # fmt: skip
"""What one worker takes whole: a city takes half a minute to build, those who kill processes by the
clock must not do so side by side, and what is read or played for several tests is so once."""


KNOW_NO_DATABASE = (
    "tests/core/web/", "tests/core/cli/", "tests/core/test_translations.py",
    *(f"tests/core/api/test_{name}.py" for name in (
        "description", "examples", "heavy_files", "hostile_files",
        "desks", "events", "inbox", "indicators", "papers", "plugins", "previews", "settings",
        "tree",
    )),
)  # fmt: skip
"""Pages, commands and the API import neither peewee nor the store (a contract keeps it so): what
they ask of a database, services ask on both, and so does the API of records, files, keys and
sessions. What is described, and what is no table, asks none."""

RULES = {
    "dual_reporting": (
        "clockwork", "dual_reporting", "feedback", "posts_seen", "private", "reviews",
        "service_entries", "serving", "suspensions", "told_again", "unit_reports",
        "unit_reviews", "units", "years",
    ),
    "volunteer_points": ("desk", "faces", "papers", "people", "sheets"),
    "agency_contracts": (
        "buying", "cases", "closing", "doors", "evaluations", "ocds", "services",
    ),
    "webhooks": ("secrets",),
}  # fmt: skip
OF_RULES = tuple(
    f"plugins/{plugin}/tests/test_{name}.py" for plugin, names in RULES.items() for name in names
)
"""Rules and words: claims at once, entering, moves, money, points, figures and the whole year are
asked of both databases, and all of it goes by the same gateway."""

OF_FILES = ("tests/core/services/test_importing_workbooks.py",)
"""How cells are read before anything is kept."""


settings.register_profile("beside others", deadline=None)
settings.load_profile("beside others")
"""How long an example takes says nothing where several workers share a machine."""


@pytest.hookimpl(tryfirst=True)  # before the tests of each database are chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Do not repeat on PostgreSQL what says nothing about the database."""
    for one in items:
        if one.nodeid.startswith((*KNOW_NO_DATABASE, *OF_RULES, *OF_FILES)):
            one.add_marker(pytest.mark.once)


def pytest_collection_finish() -> None:
    """Keep nothing compiled from here on: tests write modules anew within the same second."""
    sys.dont_write_bytecode = True
    migrated.share()


class Shared(LoadGroupScheduling):
    """Every test by itself, but for those that go together.

    `xdist_group` says the same in vain: xdist 3.8 writes it where pytest 9.2 no longer looks.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in TOGETHER if nodeid.startswith(one)), nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Any:
    """Share them out as `make test` asks for, `--dist loadgroup`."""
    return Shared(config, log) if config.getvalue("dist") == "loadgroup" else None
