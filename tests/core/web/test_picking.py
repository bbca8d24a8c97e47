"""What a field offers while somebody types: enough to choose by, and never beyond their reach."""

from __future__ import annotations

import html
import re

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import Visitor

Offered = dict[str, str]


def offered(page: str) -> Offered:
    """What each choice puts into the field, and what is said of it."""
    found = re.findall(r'<li role="option"[^>]*data-value="([^"]+)">(.*?)</li>', page, re.DOTALL)
    return {html.unescape(value): re.sub(r"<[^>]+>", " ", told).strip() for value, told in found}


def test_people_are_offered_with_what_tells_them_apart(worker: Visitor, instance: Instance) -> None:
    here = world.person(instance, "张伟", phone="13800001234")
    there = world.person(instance, "张伟民", at=world.NEIGHBOUR)
    far = world.person(instance, "张伟国", at=world.FOREIGN)
    page = worker.text("/people/pick?q=张伟")
    told = offered(page)
    assert set(told) == {f"张伟 #{here.id}", f"张伟民 #{there.id}"}, "nobody out of reach"
    assert "138****1234" in told[f"张伟 #{here.id}"] and "畅家巷社区" in told[f"张伟 #{here.id}"]
    assert "13800001234" not in page and 'data-said="2 条可选"' in page
    assert list(offered(worker.text(f"/people/pick?q={here.id}"))) == [f"张伟 #{here.id}"]
    assert not offered(worker.text(f"/people/pick?q={far.id}"))
    assert not offered(worker.text("/people/pick?q=没有这个人"))


def test_what_is_offered_is_what_a_form_understands(worker: Visitor, instance: Instance) -> None:
    world.person(instance, "张伟")
    chosen = next(iter(offered(worker.text("/people/pick?q=zw"))))
    unit = world.organization(instance, "示例图书馆")
    [organization] = offered(worker.text("/organizations/pick?q=图书"))
    assert organization == f"示例图书馆 #{unit.id}"
    [place] = offered(worker.text(f"/communities/pick?q={world.NEIGHBOUR}"))
    form = worker.text("/memberships/new")
    assert 'data-pick="/people/pick"' in form and 'data-pick="/organizations/pick"' in form
    told = {"person": chosen, "organization": organization}
    assert worker.post("/memberships/new", told).status_code == 303
    assert worker.post("/people/new", {"name": "李四", "community": place}).status_code == 303
    assert 'data-pick="/communities/pick"' in worker.text("/people"), "a list's place, too"


def test_the_tree_opens_a_branch_at_a_time_from_where_ones_own_part_begins(
    worker: Visitor,
) -> None:
    top = worker.text("/communities/pick?at=")
    assert f"#{world.CHENGGUAN}" in top and world.QILIHE not in top
    below = worker.text(f"/communities/pick?at={world.CHENGGUAN}")
    assert 'data-at="620102001000"' in below and f"#{world.HOME}" not in below
    streets = worker.text("/communities/pick?at=620102001000")
    assert f"#{world.HOME}" in streets and "选择「酒泉路街道」" in streets
    for beyond in (world.FOREIGN, "张掖"):
        assert worker.text(f"/communities/pick?at={beyond}") == top, "as if nothing had been said"


def test_who_may_not_look_is_offered_nothing(
    worker: Visitor, resident: Visitor, stranger: Visitor, instance: Instance
) -> None:
    other = world.person(instance, "居民乙", phone="13800001234")
    assert stranger.get("/people/pick?q=居民").status_code == 303
    worker.text("/admin/accounts/pick?q=a", status=404)
    assert f"居民乙 #{other.id}" in offered(worker.text("/people/pick?q=居民"))
    seen = resident.get("/people/pick?q=居民")
    assert "居民乙" not in seen.text
