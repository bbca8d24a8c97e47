"""Many reports at once, ticked with the mouse or chosen as a list; JavaScript only counts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.test_pages import TOO_SMALL, inspect

PEOPLE, REPORTS = "/people", "/p/dual-reporting/reports"


def ticked(page: Page, number: int) -> None:
    for n in range(number):
        page.locator("input[name='bulk.id']").nth(n).check()


@pytest.mark.parametrize("scripted", [True, False])
def test_rows_are_ticked_checked_confirmed_and_told(
    open_page: Open, site: Site, *, scripted: bool
) -> None:
    watched = open_page("worker", java_script_enabled=scripted)
    page = watched.page
    watched.open(f"{PEOPLE}?sex=female")
    ticked(page, 3)
    if scripted:
        expect(page.locator(".bulk-count")).to_have_text("3 条")
    else:
        expect(page.locator(".bulk-all")).to_be_hidden()
    page.select_option(".bulk-do select", label="修改")
    page.click("text=下一步：核对")
    expect(page.locator("dl.facts")).to_contain_text("3 条")
    page.click("button:has-text('对 3 条：修改') >> nth=-1")
    expect(page.locator("#problems")).to_contain_text("请至少填写一个要修改的字段")
    page.select_option("#f-sex", label="女")
    page.click("button:has-text('对 3 条：修改') >> nth=-1")
    expect(page.locator("h1")).to_contain_text("批量修改：人员")
    expect(page.locator(".pill")).to_have_text("已完成")
    expect(page.locator("dl.facts")).to_contain_text(re.compile("跳过.*3 条", re.DOTALL))
    page.click("main >> text=回到列表")
    assert page.url.endswith(f"{PEOPLE}?sex=female")
    assert all("422" in told for told in watched.complaints)


def test_a_whole_page_is_ticked_at_once(open_page: Open) -> None:
    watched = open_page("worker")
    watched.open(PEOPLE)
    page = watched.page
    page.check("text=本页全选")
    expect(page.locator("input[name='bulk.id']:checked")).to_have_count(20)
    expect(page.locator(".bulk-count")).to_have_text("20 条")
    page.locator("input[name='bulk.id']").first.uncheck()
    expect(page.locator(".bulk-count")).to_have_text("19 条")
    expect(page.locator(".bulk-all input")).not_to_be_checked()


def test_the_pages_of_many_records_are_accessible_quiet_and_never_sideways(
    open_page: Open, site: Site
) -> None:
    watched = open_page("boss")
    page = watched.page
    watched.open(f"{REPORTS}?count=true")
    inspect(watched)
    page.check("[value=all]")
    page.select_option(".bulk-do select", label="移除")
    page.click("text=下一步：核对")
    inspect(watched)
    watched.open(f"{REPORTS}?state=ended")
    page.click("text=下一步：核对")
    expect(page.locator("#problems")).to_contain_text("还没有选中任何记录")
    inspect(watched)
    watched.open(f"{REPORTS}?state=ended")
    page.check("text=本页全选")
    page.select_option(".bulk-do select", label="修改")
    page.click("text=下一步：核对")
    inspect(watched)
    page.context.add_cookies([{"name": "size", "value": "large", "url": site.address}])
    for path in (REPORTS, PEOPLE):
        watched.open(path)
        assert not watched.scrolls_sideways()
        assert page.evaluate(TOO_SMALL) == []
