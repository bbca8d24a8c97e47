"""Every page in light and dark, wide and narrow: accessible, quiet, alone, and never sideways."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe, AxeResults
from playwright.sync_api import expect

import lifang.web
from tests.browser.conftest import Open, Site, Watched

PAGES = [
    (None, "/sign-in?next=%2Fpeople", 200),
    ("worker", "/people/import", 200),
    ("worker", "/people/import/{waiting}?only=errors", 200),
    ("worker", "/people/import/{odd}", 200),
    ("worker", "/people/import/{queued}?still=1", 200),
    ("worker", "/people/import/{done}", 200),
    ("boss", "/?start=1", 200),
    ("worker", "/", 200),
    ("boss", "/communities?at=old1@2026-01-31", 200),
    ("boss", "/communities?at=620102001002&closed=true", 200),
    ("boss", "/communities/{closed}", 200),
    ("worker", "/households?within=620102001000&tree=then", 200),
    ("worker", "/people?q=z&sex=male&within=620102001000&count=true", 200),
    ("worker", "/people?q=zzzzzz", 200),
    ("boss", "/people/{person}", 200),
    ("worker", "/people/{person}/history", 200),
    ("worker", "/people/{person}/actions/move", 200),
    ("boss", "/people/{person}/remove", 200),
    ("worker", "/people/new", 200),
    ("boss", "/p/webhooks/endpoints/{endpoint}/edit", 200),
    ("boss", "/admin/plugins", 200),
    ("boss", "/admin/plugins/volunteer-points?show=content", 200),
    ("boss", "/admin/plugins/volunteer-points/uninstall", 200),
    ("boss", "/admin/settings", 200),
    ("boss", "/admin/settings/volunteer-points/rounding", 200),
    ("boss", "/admin/settings/volunteer-points/presets/hailin", 200),
    ("boss", "/admin/accounts/2/password", 200),
    ("boss", "/admin/grants/new", 200),
    ("boss", "/admin/doctor", 200),
    ("boss", "/admin/audit?verify=true", 200),
    ("boss", "/admin/events?show=dead", 200),
    ("boss", "/admin/events?show=subscribers", 200),
    ("boss", "/admin/events/{event}", 200),
    ("newcomer", "/account/password", 200),
    ("resident", "/me?done=given", 200),
    ("resident", "/notices", 200),
    ("resident", "/p/club/profiles/new", 200),
    ("worker", "/inbox", 200),
    ("worker", "/inbox/kinds", 200),
    ("volunteer", "/me", 200),
    ("worker", "/p/volunteer-points", 200),
    ("volunteer", "/documents/6", 200),
    (None, "/verify/{code}", 200),
    (None, "/api/docs", 200),
    ("boss", "/api/docs/people", 200),
    ("boss", "/api/docs/people/create_people", 200),
    (None, "/api/problems", 200),
    (None, "/api/problems/invalid", 200),
    ("street", "/p/agency-contracts/contracts/1", 200),
    ("worker", "/sheets", 200),
    ("worker", "/sheets/volunteer_points.service?period=2026", 200),
    ("worker", "/sheets/volunteer_points.service/print?period=2026", 200),
    ("street", "/indicators", 200),
    ("street", "/indicators/agency_contracts.completion", 200),
    ("street", "/indicators/table/agency_contracts", 200),
    ("provider", "/p/agency-contracts/service-logs", 200),
    ("provider", "/p/agency-contracts/case-files/1/anonymised", 200),
    ("worker", "/nowhere", 404),
]
"""A page of each template, and what is wide, empty or crowded; `test_every_page` looks at all."""
OPENED = {
    *("bulk.html", "bulk_result.html", "letters.html", "one_time.html"),  # by tests of what is sent
    "settings_import.html",  # likewise
    "uncover.html",  # only a plugin of the tests lets anybody in without being assigned
}
"""Templates that are not looked at here, and where else, or why not."""
Shown = tuple[tuple[int, int], str]
SIZES = ((1280, 900), (360, 740))
SHOWN: tuple[Shown, ...] = ((SIZES[0], "light"), (SIZES[0], "dark"), (SIZES[1], "light"))
"""How each page is looked at; the dark of a telephone has the colours of a desk's, and is looked at
by the walk through every page."""
VIOLATIONS = "only => axe.run({resultTypes: ['violations'], ...only}).then(told => told.violations)"
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What dark can break that light did not: the same document is in other colours."""
LAID_OUT = {"rules": {one: {"enabled": False} for one in COLOURS["runOnly"]}}
"""What a telephone can break that a desk did not: the same document, in the same colours, is laid
out anew. Colours take most of axe's time; on a telephone `inspect` looks at them, and `trust`."""
TOO_SMALL = """
[...document.querySelectorAll(
  "main .btn, main input:not([type=hidden], [type=checkbox], [type=radio]), main select, "
  + ".pick, .bulk-bar label, .nav-item-link"
)].filter(one => one.offsetParent && one.tabIndex >= 0
  && one.getBoundingClientRect().height < 52).map(one => one.outerHTML)
"""
HEAVIEST = 400 * 1024
"""Bytes of a page with all it asks for, not packed."""
AS_IT_SHOULD = "the server responded with a status of"


def faults(
    watched: Watched, shown: Iterable[Shown] = SHOWN, *, narrow: dict[str, Any] | None = None
) -> Iterator[str]:
    """What axe finds on a page as it stands now, in light and dark, wide and `narrow`."""
    watched.page.evaluate(Axe().axe_script)
    for (width, height), scheme in shown:
        watched.page.set_viewport_size({"width": width, "height": height})
        watched.page.emulate_media(color_scheme=scheme)
        if watched.page.locator("html[data-theme]").count():  # a paper is white
            expect(watched.page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        rules = COLOURS if scheme == "dark" else (narrow or {}) if width == SIZES[1][0] else {}
        found = AxeResults({"violations": watched.page.evaluate(VIOLATIONS, rules)})
        if found.violations_count:
            yield f"{width} {scheme}: {found.generate_report()}"
        if watched.scrolls_sideways():
            yield f"{width} {scheme}: sideways"


def inspect(watched: Watched) -> None:
    """Look at a page in light and dark, wide and narrow, as it stands now."""
    assert list(faults(watched)) == []


@pytest.mark.parametrize(("who", "path", "status"), PAGES)
def test_a_page_is_accessible_quiet_alone_and_never_sideways_large_type_too(
    window: Open, site: Site, who: str | None, path: str, status: int
) -> None:
    watched, where = window(who), path.format(**vars(site))
    assert watched.open(where) == status
    assert list(faults(watched, narrow=LAID_OUT)) == []
    assert watched.weighs() <= HEAVIEST, watched.weighs()
    watched.page.context.add_cookies([{"name": "size", "value": "large", "url": site.address}])
    watched.open(where)
    assert not watched.scrolls_sideways()
    assert watched.page.evaluate(TOO_SMALL) == []
    told = [text for text in watched.complaints if status == 200 or AS_IT_SHOULD not in text]
    assert told == []


def test_what_opens_or_goes_wrong_on_a_page_is_accessible_too(open_page: Open, site: Site) -> None:
    watched = open_page("boss")
    watched.open("/people/new")
    watched.page.fill("#f-community", "社区")
    watched.page.press("#f-community", "Enter")
    expect(watched.page.locator("#problems")).to_be_visible()
    inspect(watched)
    watched.open(f"/people/{site.person}")
    watched.page.click("summary:has-text('查看敏感信息')")
    inspect(watched)
    watched.page.check("input[value=phone]")
    watched.page.fill("#reason", "电话回访")
    watched.page.click("text=查看并记录")
    expect(watched.page.locator(".notice-warn")).to_be_visible()
    inspect(watched)
    watched.open(f"/people/{site.person}/actions/merge")
    watched.page.fill("#f-into", str(site.person + 1))
    watched.page.click("button:has-text('预览合并') >> nth=-1")
    expect(watched.page.locator(".ledger")).to_have_count(2)
    inspect(watched)
    watched.open("/admin/accounts/new")
    watched.page.fill("#f-name", "colleague")
    watched.page.click("button:has-text('保存') >> nth=-1")
    expect(watched.page.locator(".one-time")).to_be_visible()
    inspect(watched)
    watched.page.click(".menu summary")
    inspect(watched)


def test_what_a_file_of_settings_would_change_is_accessible_too(open_page: Open) -> None:
    watched = open_page("boss")
    watched.open("/admin/settings?at=620102000000")
    wrong = {"plugin": "volunteer_points", "key": "rounding", "value": "never"}
    raw = json.dumps({"settings": [wrong]}).encode()
    told = {"name": "设置.json", "mimeType": "application/json", "buffer": raw}
    watched.page.set_input_files("#f-file", [told])
    watched.page.click("main button:has-text('核对')")
    expect(watched.page.locator("h1")).to_contain_text("导入")
    inspect(watched)


def test_what_is_asked_before_a_letter_is_treated_is_accessible_too(
    open_page: Open, site: Site
) -> None:
    watched = open_page("boss")
    watched.open("/admin/events?show=dead")
    watched.page.check("input[name='bulk.id'] >> nth=0")
    watched.page.select_option("select[name='bulk.verb']", "skip")
    watched.page.click("text=下一步：核对")
    watched.page.click("text=对 1 条：忽略")
    expect(watched.page.locator("#problems")).to_be_visible()
    inspect(watched)
    watched.open(f"/admin/events/{site.event}")
    watched.page.click("summary:has-text('改后重放')")
    inspect(watched)


def test_a_page_of_each_template_is_looked_at(window: Open, site: Site) -> None:
    folder = Path(lifang.web.__file__).parent / "templates/web"
    whole = ('{% extends "web/base.html" %}', "<!doctype html>")
    files = [one for one in folder.glob("*.html") if one.name != "base.html"]
    pages = {one.name for one in files if any(part in one.read_text() for part in whole)}
    looked: set[str] = set()
    for who in {who for who, _path, _status in PAGES}:
        asked = window(who).page.request
        for path in (path for whose, path, _status in PAGES if whose == who):
            told = asked.get(site.address + path.format(**vars(site)))
            looked |= set(told.headers["x-template"].removeprefix("web/").split(","))
    assert pages - looked == OPENED
