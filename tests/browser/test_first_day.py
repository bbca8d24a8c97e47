"""Ten tasks of an administrator's first day, in a real browser before a server of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.first_day import LOOKS, NARROW, WIDE, Day, walk
from tests.faults.conftest import Server


@pytest.mark.once
@pytest.mark.parametrize(
    "options", [NARROW, pytest.param(WIDE, marks=pytest.mark.trust)], ids=["without a script", ""]
)
def test_an_administrator_s_first_day_is_done_by_pages_alone(
    chromium: Browser, tmp_path: Path, options: dict[str, object]
) -> None:
    seen: list[str] = []
    server = Server(tmp_path / "home")
    day = Day(server, chromium, options, lambda _page, name: seen.append(name))
    try:
        walk(day)
    finally:
        day.close()
        server.stop()
    assert tuple(seen) == LOOKS, "the guide has a picture of each of these steps"
