"""An administrator's first day in ten tasks, by pages alone; what came of it is asked elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.faults.conftest import Server

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
LOOKS = ()


@dataclass
class Day:
    """The instance, the browsers of those who work on it, and how a step is pictured."""

    server: Server
    browser: Browser
    options: dict[str, Any]
    look: Callable[[Page, str], None] = lambda page, name: None
    passwords: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def visitor(self) -> Page:
        """A page of somebody who has not signed in."""
        page = self.browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce", **self.options
        ).new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

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
        """Choose an entry of the menu, which a small screen folds."""
        if page.locator(".menu summary").is_visible():
            page.click(".menu summary")
        page.locator("nav a:visible", has_text=entry).first.click()

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
        expect(page.locator("main")).to_contain_text(sentence)
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
    boss = day.sign_in("boss", told["password"])
    day.look(boss, "sign-in")
    says(boss, "修改密码")
    choose_password(day, boss, told["password"])
    says(boss, "您好，boss", "起步", "已完成 1 / 5")
    day.look(boss, "start")
    return boss


def choose_password(day: Day, page: Page, old: str) -> None:
    """Change the password one was handed into one's own."""
    for name, said in (("old", old), ("password", OWN), ("again", OWN)):
        page.fill(f"#f-{name}", said)
    day.look(page, "password")
    press(page, "修改密码")
    expect(page.locator(".notice")).to_contain_text("密码已修改")


def plant_communities(day: Day, boss: Page) -> None:
    """2. A table of divisions with a mistake is refused, mended and taken in."""
    boss.click("main >> text=导入社区与网格")
    day.look(boss, "communities-upload")
    send(boss, "城关区.csv", DIVISIONS)
    says(boss, "有 1 行需要修改", "620102009000")
    day.look(boss, "communities-check")
    press(boss, "换一个文件")
    send(boss, "城关区.csv", DIVISIONS.replace("620102009000", "620102002000"))
    says(boss, "导入 7 行")
    press(boss, "导入 7 行")
    says(boss, "写入了 7 行")
    boss.click("main >> text=查看社区")
    for name in ("城关区", "酒泉路街道"):
        boss.click(f".tree >> text={name}")
    day.look(boss, "communities-tree")


def switch_plugins(day: Day, boss: Page) -> None:
    """3. Two plugins for the district; one subdistrict takes over what another city does."""
    for plugin in ("双报到", "志愿服务与积分"):
        day.go(boss, "插件")
        day.look(boss, "plugins")
        row = boss.locator("main li", has_text=plugin)
        row.get_by_role("button", name="安装").click()
        says(boss, "已安装")
        boss.locator("main li", has_text=plugin).get_by_role("link", name="详情").click()
        day.look(boss, "plugin-new")
        boss.get_by_role("link", name="启用…").first.click()
        boss.fill("#f-at", DISTRICT)
        day.look(boss, "plugin-enable")
        press(boss, "启用")
        says(boss, "城关区")
    day.look(boss, "plugin-on")
    day.open(boss, f"/admin/settings?at={STREET}")
    day.look(boss, "settings")
    boss.click("main >> text=hailin")
    day.look(boss, "preset")
    boss.fill("#f-basis", "酒办发〔2026〕8号")
    press(boss, "采用")
    day.look(boss, "preset-done")


def set_a_rule(day: Day, boss: Page) -> None:
    """4. From next year the district asks twelve hours a year, and says on what basis."""
    day.open(boss, f"/admin/settings?at={DISTRICT}")
    boss.click("main >> text=年度服务时长")
    boss.fill("#f-value", "12")
    boss.fill("#f-from", "2027-01-01")
    press(boss, "设置")
    says(boss, "请写明依据")
    day.look(boss, "setting-wrong")
    boss.fill("#f-basis", "城办发〔2026〕12号")
    boss.fill("#f-approved_by", "区委组织部部务会")
    press(boss, "设置")
    says(boss, "已设置", "12", "城办发〔2026〕12号")
    day.look(boss, "setting")


def make_accounts(day: Day, boss: Page) -> None:
    """5. A unit is registered; a secretary, a worker and the unit's liaison get their accounts."""
    day.go(boss, "组织")
    press(boss, "新建组织")
    boss.fill("#f-name", "兰州市示例局")
    boss.select_option("#f-kind", label="机关")
    boss.fill("#f-no_uscc_reason", "正在核对")
    boss.fill("#f-community", HOME)
    day.look(boss, "organization-new")
    press(boss, "保存")
    day.look(boss, "organization")
    for name, told in {
        "shuji": ("社区书记", "#f-at", HOME),
        "wang": ("社区工作者", "#f-at", HOME),
        "lian": ("单位联络员", "#f-unit", "兰州市示例局"),
    }.items():
        day.go(boss, "账号")
        press(boss, "新建账号")
        boss.fill("#f-name", name)
        boss.select_option("#f-role", label=told[0])
        boss.fill(told[1], told[2])
        if name == "wang":
            day.look(boss, "account-new")
        press(boss, "保存")
        says(boss, "一次性密码")
        if name == "wang":
            day.look(boss, "account-password")
        day.passwords[name] = boss.locator(".one-time code").inner_text()
        press(boss, "我已记下，继续")
    day.look(boss, "account")


def import_people(day: Day, boss: Page) -> None:
    """6. The worker signs in and brings the register; the wrong row is mended and brought too."""
    worker = day.sign_in("wang", day.passwords["wang"])
    choose_password(day, worker, day.passwords["wang"])
    day.look(worker, "worker-home")
    day.go(worker, "人员")
    day.look(worker, "people-empty")
    press(worker, "导入")
    send(worker, "畅家巷社区居民.csv", RESIDENTS)
    says(worker, "有 1 行需要修改", "138****1111")
    day.look(worker, "people-check")
    worker.check("#f-skip")
    press(worker, "导入 2 行")
    says(worker, "写入了 2 行")
    day.look(worker, "people-done")
    with worker.expect_download() as wrong:
        worker.click("main a:text-is('CSV')")
    table = wrong.value.path().read_text("utf-8-sig")
    press(worker, "再导入一个文件")
    send(worker, "有误的行.csv", table.replace("1380013", "13800133333"))
    day.look(worker, "people-again")
    press(worker, "导入 1 行")
    says(worker, "写入了 1 行")
    press(worker, "查看人员")
    says(worker, "慕容雪", "宇文成")
    day.look(worker, "people")


def accept_a_report(day: Day, boss: Page) -> None:
    """7. Somebody reports on paper; the secretary enters it and accepts it at the desk."""
    secretary = day.sign_in("shuji", day.passwords["shuji"])
    choose_password(day, secretary, day.passwords["shuji"])
    day.open(secretary, "/")
    press(secretary, "双报到")
    day.look(secretary, "desk-empty")
    secretary.click("section:has(h2:text-is('待接收的报到')) .desk-new a")
    secretary.fill("#f-person", "慕容雪")
    secretary.fill("#f-organization", "兰州市示例局")
    secretary.fill("#f-community", HOME)
    secretary.fill("#f-slip_no", "中-0017")
    day.look(secretary, "report-new")
    press(secretary, "保存")
    says(secretary, "已新建")
    day.look(secretary, "report")
    day.open(secretary, "/")
    day.look(secretary, "waiting")
    press(secretary, "双报到")
    day.look(secretary, "desk")
    secretary.locator("tbody tr", has_text="慕容雪").locator(".buttons >> text=接收").first.click()
    says(secretary, "已完成「接收」")
    day.look(secretary, "desk-done")
    day.open(secretary, "/p/dual-reporting/reports")
    day.look(secretary, "reports")
    secretary.click("main tbody a >> nth=0")
    secretary.click("main >> text=社区报到回执")
    says(secretary, "慕容雪", "SBD-")
    day.look(secretary, "receipt")


def issue_a_ledger(day: Day, boss: Page) -> None:
    """8. The ledger of the month goes to the subdistrict on paper, which anybody can verify."""
    secretary = day.sign_in("shuji", OWN)
    day.go(secretary, "台账和报表")
    day.look(secretary, "sheets")
    secretary.click("main a >> nth=2")
    day.look(secretary, "sheet")


def read_figures(day: Day, boss: Page) -> None:
    """9. The figures of the month, subdistrict by subdistrict."""
    day.open(boss, "/")
    day.look(boss, "district-home")
    day.go(boss, "指标")
    day.look(boss, "indicators")
    boss.click("main >> text=在册报到人数")
    day.look(boss, "indicator")


def help_out(day: Day, boss: Page) -> None:
    """10. Somebody forgot the password; who changed a telephone number is found in the timeline."""
    worker = day.visitor()
    for _ in range(5):
        day.sign_in("wang", "记不清了", worker)
    says(worker, "锁定")
    day.look(worker, "locked")
    day.go(boss, "账号")
    day.look(boss, "accounts")
    boss.click("main tbody a:has-text('wang')")
    day.look(boss, "account-locked")


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


def walk(day: Day) -> Page:
    boss = first_sign_in(day)
    for task in TASKS:
        task(day, boss)
    return boss
