"""A real browser before a real server; without a browser the tests say how to get one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.serving import PASSWORD

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
ASKED_FOR = """
[...document.querySelectorAll("link[href], script[src], img[src]")].map(one => one.href || one.src)
"""
MISSING = (
    "no Chromium: install the packages chromium and fonts-noto-cjk, or name one in LIFANG_CHROMIUM"
)
SIGNED_IN = ("boss", "worker", "newcomer", "resident", "volunteer", "street", "provider")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Site:
    """The server, and the records it was furnished with."""

    address: str
    person: int
    name: str
    report: int
    waiting: int
    odd: int
    done: int
    queued: int
    closed: int
    event: int
    endpoint: int
    notice: int
    code: str

    @cache  # noqa: B019 – there is one site, as long as the tests
    def weight(self, address: str) -> int:
        """Bytes that are served at an address of the site."""
        with urlopen(address) as answer:
            return len(answer.read())


@dataclass
class Watched:
    """A page, and whatever went wrong on it or was asked of other sites."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    served: int = 0
    """Bytes of the page that was opened last."""

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.site.address, "data:")):
            self.complaints.append(f"asked another site: {request.url}")

    def open(self, path: str) -> int:
        answer = self.page.goto(self.site.address + path)
        assert answer is not None
        self.served = len(answer.body())
        return answer.status

    def weighs(self) -> int:
        """Bytes of the open page with all that belongs to it, as they are served."""
        asked = (one for one in self.page.evaluate(ASKED_FOR) if one.startswith(self.site.address))
        return self.served + sum(self.site.weight(one) for one in asked)

    def scrolls_sideways(self) -> bool:
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))


def program() -> str | None:
    """The browser that was named, or one that is installed."""
    return os.environ.get("LIFANG_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = program()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site") / "home"
    log = home.with_suffix(".log")
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.browser.serving", str(home)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as server,
    ):
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line, log.read_text()
        told = json.loads(line)
        address = f"http://127.0.0.1:{told.pop('port')}"
        try:
            yield Site(address, **told)
        finally:
            server.terminate()


Open = Callable[..., Watched]


@pytest.fixture
def open_page(chromium: Browser, site: Site, signed_in: dict[str, Any]) -> Iterator[Open]:
    """A page of somebody's browser: `open_page("worker")`, or nobody's in particular."""
    contexts: list[BrowserContext] = []

    def make(who: str | None = None, **options: Any) -> Watched:
        state = signed_in[who] if who is not None else None
        # without movement: axe would else measure colours halfway from light to dark
        context = chromium.new_context(
            locale="zh-CN", reduced_motion="reduce", storage_state=state, **options
        )
        contexts.append(context)
        return Watched(context.new_page(), site)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def window(chromium: Browser, site: Site, signed_in: dict[str, Any]) -> Iterator[Open]:
    """A window that somebody keeps while they look at many pages: `window("worker")`.

    To open one costs as much as to look at a page.
    """
    kept: dict[str | None, Watched] = {}

    def make(who: str | None = None) -> Watched:
        if who not in kept:
            state = signed_in[who] if who is not None else None
            context = chromium.new_context(
                locale="zh-CN", reduced_motion="reduce", storage_state=state
            )
            kept[who] = Watched(context.new_page(), site)
        kept[who].page.context.clear_cookies(name="size")
        kept[who].complaints.clear()
        return kept[who]

    yield make
    for one in kept.values():
        one.page.context.close()


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, site: Site) -> dict[str, Any]:
    """Everybody's cookies after signing in once: hashing a password is slow on purpose."""
    states: dict[str, Any] = {}
    for who in SIGNED_IN:
        context = chromium.new_context()
        sign_in(context.new_page(), site, who)
        states[who] = context.storage_state()
        context.close()
    return states


def sign_in(page: Page, site: Site, who: str) -> None:
    page.goto(f"{site.address}/sign-in")
    page.fill("#f-name", who)
    page.fill("#f-password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda address: "/sign-in" not in address)
