"""The dated tree on pages: actions on the record, closed nodes on demand."""

from __future__ import annotations

import datetime as dt
import html
import re

from lifang.builtin.households import households
from lifang.entities.caller import Caller
from lifang.entities.household import Household
from lifang.kit import clock
from lifang.services.gateway import write
from lifang.testing import world
from tests.core.builtin.trees import BASIS, YEAR, decree, node
from tests.core.web.conftest import Visit

TODAY = str(clock.today())


def test_the_record_page_offers_what_can_be_done_and_asks_what_it_needs(
    visit: Visit, boss: Caller
) -> None:
    home = node(world.HOME)
    admin, page = visit("district_admin", at=world.CHENGGUAN), f"/communities/{home.id}"
    links = set(re.findall(rf"{page}/actions/(\w+)", admin.text(page)))
    assert links == {"rename", "recode", "transfer", "merge", "split", "close"}
    form = admin.text(f"{page}/actions/split")
    assert "<textarea" in form
    assert "每行一个" in form
    told = {"into": "e1 东社区\ne2 西社区", "date": TODAY, "basis": BASIS}
    shown = admin.post(f"{page}/actions/split", told)
    assert "涉及的记录" in shown.text
    seen = re.search(r'name="seen" value="(\w+)"', shown.text)
    assert seen is not None
    assert admin.post(f"{page}/actions/split", {**told, "seen": seen.group(1)}).status_code == 303
    assert node("e1").parent.code == "620102001000"
    links = set(re.findall(rf"{page}/actions/(\w+)", admin.text(page)))
    assert links == {"reopen"}
    worker = visit("community_worker", at="e1")
    assert "/actions/" not in worker.text(f"/communities/{node('e1').id}")


def test_the_tree_shows_closed_nodes_only_on_demand(visit: Visit, boss: Caller) -> None:
    gone = node(world.HOME)
    made = write(households, "create", boss, {"number": "7-7", "community": gone.id})
    decree(boss, "split", gone, TODAY, into=f"{world.HOME} 新畅家巷社区\ne2 西社区")
    admin = visit("district_admin", at=world.CHENGGUAN)
    tree = admin.text("/communities?at=620102001000")
    assert "畅家巷社区（" not in tree
    on_demand = re.search(r'href="(/communities\?closed=true[^"]*)"', tree)
    assert on_demand is not None
    shown = admin.text(html.unescape(on_demand.group(1)))
    assert f'畅家巷社区<span class="d-inline-block">（{TODAY} 停用）' in shown
    link = re.search(r'href="(/communities\?at=[^"]+%40[^"]+)#main"', shown)
    assert link is not None
    chosen = html.unescape(link.group(1))
    page = admin.text(chosen)
    for told in (page, admin.text(f"/communities/{gone.id}")):
        assert "沿革" in told
        assert "拆分为「新畅家巷社区」50%、「西社区」50%" in told
    assert "由「畅家巷社区」拆分而来" in admin.text("/communities?at=e2")
    listed = re.search(r'href="(/households\?within=[^"]+)"', page)
    assert listed is not None
    assert "7-7" in admin.text(html.unescape(listed.group(1)))
    record = admin.text(f"/households/{made.id}")
    assert "畅家巷社区（已停用）" in record
    assert f"/households/{made.id}/actions/place" in record
    write(households, "place", boss, {"community": {"code": "e2"}}, int(made.id))
    assert "/actions/place" not in admin.text(f"/households/{made.id}")


def past_of(page: str) -> list[str]:
    """What a page tells of a community's past: the day and the words of each turn."""
    told = page.split('id="turns"')[1].split("</section>")[0]
    found = re.findall(r"<time[^>]*>([^<]+)</time><span>([^<]+)</span>", told)
    return [f"{day} {html.unescape(words)}" for day, words in found]


def test_a_community_tells_its_past_by_day_within_what_its_reader_sees(
    visit: Visit, boss: Caller
) -> None:
    days = [str(YEAR + dt.timedelta(days=n)) for n in range(7)]
    home = int(node(world.HOME).id)
    decree(boss, "rename", world.HOME, days[0], name="新巷社区")
    decree(boss, "recode", world.HOME, days[1], code="x1")
    decree(boss, "transfer", "x1", days[2], parent={"code": "620103001000"})
    decree(boss, "close", "x1", days[3])
    decree(boss, "reopen", node("x1", closed=True), days[4])
    decree(boss, "merge", world.FOREIGN, days[5], into=home)
    whole = [
        f"{days[5]} 「下西园社区」并入",
        f"{days[4]} 重新启用",
        f"{days[3]} 停用",
        f"{days[2]} 由「酒泉路街道」划归「西园街道」",
        f"{days[1]} 编号由 {world.HOME} 改为 x1",
        f"{days[0]} 由「畅家巷社区」更名为「新巷社区」",
    ]
    boss_pages = visit("district_admin")
    for path in ("/communities?at=x1", f"/communities/{home}"):
        assert past_of(boss_pages.text(path)) == whole
    seen = past_of(visit("district_admin", at=world.QILIHE).text("/communities?at=x1"))
    assert seen == [*whole[:3], f"{days[2]} 由「—」划归「西园街道」", *whole[4:]]
    street = node("620103001000")
    decree(boss, "split", street, days[6], into="s1 东街道: x1；s2 西街道")
    assert f"{days[6]} 原上级「西园街道」停用，改属「东街道」" in past_of(
        boss_pages.text("/communities?at=x1"))  # fmt: skip
    assert 'id="turns"' not in boss_pages.text(f"/communities?at={world.NEIGHBOUR}")


def test_a_page_lists_on_the_tree_of_then_and_says_so_as_a_command(
    visit: Visit, boss: Caller
) -> None:
    page = visit("district_admin").text(f"/households?within={world.HOME}&tree=then")
    assert f"--within {world.HOME} --tree then" in html.unescape(page)


def links(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [(html.unescape(link), text.strip()) for link, text in found]


def by_text(told: list[tuple[str, str]]) -> dict[str, str]:
    return {text: link for link, text in told}


def test_a_list_within_a_place_is_switched_between_the_trees_of_now_and_of_then(
    visit: Visit, boss: Caller
) -> None:
    xiyuan = "620103001000"
    for number in range(25):
        for code in (world.HOME, world.FOREIGN):
            data = {"number": f"{code}-{number:02}", "community": {"code": code}}
            write(households, "create", boss, data)
    Household.update(created_at=clock.now() - dt.timedelta(days=9)).execute()
    decree(boss, "transfer", world.HOME, TODAY, parent={"code": xiyuan})
    admin = visit("district_admin")
    assert "按当时的区划" not in admin.text("/households?tree=then")
    page = admin.text(f"/households?within={xiyuan}&sort=number")
    assert "跟着算到现在所属的地方" in page
    switch = by_text(links(page))["按当时的区划"]
    assert f"{world.HOME}-00" in page
    page = admin.text(switch)
    assert "算在它登记（或发生）那一天所属的地方" in page
    assert f"{world.HOME}-00" not in page
    assert f"{world.FOREIGN}-00" in page
    kept = [(link, text) for link, text in links(page) if "within=" in link]
    back = f"/households?within={xiyuan}&sort=number"
    for link, text in kept:
        assert ("tree=then" in link) == (text != "按现在的区划"), (link, text)
    files = {"导出 CSV", "导出 XLSX", "导出 台账"}
    assert {"下一页", "统计条数", *files} <= by_text(kept).keys()
    assert "sort=-number" in "".join(link for link, _text in kept)
    assert by_text(kept)["按现在的区划"] in (
        back, f"/households?sort=number&within={xiyuan}")  # fmt: skip
    following = by_text(kept)["下一页"]
    assert f"{world.HOME}-" not in admin.text(following)
    assert '<input type="hidden" name="tree" value="then">' in page
    assert "bulk-bar" not in page
    cleared = re.search(r'<a class="chip" href="([^"]+)">范围', page)
    assert cleared is not None
    assert "tree" not in cleared.group(1)


def test_a_ledger_says_that_it_is_on_the_tree_of_then(visit: Visit, boss: Caller) -> None:
    write(households, "create", boss, {"number": "1", "community": {"code": world.HOME}})
    admin = visit("district_admin")
    for tree in ("now", "then"):
        link = f"/api/v1/households/ledger?format=csv&within={world.HOME}&tree={tree}"
        assert ("按当时的区划" in admin.get(link).text) == (tree == "then")


def test_a_name_that_a_closed_node_shares_means_the_one_that_stands(
    visit: Visit, boss: Caller
) -> None:
    old, pages = node(world.HOME), visit("district_admin")
    write(households, "create", boss, {"number": "7-7", "community": int(old.id)})
    decree(boss, "split", old, YEAR, into=f"{world.HOME} 畅家巷社区\ne2 西社区")
    write(households, "create", boss, {"number": "8-8", "community": {"code": world.HOME}})
    for said in ("畅家巷社区", world.HOME):
        page = pages.text(f"/households?within={said}")
        assert ("8-8" in page, "7-7" in page) == (True, False)
    assert f"畅家巷社区 #{world.HOME}" in page
    decree(boss, "merge", "e2", TODAY, into={"code": world.HOME})
    page = pages.text("/households?within=西社区")
    assert f"范围：西社区（{TODAY} 停用）" in page
    form = pages.text("/households/new")
    assert "西社区" not in form
