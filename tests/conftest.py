"""How the tests are shared out among the workers."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

TOGETHER = ("tests/browser/", "tests/faults/")
"""What one worker takes whole: a city takes half a minute to build, and those who kill processes
by the clock must not do so side by side."""


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
