"""Every page that links lead to, as everybody.

All are read: how they are built, what they say, what they weigh. A browser opens one of each route
for each role, and each that has an element of a kind not seen before; axe looks at it wide and
narrow, light and dark. The full figures, `make trust`: every day `test_pages` looks at a page of
each template.
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
    "stranger": ("/sign-in", "/verify", "/verify/{code}"),
}
"""Everybody, and where they begin."""

pytestmark = [pytest.mark.trust, pytest.mark.once, pytest.mark.timeout(4 * 3600)]
KNOWN: set[tuple[str, ...]] = set()
"""The kinds of elements that axe has seen, on anybody's pages."""


@pytest.fixture
def watched(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Somebody's page, in a browser of their own."""
    context = chromium.new_context(locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    if request.node.callspec.params["who"] != "stranger":
        sign_in(page, site, request.node.callspec.params["who"])
    yield Watched(page, site)
    context.close()


def fetched(watched: Watched, address: str) -> crawl.Answer:
    """What somebody is answered, read and not shown."""
    told = watched.page.context.request.get(watched.site.address + address)
    kind = told.headers.get("content-type", "").partition(";")[0]
    at = told.url.removeprefix(watched.site.address)
    return crawl.Answer(told.status, kind, told.text() if kind == "text/html" else "", at)


def looked(watched: Watched, address: str) -> Iterator[str]:
    """What is wrong with a page in a browser."""
    watched.open(address)
    yield from faults(watched, ((size, to) for size in SIZES for to in ("light", "dark")))
    if (heavy := watched.weighs()) > HEAVIEST:
        yield f"{heavy} bytes"
    yield from (one for one in watched.complaints if AS_IT_SHOULD not in one)
    watched.complaints.clear()


@pytest.mark.parametrize("who", STARTS)
def test_all_that_somebody_can_reach_is_accessible_quiet_alone_and_never_sideways(
    watched: Watched, site: Site, furnished: tuple[Instance, Site], who: str
) -> None:
    routes = create_app(furnished[0]).url_map.bind("")
    starts = [one.format(**vars(site)) for one in STARTS[who]]
    found, opened = list[str](), set[str]()
    for address, answer, page in crawl.walk(lambda asked: fetched(watched, asked), *starts):
        route, kinds = routes.match(address.partition("?")[0])[0], crawl.kinds(page)
        if answer.status != 200:
            found.append(f"{address}: {answer.status}")
        if route not in opened or kinds - KNOWN:
            opened.add(route)
            KNOWN.update(kinds)
            found += [f"{address}: {one}" for one in looked(watched, address)]
    assert not found, "\n".join(found)


# What needs no browser, in this process: how pages are built, which there are, what they say.

BRANDS = {
    *(
        "CSV",
        "XLSX",
        "JSON",
        "TOML",
        "PDF",
        "DOCX",
        "TXT",
        "Excel",
        "xlsx",
        "csv",
    ),  # kinds of files
    *("MB", "CloudEvents", "NATS", "JetStream", "OCDS", "pip", "whl"),  # standards, programs
    *("English", "TimeoutError"),  # a language by its own name, an error of a plugin's code
    *(
        "lifang",
        "plugin",
        "purge",
        "calendar",
        "import",
        "serve",
        "audit",
        "checkpoint",
    ),  # commands
    *("address", "zone", "exports", "https"),  # lines of lifang.toml, a folder, a scheme
    *("Python", "sqlite"),  # what an instance is made of
    *("retry", "timer", "subscription"),  # tables, named beside what they hold
    *("deliver_message", "health", "can_enable"),  # names in a plugin's code, for who reads it
    *("unknown", "male", "female", "unspecified"),  # what a file may say, each with its label
}
"""What is English on a Chinese page, since nobody calls it otherwise."""
HTTP = {"ETag", "Authorization", "Bearer", "Allow", "RFC", "POST", "token", "create", "null",
        "known"}  # fmt: skip
"""What only whoever writes programs reads, beside the names of the API itself."""
WORD = re.compile(r"[\s\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef·“”/→]+")
"""Between two words."""
CODE = re.compile(r"[!-~]*/[!-~]*")
"""An address, a path, the number of a record elsewhere."""
UNREACHED = {
    "web.chart": "a picture on a page",
    "web.document_code": "likewise",
    "web.static": "style",
    "web.kit.static": "style",
    "web.attachment_file": "a file; uploaded in test_records",
    "web.template_file": "a file",
    "web.failing_file": "a file",
    "web.settings_file": "a file",
    "web.doctor_text": "a file",
    "web.pick_page": "follows a question in a form: test_hands, test_without_scripts",
    "web.result_page": "follows a form: test_bulk",
    "web.uncover_page": "only a plugin of the tests lets anybody in without being assigned",
    "web.bundle_page": "only a catalogue has bundles: test_packages",
}
"""Pages to which no link leads, of whatever part, and why."""


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
    said = (CODE.sub(" ", text) for language, text in page.said if language == "zh")
    words = (word.strip(".,:;()") for text in said for word in WORD.split(text))
    plain = (one for one in words if re.fullmatch(r"[A-Za-z]{2,}", one))
    return [one for one in plain if one not in known]


def programs_words(one: Any) -> Iterator[str]:
    """Names that a description of the API gives to members, and values they may have."""
    if isinstance(one, dict):
        yield from (word for name in one for word in re.findall("[A-Za-z]+", name))
        values = one.get("enum", one.get("examples", ()))
        yield from (value for value in values if isinstance(value, str))
        one = list(one.values())
    if isinstance(one, list):
        yield from (word for part in one for word in programs_words(part))


def page_of(endpoint: str) -> str:
    """What a route shows, wherever: the core's records, the administration's and plugins' alike."""
    return endpoint.removesuffix("_plugin").removesuffix("_admin")


def told_twice(titles: dict[str, set[str]]) -> Iterator[str]:
    """Titles that two kinds of pages share."""
    alike = ("/p/club/", "/verify/")  # a test's own; a document, by the code that is asked for
    for title, paths in titles.items():
        if len(others := {one for one in paths if not one.startswith(alike)}) > 1:
            yield f"{title}: {others}"


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
    found = list[str]()
    known = BRANDS | names_of(instance)
    for who, starts in STARTS.items():
        client, titles = client_of(app, instance, who), dict[str, set[str]]()
        begun = [one.format(**vars(site)) for one in starts]
        api = known | HTTP | set(programs_words(client.get("/api/openapi.json").json))
        for address, answer, page in crawl.walk(crawl.asking(client), *begun):
            titles.setdefault(page.titles[0], set()).add(crawl.shape(address)[0])
            program = address.startswith("/api/")
            wrong: list[Any] = [*page.complaints(), *not_chinese(page, api if program else known)]
            wrong += [] if answer.status == 200 else [answer.status]
            wrong += [] if len(answer.text.encode()) < HEAVIEST // 2 else [len(answer.text)]
            found += [f"{who} {address}: {one}" for one in wrong]
            reached.add(page_of(app.url_map.bind("").match(address.partition("?")[0])[0]))
        found += [f"{who} {one}" for one in told_twice(titles)]
    assert not found, "\n".join(found)
    asked = (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ()))
    pages = {page_of(one.endpoint) for one in asked if one.endpoint.startswith("web.")}
    assert pages - reached == set(UNREACHED)
