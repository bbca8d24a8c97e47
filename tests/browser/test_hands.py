"""Choosing and moving by hand: what fits is offered, the tree opens, keys lead on."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Open, Site, Watched
from tests.browser.test_pages import SIZES

HOME = "畅家巷社区 #620102001001"


def inspect(watched: Watched) -> None:
    """What is open now is accessible, wide and narrow, and fits."""
    for width, height in SIZES:
        watched.page.set_viewport_size({"width": width, "height": height})
        found = Axe().run(watched.page)
        assert found.violations_count == 0, f"{width}: {found.generate_report()}"
        assert not watched.scrolls_sideways(), width


def test_what_fits_is_chosen_with_keys_alone(open_page: Open, site: Site) -> None:
    watched = open_page("worker")
    page, field = watched.page, watched.page.locator("#f-community")
    watched.open("/people/new")
    field.press_sequentially("畅家")
    expect(page.locator(".choices [role=option]")).to_have_count(1)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[role=status]").last).to_have_text("1 条可选")
    page.keyboard.press("Escape")
    expect(page.locator(".choices")).to_be_hidden()
    expect(field).to_have_value("畅家")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(".choices [aria-selected=true]")
    expect(chosen).to_contain_text("酒泉路街道")
    number = chosen.get_attribute("id")
    expect(field).to_have_attribute("aria-activedescendant", str(number))
    inspect(watched)
    page.keyboard.press("Enter")
    expect(field).to_have_value(HOME)
    assert page.url.endswith("/people/new"), "choosing sends nothing"
    page.fill("#f-name", "司徒明")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("司徒明")
    page.goto(f"{site.address}/affiliations/new")
    page.locator("#f-person").press_sequentially("st")
    page.locator(".choices [role=option]", has_text="司徒明").click()
    expect(page.locator("#f-person")).to_have_value(re.compile(r"司徒明 #\d+"))
    assert watched.complaints == []


def test_a_place_is_chosen_from_the_tree(open_page: Open, site: Site) -> None:
    watched = open_page("worker")
    page, dialog = watched.page, watched.page.locator("dialog[aria-labelledby=choice-title]")
    watched.open("/people")
    page.get_by_role("button", name="从社区树中选择").press("Enter")
    dialog.get_by_role("button", name=re.compile("打开「城关区」")).press("Enter")
    dialog.get_by_role("button", name=re.compile("打开「酒泉路街道」")).press("Enter")
    expect(dialog.locator("h2")).to_be_focused()
    inspect(watched)
    dialog.get_by_role("button", name="城关区", exact=True).click()
    dialog.get_by_role("button", name=re.compile("打开「酒泉路街道」")).click()
    dialog.get_by_role("button", name=re.compile("^畅家巷社区")).click()
    expect(page.locator("#within")).to_have_value(HOME)
    expect(page.locator("#within")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".chips")).to_contain_text("范围：畅家巷社区")
    page.get_by_role("button", name="从社区树中选择").click()
    expect(dialog.locator("h2")).to_have_text("畅家巷社区"), "where one was"
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert watched.complaints == []


def test_keys_lead_on_and_can_be_switched_off(open_page: Open, site: Site) -> None:
    watched = open_page("worker")
    page, table = watched.page, watched.page.locator("#keys")
    watched.open("/")
    expect(page.locator("#show-keys")).to_be_visible()
    page.keyboard.press("?")
    expect(table).to_be_visible()
    inspect(watched)
    page.keyboard.press("?")
    expect(table).not_to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.locator("h1")).to_have_text("人员")
    expect(page.locator("#show-keys")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("g?/")
    expect(page.locator("#q")).to_have_value("g?/"), "a key in a field is a letter"
    watched.open("/people/new")
    page.get_by_role("button", name="键盘快捷键").click()
    page.get_by_label("使用单个按键的快捷键").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#show-keys")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.keyboard.press("?")
    expect(page.locator("h1")).to_have_text("新建人员")
    expect(table).not_to_be_visible()
    assert watched.complaints == []
