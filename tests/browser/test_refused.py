"""What a refused form says in a real browser: nothing typed is lost, and it is sent from there."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Open, Site
from tests.browser.serving import PASSWORD
from tests.browser.test_pages import inspect


def test_what_was_typed_outlives_an_expired_page_and_the_end_of_a_session(
    open_page: Open, site: Site
) -> None:
    watched = open_page("worker")
    page, cookies = watched.page, watched.page.context
    watched.open("/people/new")
    page.fill("#f-name", "王小明")  # without a community, so that nothing is written in the end
    cookies.clear_cookies(name="lifang-form")
    page.click("main button.btn-primary")
    expect(page.locator("h1")).to_have_text("页面已过期")
    inspect(watched)
    cookies.clear_cookies(name="lifang")
    page.click("text=再提交一次")
    expect(page.locator("h1")).to_have_text("需要登录")
    inspect(watched)
    with cookies.expect_page() as opened:
        page.click("text=去登录（新窗口）")
    beside = opened.value
    beside.fill("#f-name", "worker")
    beside.fill("#f-password", PASSWORD)
    beside.click("main button")
    beside.wait_for_url(lambda address: "/sign-in" not in address)
    page.click("text=再提交一次")
    expect(page.locator("#problems")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("王小明")
