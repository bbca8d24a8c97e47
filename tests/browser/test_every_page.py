"""Every page that links lead to, as everybody.

How it is built, what it says and what it weighs is read; axe looks at each that is built of other
things than those before, wide and narrow, light and dark. The full figures, `make trust`: every day
`test_pages` looks at a page of each template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from lifang.access import sign_in as sessions
from lifang.app.http import create_app
from lifang.entities.account import Account
from lifang.lifecycle.layers import presets_of
from lifang.services.instance import Instance
from lifang.testing import world
from tests.browser import serving
from tests.browser.conftest import Site, Watched, sign_in
from tests.browser.test_pages import AS_IT_SHOULD, HEAVIEST, SIZES, faults
from tests.core import crawl

STARTS = {
    "boss": ("/",),
    "district": ("/",),
    "street": ("/",),
    "secretary": ("/",),
    "worker": ("/", "/people/import/{odd}", "/people/import/{queued}?still=1"),
    "auditor": ("/",),
    "liaison": ("/",),
    "provider": ("/",),
    "volunteer": ("/me",),
    "resident": ("/me",),
    "newcomer": ("/account/password",),
    "stranger": ("/sign-in", "/verify/{code}"),
}
"""Everybody, and where they begin."""

pytestmark = [pytest.mark.trust, pytest.mark.once, pytest.mark.timeout(4 * 3600)]
LOOKED_AT: set[int] = set()
"""What the pages that axe has seen are made of."""


@pytest.fixture
def watched(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Somebody's page, in a browser of their own."""
    context = chromium.new_context(locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    if request.node.callspec.params["who"] != "stranger":
        sign_in(page, site, request.node.callspec.params["who"])
    yield Watched(page, site)
    context.close()


def answer_of(watched: Watched, address: str) -> crawl.Answer:
    """Open an address."""
    told = watched.page.goto(watched.site.address + address)
    assert told is not None
    kind = told.headers.get("content-type", "").partition(";")[0]
    return crawl.Answer(told.status, kind, told.text())


def looked(watched: Watched, read: crawl.Page) -> Iterator[str]:
    """What is wrong with an open page."""
    for width, height in SIZES:
        watched.page.set_viewport_size({"width": width, "height": height})
        if watched.scrolls_sideways():
            yield f"{width}: sideways"
    made = crawl.build(read)
    if made not in LOOKED_AT:
        LOOKED_AT.add(made)
        yield from faults(watched, ((size, to) for size in SIZES for to in ("light", "dark")))
    yield from (one for one in watched.complaints if AS_IT_SHOULD not in one)
    watched.complaints.clear()


@pytest.mark.parametrize("who", STARTS)
def test_all_that_somebody_can_reach_is_accessible_quiet_alone_and_never_sideways(
    watched: Watched, site: Site, who: str
) -> None:
    starts = [one.format(**vars(site)) for one in STARTS[who]]
    found: dict[str, list[Any]] = {}
    for address, answer, read in crawl.walk(lambda asked: answer_of(watched, asked), *starts):
        wrong: list[Any] = [] if answer.status == 200 else [answer.status]
        if wrong := [*wrong, *looked(watched, read)]:
            found[address] = wrong
    assert found == {}


# What needs no browser, in this process: how pages are built, which there are, what they say.

BRANDS = {
    *("CSV", "XLSX", "JSON", "TOML", "PDF", "DOCX", "TXT", "Excel"),  # kinds of files
    *(
        "MB",
        "CloudEvents",
        "NATS",
        "JetStream",
        "OCDS",
        "pip",
        "whl",
    ),  # standards, programs
    *("lifang", "plugin", "purge", "address", "exports"),  # commands, a line, a folder
    *("retry", "timer", "subscription"),  # tables, named beside what they hold
    *("deliver_message", "health", "can_enable"),  # names in a plugin's code, for who reads it
    *("unknown", "male", "female", "unspecified"),  # what a file may say, each with its label
}
"""What is English on a Chinese page, since nobody calls it otherwise."""
WORD = re.compile(r"[\s\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef·“”/→]+")
"""Between two words."""
UNREACHED = {
    "web.chart": "a picture on a page",
    "web.attachment_file": "a file; uploaded in test_records",
    "web.bulk_result": "follows a form: test_bulk",
    "web.static": "style",
    "web.kit.static": "style",
    "web.template_file": "a file",
    "web.failing_file": "a file",
    "web.settings_file": "a file",
}
"""Addresses to which no link of a page leads, and why."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Site]]:
    """The same city as the browser's, in this process."""
    home: Path = tmp_path_factory.mktemp("read") / "home"
    for instance in world.new_instance(home):
        world.plant(instance)
        yield instance, Site("", **serving.furnish(instance))


def client_of(app: Flask, instance: Instance, who: str) -> FlaskClient:
    """Somebody's browser."""
    client = app.test_client()
    if who != "stranger":
        with instance.database.transaction():
            secret = sessions.open_session(Account.get(Account.name == who))
        client.set_cookie("lifang", secret, path="/")
    return client


def not_chinese(page: crawl.Page, known: set[str]) -> list[str]:
    """English words on a Chinese page that are nobody's name."""
    said = (text for language, text in page.said if language == "zh")
    words = (word.strip(".,:;()") for text in said for word in WORD.split(text))
    plain = (one for one in words if re.fullmatch(r"[A-Za-z]{2,}", one))
    return [one for one in plain if one not in known]


def names_of(instance: Instance) -> set[str]:
    """What is somebody's choice of a name: accounts, presets, values of settings, plugins."""
    loaded = instance.plugins.loaded
    settings = [one for plugin in loaded.values() for one in plugin.settings.values()]
    presets = {name for one in loaded.values() for name in presets_of(one.settings)}
    choices = {str(value) for one in settings for value in one.choices}
    accounts = {one.name for one in Account.select()}
    return accounts | presets | choices | {*loaded, "club", "test"}


def test_every_page_is_built_to_be_heard_is_light_and_speaks_chinese(
    furnished: tuple[Instance, Site],
) -> None:
    instance, site = furnished
    app = create_app(instance)
    reached: set[str] = set()
    found: dict[str, list[Any]] = {}
    known = BRANDS | names_of(instance)
    for who, starts in STARTS.items():
        client, titles = client_of(app, instance, who), dict[str, set[str]]()

        def get(address: str, client: FlaskClient = client) -> crawl.Answer:
            told = client.get(address, follow_redirects=True)
            html = told.mimetype == "text/html"
            return crawl.Answer(told.status_code, told.mimetype, told.text if html else "")

        begun = [one.format(**vars(site)) for one in starts]
        for address, answer, page in crawl.walk(get, *begun):
            titles.setdefault(page.titles[0], set()).add(crawl.shape(address)[0])
            wrong: list[Any] = [*page.complaints(), *not_chinese(page, known)]
            wrong += [] if answer.status == 200 else [answer.status]
            wrong += [] if len(answer.text.encode()) < HEAVIEST // 2 else [len(answer.text)]
            if wrong:
                found[f"{who} {address}"] = wrong
            reached.add(app.url_map.bind("").match(address.partition("?")[0])[0])
        if twice := [(title, paths) for title, paths in titles.items() if len(paths) > 1]:
            found[who] = twice
    rules = {one.endpoint for one in app.url_map.iter_rules() if "GET" in (one.methods or ())}
    assert found == {}
    assert {one for one in rules if one.startswith("web.")} - reached == set(UNREACHED)
