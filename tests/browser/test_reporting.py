"""Dual reporting in a hand's width: from a paper slip to the employer's receipt, by pages only.

The worker's browser has no JavaScript."""

from __future__ import annotations

import datetime as dt

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, Watched, sign_in

DESK = "/p/dual-reporting"
NARROW = {"viewport": {"width": 360, "height": 740}}


def press(watched: Watched, panel: str, row: str, button: str) -> None:
    """Press a button on a row of a panel of the desk."""
    watched.open(DESK)
    place = watched.page.locator(f"section:has(h2:text-is('{panel}')) tbody tr", has_text=row)
    place.locator(".buttons >> text=" + button).first.click()


def report_of(watched: Watched) -> None:
    """Look for the record in the list and open it."""
    watched.open(f"{DESK}/reports?q=尉迟明月")
    watched.page.locator("main tbody a").first.click()


def save(watched: Watched, says: str = "已新建") -> None:
    watched.page.locator("main form button:has-text('保存'):visible").last.click()
    expect(watched.page.locator("main")).to_contain_text(says)
    assert not watched.scrolls_sideways()


def enter_slip(watched: Watched) -> None:
    page: Page = watched.page
    watched.open("/people/new")
    page.fill("#f-name", "尉迟明月")
    page.fill("#f-community", "620102001001")
    save(watched)
    watched.open(DESK)
    assert not watched.scrolls_sideways()
    page.locator("section:has(h2:text-is('待接收的报到')) .desk-new a").click()
    page.fill("#f-person", "尉迟明月")
    page.fill("#f-organization", "兰州市示例局")
    page.fill("#f-community", "620102001001")
    page.fill("#f-slip_no", "中-0017")
    save(watched)


def accept_and_print(watched: Watched) -> None:
    page: Page = watched.page
    press(watched, "待接收的报到", "尉迟明月", "接收")
    expect(page.locator("main")).to_contain_text("已完成「接收」")
    report_of(watched)
    page.click("main >> text=社区报到回执")
    expect(page.locator("main")).to_contain_text("SBD-620102001001-")
    expect(page.locator("main")).to_contain_text("尉迟明月")
    page.emulate_media(media="print")
    assert not watched.scrolls_sideways()
    page.emulate_media(media="screen")


def confirm_service(watched: Watched, day: dt.date) -> None:
    page: Page = watched.page
    watched.open(f"{DESK}/service-entries/new")
    page.fill("#f-person", "尉迟明月")
    page.fill("#f-community", "620102001001")
    page.fill("#f-start", f"{day}T09:00")
    page.fill("#f-end", f"{day}T11:30")
    page.fill("#f-content", "修水管")
    page.select_option("#f-nature", label="自愿服务")
    save(watched)
    press(watched, "待确认的服务", "尉迟明月", "确认")
    expect(page.locator("main")).to_contain_text("已完成「确认」")


def transfer(watched: Watched) -> None:
    page: Page = watched.page
    report_of(watched)
    page.click("main >> text=申请转移")
    page.fill("#f-community", "620102001002")
    page.click("button:has-text('预览申请转移') >> nth=-1")
    expect(page.locator("main")).to_contain_text("最迟放行日期")
    page.click("button:has-text('确认申请转移') >> nth=-1")
    press(watched, "待放行的转移", "尉迟明月", "放行")
    page.click("button:has-text('确认放行') >> nth=-1")
    expect(page.locator("main")).to_contain_text("已完成「放行」")


def tell_employer(watched: Watched, day: dt.date) -> None:
    page: Page = watched.page
    watched.open(f"{DESK}/feedbacks/new")
    page.fill("#f-organization", "兰州市示例局")
    page.fill("#f-community", "620102001001")
    quarter = (day.month - 1) // 3
    page.fill("#f-period", f"{day.year}-Q{quarter}" if quarter else f"{day.year - 1}-Q4")
    save(watched)


def test_a_worker_and_a_liaison_do_their_daily_work_at_360_pixels(
    open_page: Open, site: Site
) -> None:
    worker = open_page(**NARROW, java_script_enabled=False)
    liaison = open_page(**NARROW)
    sign_in(worker.page, site, "secretary")
    sign_in(liaison.page, site, "liaison")
    day = dt.date.today() - dt.timedelta(days=1)  # noqa: DTZ011 – the server's own day, too
    enter_slip(worker)
    accept_and_print(worker)
    confirm_service(worker, day)
    transfer(worker)
    tell_employer(worker, dt.date.today())  # noqa: DTZ011 – likewise
    liaison.open(DESK)
    assert not liaison.scrolls_sideways()
    press(liaison, "待回执的服务反馈", "畅家巷社区", "回执")
    expect(liaison.page.locator("main")).to_contain_text("已完成「回执」")
    expect(liaison.page.locator("main")).to_contain_text("没有待回执的服务反馈")
    assert worker.complaints == liaison.complaints == []
