"""The dated tree on pages: actions on the record, closed nodes on demand."""

from __future__ import annotations

import html
import re

from lifang.builtin.households import households
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.services.gateway import write
from lifang.testing import world
from tests.core.builtin.trees import BASIS, decree, node
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
    assert "畅家巷社区（已停用）" not in tree
    on_demand = re.search(r'href="(/communities\?closed=true[^"]*)"', tree)
    assert on_demand is not None
    shown = admin.text(html.unescape(on_demand.group(1)))
    assert "畅家巷社区（已停用）" in shown
    link = re.search(r'href="(/communities\?at=[^"]+%40[^"]+)#main"', shown)
    assert link is not None
    chosen = html.unescape(link.group(1))
    page = admin.text(chosen)
    assert f"/communities/{gone.id}" in page
    listed = re.search(r'href="(/households\?within=[^"]+)"', page)
    assert listed is not None
    assert "7-7" in admin.text(html.unescape(listed.group(1)))
    record = admin.text(f"/households/{made.id}")
    assert "畅家巷社区（已停用）" in record
    assert f"/households/{made.id}/actions/place" in record
    write(households, "place", boss, {"community": {"code": "e2"}}, int(made.id))
    assert "/actions/place" not in admin.text(f"/households/{made.id}")


def test_a_page_lists_on_the_tree_of_then_and_says_so_as_a_command(
    visit: Visit, boss: Caller
) -> None:
    page = visit("district_admin").text(f"/households?within={world.HOME}&tree=then")
    assert f"--within {world.HOME} --tree then" in html.unescape(page)
