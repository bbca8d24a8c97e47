"""What people and their systems ask of a page: few colours, twice the size, paper, few bytes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.visitors import Visit
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import HEAVIEST

pytestmark = pytest.mark.once
LOOKS = "(one, name) => getComputedStyle(one)[name]"
OVERLAPS = """
() => {
  const seen = [...document.querySelectorAll("main :is(a, button, input, select, summary)")]
    .filter((one) => one.checkVisibility() && one.type !== "hidden" && !one.closest("thead"));
  const boxes = seen.map((one) => [...one.getClientRects()]);
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  return seen.flatMap((one, at) => seen.slice(at + 1).filter((other, after) =>
    !one.contains(other) && boxes[at].some((a) => boxes[at + 1 + after].some((b) => meet(a, b)))
  ).map((other) => [one.outerHTML, other.outerHTML]));
}
"""
"""What can be pressed and lies over something else that can be; stacked rows hide their heads."""
STUCK = """
[...document.querySelectorAll("body *")].filter((one) =>
  ["fixed", "sticky"].includes(getComputedStyle(one).position)).map((one) => one.outerHTML)
"""
UPRIGHT, ACROSS = 680, 1030
"""Pixels between the margins of a sheet of A4."""
COUNTED = """
[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
  .filter((one) => one instanceof CSSPageRule).map((one) => one.cssText).join("")
"""


def looks(page: Page, where: str, name: str) -> str:
    """A property of the first of its kind, as the browser draws it."""
    return str(page.locator(where).first.evaluate(LOOKS, name))


def test_what_only_a_colour_says_is_also_said_in_the_systems_own_few(
    open_page: Open, site: Site
) -> None:
    watched = open_page("boss", forced_colors="active")
    page = watched.page
    watched.open(f"/people/{site.person}")
    edges = {looks(page, f".side .nav-item-link{which}", "borderInlineStartColor")
             for which in ("[aria-current]", ":not([aria-current])")}  # fmt: skip
    assert len(edges) == 2, "the entry of the menu that is open"
    lines = [looks(page, f".tabs a{which}", "borderBlockEndWidth")
             for which in ("[aria-current]", ":not([aria-current])")]  # fmt: skip
    assert lines == ["3px", "0px"], "the tab that is open"
    page.keyboard.press("Tab")
    assert looks(page, ":focus", "outlineStyle") == "solid"
    watched.open("/communities?at=620102001002")
    assert looks(page, ".tree a[aria-current]", "backgroundColor") != looks(
        page, ".tree a:not([aria-current])", "backgroundColor"
    )
    watched.open("/admin/events?show=dead")
    assert looks(page, ".bulk-bar input[type=radio]", "appearance") == "auto", "ticks are drawn"
    assert looks(page, ".bars rect", "fill") == looks(page, "h1", "color")


@pytest.mark.parametrize("size", [pytest.param("normal", marks=pytest.mark.trust), "large"])
def test_at_twice_the_size_nothing_is_covered_or_beyond_the_edge(
    open_page: Open, site: Site, size: str
) -> None:
    watched = open_page("worker", viewport={"width": 640, "height": 450}, device_scale_factor=2)
    watched.page.context.add_cookies([{"name": "size", "value": size, "url": site.address}])
    for path in ("/", "/people?q=z", f"/people/{site.person}", f"/people/import/{site.waiting}"):
        watched.open(path)
        assert not watched.scrolls_sideways(), path
        assert watched.page.evaluate(OVERLAPS) == [], path
        assert watched.page.evaluate(STUCK) == [], path
    watched.open("/people")
    watched.page.focus("thead a")
    assert looks(watched.page, "thead", "clipPath") == "none", "the heads, by keyboard"


def test_ledgers_print_with_their_heads_page_numbers_and_lines_to_sign(
    open_page: Open, site: Site
) -> None:
    watched = open_page("worker", color_scheme="dark", viewport={"width": UPRIGHT, "height": 900})
    page = watched.page
    page.emulate_media(media="print")
    sheets = "/p/dual-reporting/reports", "/sheets/volunteer_points.service/print?period=2026"
    for path, width in zip(sheets, (UPRIGHT, ACROSS), strict=True):
        page.set_viewport_size({"width": width, "height": 900})
        watched.open(path)
        assert looks(page, "thead", "display") == "table-header-group", "on every sheet of paper"
        assert looks(page, "tbody tr", "breakInside") == "avoid"
        assert "counter(page)" in (rules := page.evaluate(COUNTED)) and "counter(pages)" in rules
        for said in ("填报人：", "审核人：", "日期："):
            expect(page.locator(".signatures")).to_contain_text(said)
        expect(page.locator(".signatures")).to_be_visible()
        for gone in (".top", ".side", ".crumbs", ".finder", ".bulk-bar", ".foot", ".back"):
            expect(page.locator(gone)).to_be_hidden()
        assert not watched.scrolls_sideways(), path
    watched.open(sheets[0])
    starts = page.locator("tbody th").evaluate_all(
        "all => all.map(one => getComputedStyle(one).paddingInlineStart)"
    )
    assert len(starts) > 5 and len(set(starts)) == 1, "the last row stands under the others"
    assert looks(page, "tbody td a", "color") == "rgb(0, 0, 0)", "for who reads in the dark, too"
    assert looks(page, "body", "backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.trust
def test_a_table_of_hundreds_of_places_weighs_what_a_page_may(
    instance: Instance, page: Visit
) -> None:
    for number in range(200):
        world.community(instance, f"很长名字的第{number}社区", code=f"620102001{number + 300}")
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    boss = page("platform_administrator", "security_administrator", "auditor", "district_admin")
    told = boss.text("/indicators/table/dual_reporting?by=community&within=620102000000")
    assert re.search("共 2.. 行，这里是前 .. 行；下载的文件里是全部", told)
    belongs: set[Any] = set(re.findall('(?:href|src)="([^"]+[.](?:css|js|svg))"', told))
    assert len(belongs) > 5
    weight = len(told.encode())
    for one in belongs:
        with boss.get(one) as answer:
            weight += len(answer.data)
    assert weight <= HEAVIEST, weight
