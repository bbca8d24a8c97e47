"""What an administrator does with the instance itself, in a browser without JavaScript.

Others do their own without it, too: `test_work` signs in, creates, imports and merges, `test_bulk`
treats many at once, `test_reporting` does a worker's day.
"""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.conftest import Open, Site

SETTINGS = "/admin/settings?at=620102000000"


def test_without_javascript_settings_are_set_moved_and_taken_in(open_page: Open) -> None:
    watched = open_page("boss", java_script_enabled=False)
    page, main = watched.page, watched.page.locator("main")
    watched.open("/admin/settings/volunteer-points/rounding?at=620102000000")
    page.select_option("#f-value", "half_hour")
    page.click("main form button:has-text('设置') >> nth=-1")
    expect(page.locator("#problems")).to_contain_text("请写明依据")
    page.select_option("#f-value", "half_hour")
    page.fill("#f-basis", "城志办〔2026〕3号")
    page.click("main form button:has-text('设置') >> nth=-1")
    expect(main).to_contain_text("已设置")
    watched.open(SETTINGS)
    line = {"plugin": "volunteer_points", "key": "rounding", "value": "one_hour",
            "at": "620102000000", "basis": "城志办〔2026〕4号", "since": "2027-01-01"}  # fmt: skip
    raw = json.dumps({"settings": [line]}).encode()
    told = {"name": "设置.json", "mimeType": "application/json", "buffer": raw}
    page.set_input_files("#f-file", [told])
    page.click("main button:has-text('核对')")
    expect(page.locator("h1")).to_contain_text("导入")
    watched.open("/admin/settings/volunteer-points/presets/hailin?at=620102000000")
    expect(page.locator("h1")).to_contain_text("海林")


def test_without_javascript_events_are_replayed_and_plugins_switched(
    open_page: Open, site: Site
) -> None:
    watched = open_page("boss", java_script_enabled=False)
    page, main = watched.page, watched.page.locator("main")
    watched.open("/admin/events?show=dead")
    page.check("input[name='bulk.id'] >> nth=0")
    page.select_option("select[name='bulk.verb']", "skip")
    page.click("text=下一步：核对")
    page.click("text=对 1 条：忽略")
    expect(page.locator("#problems")).to_be_visible()
    page.fill("#f-reason", "已经电话通知")
    page.click("text=对 1 条：忽略")
    expect(main).to_contain_text("忽略")
    expect(page.locator("#problems")).to_have_count(0)
    watched.open("/admin/plugins/bring")
    page.click("main button:has-text('先看计划')")
    expect(page.locator("#problems")).to_be_visible()
    watched.open("/admin/plugins/mail-notices/disable")
    expect(page.locator("h1")).to_be_visible()
    assert all("422" in one for one in watched.complaints)
