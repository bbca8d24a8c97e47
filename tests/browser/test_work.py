"""Work done with hand and keyboard; without JavaScript everything still works."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, sign_in
from tests.browser.test_pages import inspect

TABLE = """姓名,性别,联系方式,居住社区
慕容雪,女,13800001111,620102001001
宇文成,男,1380013,620102001001
"""
REPORTS = "/p/dual-reporting/reports"


def test_without_javascript_a_person_reports_and_is_accepted(open_page: Open, site: Site) -> None:
    page = open_page(java_script_enabled=False).page
    sign_in(page, site, "worker")
    page.click("text=新建人员")
    page.fill("#f-name", "欧阳小燕")
    page.select_option("#f-sex", label="女")
    page.fill("#f-community", "畅家巷社区")
    page.click("button:has-text('保存'):visible >> nth=-1")
    expect(page.locator("h1")).to_have_text("欧阳小燕")
    page.click("a[aria-label='新建报到记录']")
    page.fill("#f-community", "畅家")
    page.click("button[value=community]")
    page.select_option("select#f-community", label="畅家巷社区 #620102001001 · 酒泉路街道")
    page.click("button:has-text('保存') >> nth=-1")
    expect(page.locator("main")).to_contain_text("已新建")
    page.click("main >> text=接收")
    expect(page.locator("main")).to_contain_text("现在是「已提交」，之后是「已接收」")
    page.click("button:has-text('确认接收') >> nth=-1")
    expect(page.locator("main")).to_contain_text("已完成「接收」")
    page.click("text=时间线")
    expect(page.locator(".timeline")).to_contain_text(re.compile("接收.*已提交.*已接收", re.DOTALL))


def test_without_javascript_a_duplicate_is_looked_at_and_merged(
    open_page: Open, site: Site
) -> None:
    page = open_page(java_script_enabled=False).page
    sign_in(page, site, "boss")
    for phone in ("", "13900001111"):
        page.goto(f"{site.address}/people/new")
        page.fill("#f-name", "皇甫小燕")
        page.fill("#f-phone", phone)
        page.fill("#f-community", "畅家巷社区")
        page.click("button:has-text('保存'):visible >> nth=-1")
        expect(page.locator("h1")).to_have_text("皇甫小燕")
    number = int(page.url.split("/people/")[1].split("?")[0])
    page.click("main >> text=合并")
    page.fill("#f-into", str(number - 1))
    page.click("button:has-text('预览合并') >> nth=-1")
    expect(page.locator("main")).to_contain_text("139****1111")
    page.click("button:has-text('确认合并') >> nth=-1")
    expect(page.locator("main")).to_contain_text("已完成「合并」")
    page.goto(f"{site.address}/people/{number - 1}")
    expect(page.locator("main")).to_contain_text("139****1111")


def test_the_enter_key_saves_and_never_starts_a_search(open_page: Open) -> None:
    watched = open_page("worker")
    watched.open("/people/new")
    watched.page.fill("#f-name", "司马青")
    watched.page.fill("#f-community", "620102001002")
    watched.page.press("#f-community", "Enter")
    expect(watched.page.locator("h1")).to_have_text("司马青")


def test_what_is_wrong_takes_the_focus_and_leads_to_the_question(open_page: Open) -> None:
    watched = open_page("worker")
    watched.open("/people/new")
    watched.page.fill("#f-name", "李")
    watched.page.fill("#f-phone", "123")
    watched.page.fill("#f-community", "620102001001")
    watched.page.click("button:has-text('保存') >> nth=-1")
    expect(watched.page.locator("#problems")).to_be_focused()
    watched.page.click("#problems a")
    expect(watched.page.locator("#f-phone")).to_be_focused()


def test_the_keyboard_skips_to_the_content_without_moving_the_page(open_page: Open) -> None:
    watched = open_page("worker")
    watched.open("/people")
    before = watched.page.locator("h1").bounding_box()
    watched.page.keyboard.press("Tab")
    expect(watched.page.locator(".skip")).to_be_focused()
    assert watched.page.locator("h1").bounding_box() == before
    watched.page.keyboard.press("Enter")
    expect(watched.page.locator("#main")).to_be_focused()


def test_the_menu_of_a_small_screen_opens_without_javascript(open_page: Open) -> None:
    watched = open_page("worker", java_script_enabled=False, viewport={"width": 360, "height": 740})
    watched.open("/")
    entry = watched.page.locator(".menu a", has_text="组织")
    expect(entry).to_be_hidden()
    watched.page.click(".menu summary")
    entry.click()
    expect(watched.page.locator("h1")).to_have_text("组织")


def test_light_and_dark_are_chosen_and_kept(open_page: Open) -> None:
    watched = open_page("worker", color_scheme="light")
    watched.open("/people?sex=male")
    watched.page.click(".tools-bar button[aria-label='改用深色']")
    expect(watched.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert watched.page.url.endswith("/people?sex=male")
    watched.open("/organizations")
    expect(watched.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_script_in_a_name_never_runs(open_page: Open, site: Site) -> None:
    watched = open_page("worker")
    watched.page.on("dialog", lambda dialog: watched.complaints.append(dialog.message))
    watched.open("/people/new")
    watched.page.fill("#f-name", "<img src=x onerror=alert(1)><script>alert(2)</script>")
    watched.page.fill("#f-community", "620102001001")
    watched.page.click("button:has-text('保存') >> nth=-1")
    expect(watched.page.locator("h1")).to_contain_text("<script>")
    address = watched.page.url.removeprefix(site.address).split("?")[0]
    for path in (
        address,
        f"{address}/history",
        f"{address}/edit",
        "/people?sort=-id",
        f"{REPORTS}/new",
    ):
        watched.open(path)
    assert watched.complaints == []


def test_lists_become_ledgers_on_paper(open_page: Open) -> None:
    watched = open_page("worker")
    watched.open("/people")
    watched.page.emulate_media(media="print")
    expect(watched.page.locator(".side")).to_be_hidden()
    expect(watched.page.locator(".finder")).to_be_hidden()
    expect(watched.page.locator(".signatures")).to_be_visible()
    header = watched.page.evaluate(
        "getComputedStyle(document.querySelector('.ledger thead')).display"
    )
    assert header == "table-header-group"


def upload(page: Page, name: str, column: str) -> None:
    """Send a table of two people, one of them with a mistake."""
    raw = TABLE.replace("慕容雪", name).replace("联系方式", column).encode()
    page.click("main >> text=导入 >> nth=0")
    page.set_input_files("#f-file", [{"name": "名册.csv", "mimeType": "text/csv", "buffer": raw}])
    page.click("text=上传并检查")


def name_by_hand(page: Page) -> None:
    """Say what the third column is, first wrongly."""
    expect(page.locator("#problems")).to_be_focused()
    page.click("#problems a")
    expect(page.locator("#f-c2")).to_be_focused()
    page.select_option("#f-c2", label="性别")
    page.click("button:visible >> text=重新检查")
    expect(page.locator("#problems")).to_contain_text("两列是同一个字段")
    page.select_option("#f-c2", label="手机号")
    page.click("button:visible >> text=重新检查")


@pytest.mark.parametrize("column", ["联系方式", "没有脚本时的电话"])
def test_a_table_is_uploaded_its_column_named_by_hand_and_its_sound_rows_taken_in(
    open_page: Open, site: Site, column: str
) -> None:
    scripted, name = column == "联系方式", f"慕容雪{len(column)}"
    watched = open_page("worker", java_script_enabled=scripted)
    page, main = watched.page, watched.page.locator("main")
    watched.open("/people")
    upload(page, name, column)
    name_by_hand(page)
    expect(page.locator("#problems")).to_contain_text(f"第 3 行 {column}")
    expect(main).not_to_contain_text("13800001111")
    expect(main).to_contain_text("138****1111")
    if scripted:
        inspect(watched)
    page.click("#problems a")
    assert page.url.endswith("#f-r3")
    page.click("text=只看错误")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.click("text=导入 1 行")
    expect(page.locator("#problems")).to_contain_text("跳过有误的行")
    page.check("#f-skip")
    page.click("text=导入 1 行")
    expect(main).to_contain_text("写入了 1 行")
    expect(main).to_contain_text(f"第 3 行 {column}")
    if scripted:
        inspect(watched)
    page.click("main >> text=查看人员")
    page.fill("#q", name)
    page.click("main button:has-text('筛选')")
    expect(page.locator("tbody tr")).to_have_count(1)
