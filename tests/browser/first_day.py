"""An administrator's first day in ten tasks, by pages alone; what came of it is asked elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.faults.conftest import Server

UNIT = "兰州市示例局"
OWN = "清晨的黄河边有人跑步"
DISTRICT, STREET, HOME = "620102000000", "620102001000", "620102001001"
DIVISIONS = """代码,名称,类别,上级
620100000000,兰州市,市,
620102000000,城关区,区县,620100000000
620102001000,酒泉路街道,街道,620102000000
620102001001,畅家巷社区,社区,620102001000
620102001002,金石巷社区,社区,620102001000
620102002000,张掖路街道,街道,620102000000
620102002001,大众巷社区,社区,620102009000
"""
RESIDENTS = """姓名,性别,出生日期,手机号,居住社区
慕容雪,女,1986-03-08,13800001111,620102001001
宇文成,男,1979-11-02,1380013,620102001001
令狐东,男,1991-07-21,13900002222,620102001001
"""
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
NARROW: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "java_script_enabled": False,
}
LOOKS = (
    "sign-in", "password", "start", "communities-check", "communities-tree", "plugins",
    "plugin-enable", "setting", "account-new", "account-password", "people-check", "people-done",
    "report-new", "desk", "receipt", "sheet", "verify", "indicator", "account-locked", "timeline",
)  # fmt: skip
"""The steps of which the administrator's guide has a picture, in the order they come."""


@dataclass
class Day:
    """The instance, the browsers of those who work on it, and how a step is pictured."""

    server: Server
    browser: Browser
    options: dict[str, Any]
    look: Callable[[Page, str], None] = lambda page, name: None
    passwords: dict[str, str] = field(default_factory=dict)
    people: dict[str, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def visitor(self) -> Page:
        """A page of somebody who has not signed in."""
        page = self.browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce", **self.options
        ).new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def close(self) -> None:
        """Everybody leaves."""
        for context in self.browser.contexts:
            if any(page.url.startswith(self.address) for page in context.pages):
                context.close()

    def sign_in(self, name: str, password: str, page: Page | None = None) -> Page:
        """Somebody before the first page that they see."""
        page = page or self.visitor()
        self.open(page, "/sign-in")
        page.fill("#f-name", name)
        page.fill("#f-password", password)
        page.click("main button")
        return page

    def open(self, page: Page, path: str) -> None:
        page.goto(self.address + path)

    def go(self, page: Page, entry: str) -> None:
        """Choose an entry of the menu, which a small screen folds, in its group."""
        narrow = page.locator(".menu > summary").is_visible()
        if narrow:
            page.click(".menu > summary")
        link = page.locator(".menu nav a" if narrow else ".side nav a", has_text=entry).first
        if not link.is_visible():
            link.locator("xpath=ancestor::details[1]/summary").click()
        link.click()

    def run(self, *words: str) -> Any:
        """What a command answers."""
        return json.loads(self.server.run(*words, "--json"))

    def get(self, page: Page, path: str) -> Any:
        """What the API answers to whoever is signed in on the page."""
        answer = page.context.request.get(f"{self.address}/api/v1{path}")
        assert answer.ok, (path, answer.text())
        return answer.json()


def says(page: Page, *sentences: str) -> None:
    """The page says it, and nothing stands beyond its edge."""
    for sentence in sentences:
        expect(page.locator("main")).to_contain_text(sentence, timeout=20_000)
    page.wait_for_load_state()  # before its style sheets are there, a page may be wider
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide), page.url


def press(page: Page, words: str) -> None:
    page.locator(f"main :is(button, a.btn):visible:has-text('{words}')").last.click()


def send(page: Page, name: str, table: str) -> None:
    """Upload a table and have it checked."""
    file = {"name": name, "mimeType": "text/csv", "buffer": table.encode()}
    page.set_input_files("#f-file", [file])
    press(page, "上传并检查")


def first_sign_in(day: Day) -> Page:
    """1. The one-time password becomes one's own, and the first page says how to begin."""
    told = day.run("init", "--admin", "boss", "--root", "620100000000")
    day.server.start()
    boss = day.visitor()
    day.open(boss, "/sign-in")
    day.look(boss, "sign-in")
    day.sign_in("boss", told["password"], boss)
    choose_password(day, boss, told["password"], look=True)
    says(boss, "您好，boss", "起步", "已完成 2 / 6")
    day.look(boss, "start")
    [account] = day.get(boss, "/accounts")["items"]
    assert account["name"] == "boss"
    return boss


def choose_password(day: Day, page: Page, old: str, *, look: bool = False) -> None:
    """Change the password one was handed into one's own."""
    for name, said in (("old", old), ("password", OWN), ("again", OWN)):
        page.fill(f"#f-{name}", said)
    if look:
        day.look(page, "password")
    press(page, "修改密码")
    says(page, "密码已修改")


def plant_communities(day: Day, boss: Page) -> None:
    """2. A table of divisions with a mistake is refused, mended and taken in."""
    boss.click("main >> text=导入社区与网格")
    send(boss, "城关区.csv", DIVISIONS)
    says(boss, "有 1 行需要修改", "第 8 行 上级：没有代码为「620102009000」的社区")
    day.look(boss, "communities-check")
    press(boss, "换一个文件")
    send(boss, "城关区.csv", DIVISIONS.replace("620102009000", "620102002000"))
    press(boss, "导入 7 行")
    says(boss, "写入了 7 行")
    press(boss, "查看社区")
    for name in ("城关区", "酒泉路街道"):
        boss.click(f".tree >> text={name}")
    says(boss, "畅家巷社区", "金石巷社区")
    day.look(boss, "communities-tree")
    found = day.get(boss, f"/communities?within={DISTRICT}")["items"]
    assert (
        sorted(one["kind"] for one in found)
        == ["community"] * 3 + ["district"] + ["subdistrict"] * 2
    )


def switch_plugins(day: Day, boss: Page) -> None:
    """3. Two plugins for the district; one subdistrict takes over what another city does."""
    for plugin in ("双报到", "志愿服务与积分"):
        day.go(boss, "插件")
        if plugin == "双报到":
            day.look(boss, "plugins")
        row = boss.locator("main li", has_text=plugin)
        row.get_by_role("button", name="安装").click()
        says(boss, "已安装")
        row.get_by_role("link", name="详情").click()
        boss.get_by_role("link", name="启用…").first.click()
        boss.fill("#f-at", DISTRICT)
        if plugin == "双报到":
            day.look(boss, "plugin-enable")
        press(boss, "启用")
        says(boss, "插件已启用", "城关区")
    day.go(boss, "设置")
    boss.fill("#at", STREET)
    press(boss, "查看")
    boss.click("main a:text-is('海林')")
    says(boss, "每季度一次")
    boss.fill("#f-basis", "酒办发〔2026〕8号")
    press(boss, "采用")
    says(boss, "已设置。")
    for place, holds in ((STREET, "quarter"), (DISTRICT, "any")):
        told = day.get(boss, f"/settings/volunteer_points.redeem_every?at={place}")
        assert told["value"] == holds


def set_a_rule(day: Day, boss: Page) -> None:
    """4. From next year the district asks twelve hours a year, and says on what basis."""
    day.go(boss, "设置")
    boss.fill("#at", DISTRICT)
    press(boss, "查看")
    boss.click("main >> text=年度服务时长")
    boss.fill("#f-value", "12")
    boss.fill("#f-from", "2027-01-01")
    press(boss, "设置")
    says(boss, "还没有保存", "请写明依据")
    boss.fill("#f-basis", "城办发〔2026〕12号")
    boss.fill("#f-approved_by", "区委组织部部务会")
    press(boss, "设置")
    says(boss, "已设置。", "还没有到生效的日期", "城办发〔2026〕12号")
    day.look(boss, "setting")
    for on, holds in (("2026-12-31", "0"), ("2027-01-01", "12")):
        key = "/settings/dual_reporting.annual_hours"
        assert day.get(boss, f"{key}?at={HOME}&on={on}")["value"] == holds


def make_accounts(day: Day, boss: Page) -> None:
    """5. A unit is registered; a secretary, a worker and the unit's liaison get their accounts."""
    day.go(boss, "组织")
    press(boss, "新建组织")
    boss.fill("#f-name", UNIT)
    boss.select_option("#f-kind", label="机关")
    boss.fill("#f-no_uscc_reason", "正在核对")
    boss.fill("#f-community", HOME)
    press(boss, "保存")
    says(boss, "已新建", UNIT)
    colleagues = {
        "wang": ("社区工作者", "#f-at", HOME),
        "shuji": ("社区书记", "#f-at", HOME),
        "lian": ("单位联络员", "#f-unit", UNIT),
    }
    for name, (role, where, place) in colleagues.items():
        day.go(boss, "账号")
        press(boss, "新建账号")
        boss.fill("#f-name", name)
        boss.select_option("#f-role", label=role)
        boss.fill(where, place)
        if name == "wang":
            day.look(boss, "account-new")
        press(boss, "保存")
        says(boss, "一次性密码")
        if name == "wang":
            day.look(boss, "account-password")
        day.passwords[name] = boss.locator(".one-time code").inner_text()
        press(boss, "我已记下，继续")
        says(boss, "角色与范围", role)
    granted = {one["role"] for one in day.get(boss, "/grants")["items"]}
    assert granted >= {"community_worker", "community_secretary", "unit_liaison"}


def import_people(day: Day, boss: Page) -> None:
    """6. The worker signs in and brings the register; the wrong row is mended and brought too."""
    worker = day.sign_in("wang", day.passwords["wang"])
    choose_password(day, worker, day.passwords["wang"])
    day.go(worker, "人员")
    press(worker, "从表格导入")
    send(worker, "畅家巷社区居民.csv", RESIDENTS)
    says(worker, "有 1 行需要修改", "手机号码应为 11 位，现在是 7 位", "138****1111")
    day.look(worker, "people-check")
    worker.check("#f-skip")
    press(worker, "导入 2 行")
    says(worker, "写入了 2 行", "跳过了有误的 1 行")
    day.look(worker, "people-done")
    with worker.expect_download() as wrong:
        worker.click("main a:text-is('CSV')")
    table = wrong.value.path().read_text("utf-8-sig")
    press(worker, "再导入一个文件")
    send(worker, "有误的行.csv", table.replace("1380013", "13800133333"))
    press(worker, "导入 1 行")
    says(worker, "写入了 1 行")
    press(worker, "查看人员")
    found = day.get(worker, "/people")["items"]
    assert {one["name"] for one in found} == {"慕容雪", "宇文成", "令狐东"}


def accept_a_report(day: Day, boss: Page) -> None:
    """7. Somebody reports on paper; the secretary enters it and accepts it at the desk."""
    secretary = day.sign_in("shuji", day.passwords["shuji"])
    choose_password(day, secretary, day.passwords["shuji"])
    press(secretary, "双报到")
    panel = secretary.locator("section", has=secretary.locator("h2:text-is('待接收的报到')"))
    panel.locator(".desk-new a").click()
    for name, said in (("person", "慕容雪"), ("organization", UNIT), ("community", HOME)):
        secretary.fill(f"#f-{name}", said)
    secretary.fill("#f-slip_no", "中-0017")
    day.look(secretary, "report-new")
    press(secretary, "保存")
    says(secretary, "已新建")
    day.go(secretary, "概览")
    says(secretary, "1 条报到记录", "去接收")
    press(secretary, "双报到")
    day.look(secretary, "desk")
    panel.locator("tbody tr", has_text="慕容雪").locator(".buttons >> text=接收").first.click()
    says(secretary, "已完成「接收」")
    day.go(secretary, "报到记录")
    secretary.click("main tbody a >> nth=0")
    secretary.click("main a[href^='/documents/'] >> nth=0")
    secretary.wait_for_url("**/documents/*")
    says(secretary, "慕容雪", "SBD-620102001001-")
    day.look(secretary, "receipt")
    [report] = day.get(secretary, "/dual-reporting/reports")["items"]
    assert (report["state"], report["person"]["name"]) == ("accepted", "慕容雪")
    day.people["shuji"] = secretary


def issue_a_ledger(day: Day, boss: Page) -> None:
    """8. The quarter's ledger goes to the subdistrict on paper; whoever gets it can verify it."""
    secretary = day.people["shuji"]
    day.open(secretary, "/")
    day.go(secretary, "台账和报表")
    secretary.click("main a:text-is('社区报到登记表')")
    says(secretary, "畅家巷社区报到登记表", "慕容雪", "共 1 行")
    day.look(secretary, "sheet")
    press(secretary, "开具文书")
    code = secretary.locator("main .code, main code").first.inner_text()
    stranger = day.visitor()
    day.open(stranger, "/verify")
    stranger.fill("input[name=code]", code)
    press(stranger, "核验")
    says(stranger, "现在有效", "社区报到登记表")
    expect(stranger.locator("main")).not_to_contain_text("慕容雪")
    day.look(stranger, "verify")


def read_figures(day: Day, boss: Page) -> None:
    """9. The figures of the month, place by place; a command tells the same."""
    day.go(boss, "指标")
    boss.click("main >> text=在册报到人数")
    says(boss, "1 人", "城关区")
    day.look(boss, "indicator")
    told = day.run("indicators", "show", "dual_reporting.reporting", "--within", DISTRICT)
    assert told["total"]["figures"][0]["value"] == 1


def help_out(day: Day, boss: Page) -> None:
    """10. A forgotten password; and the timeline says who changed what is known of somebody."""
    for _time in range(5):
        day.sign_in("wang", "记不清了", day.visitor())
    day.go(boss, "账号")
    boss.click("main tbody a:has-text('wang')")
    says(boss, "锁定至")
    day.look(boss, "account-locked")
    press(boss, "重设密码")
    press(boss, "确认重设密码")
    fresh = boss.locator(".one-time code").inner_text()
    worker = day.sign_in("wang", fresh)
    choose_password(day, worker, fresh)
    day.go(worker, "人员")
    worker.click("main tbody a:has-text('慕容雪')")
    press(worker, "修改")
    worker.fill("#f-phone", "13800009999")
    worker.select_option("#f-status", label="流动")
    press(worker, "保存")
    says(worker, "已保存", "138****9999")
    day.go(boss, "人员")
    boss.click("main tbody a:has-text('慕容雪')")
    boss.click("main >> text=时间线")
    says(boss, "修改 · wang", "已修改（内容受保护）", "常住", "流动")
    day.look(boss, "timeline")
    done = day.run("audit", "verify")
    assert done["ok"]


TASKS: tuple[Callable[[Day, Page], None], ...] = (
    plant_communities,
    switch_plugins,
    set_a_rule,
    make_accounts,
    import_people,
    accept_a_report,
    issue_a_ledger,
    read_figures,
    help_out,
)


def walk(day: Day) -> None:
    """The whole day."""
    boss = first_sign_in(day)
    for task in TASKS:
        task(day, boss)
    assert day.complaints == []
