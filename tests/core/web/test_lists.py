"""Lists: found by name, narrowed, sorted, paged, counted on demand, handed over as files."""

from __future__ import annotations

import re

import pytest

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import Visit, Visitor


@pytest.fixture
def crowd(instance: Instance) -> None:
    for number in range(25):
        sex = "male" if number % 2 else "female"
        world.person(instance, f"王小{chr(0x4E00 + number)}", sex=sex)
    world.person(instance, "李四", at=world.NEIGHBOUR)


def names_in(page: str) -> list[str]:
    row = r'<th role="rowheader" scope="row"[^>]*>(?:<label.+?</label>)?<a href="[^"]+">([^<]+)<'
    return re.findall(row, page)


def following(page: str, text: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{text}</a>', page)
    assert found is not None, text
    return found.group(1).replace("&amp;", "&")


def test_a_list_goes_on_page_by_page_and_back_to_the_first(worker: Visitor, crowd: None) -> None:
    page = worker.text("/people?sort=name")
    first = names_in(page)
    assert len(first) == 20 and first == sorted(first)
    rest = worker.text(following(page, "下一页"))
    assert len(names_in(rest)) == 6 and "没有更多了" in rest
    assert names_in(worker.text(following(rest, "回到第一页"))) == first


def test_a_list_is_narrowed_by_search_menu_and_place(worker: Visitor, crowd: None) -> None:
    assert names_in(worker.text("/people?q=ls")) == ["李四"]
    assert names_in(worker.text(f"/people?within={world.NEIGHBOUR}")) == ["李四"]
    assert names_in(worker.text("/people?within=张家园社区")) == ["李四"]
    page = worker.text("/people?sex=male&q=&status=")
    assert len(names_in(page)) == 12
    assert "性别：男" in page and '<option value="male" selected>' in page
    assert following(page, "清除全部") == "/people"


def test_rows_are_counted_when_asked_for(worker: Visitor, crowd: None) -> None:
    page = worker.text("/people?sex=male")
    assert "共 " not in page
    assert "共 12 条" in worker.text(following(page, "统计条数"))


def test_a_heading_sorts_one_way_and_then_the_other(worker: Visitor, crowd: None) -> None:
    page = worker.text("/people")
    up = re.search(r'href="([^"]*sort=name[^"]*)"', page)
    assert up is not None
    page = worker.text(up.group(1))
    assert 'aria-sort="ascending"' in page and "sort=-name" in page


def test_an_empty_list_says_what_to_do_next(worker: Visitor, crowd: None) -> None:
    page = worker.text("/people?q=没有这个人")
    assert "没有符合条件的人员" in page and following(page, "清除筛选") == "/people"
    empty = worker.text("/organizations")
    assert "这里还没有组织" in empty and "/organizations/new" in empty


def test_files_are_offered_to_those_who_may_take_them(
    worker: Visitor, visit: Visit, crowd: None
) -> None:
    page = worker.text("/people?sex=male")
    link = following(page, "导出 CSV")
    assert link == "/api/v1/people/export?format=csv&sex=male"
    answer = worker.get(link)
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    assert answer.text.count("male") == 12
    for link in (following(page, "导出 XLSX"), following(page, "导出 台账")):
        answer = worker.get(link)
        assert answer.status_code == 200 and answer.data.startswith(b"PK")
    assert "导出 CSV" not in visit("grid_worker", at=world.HOME).text("/people")


@pytest.mark.parametrize(
    ("query", "status"),
    [("foo=1", 400), ("sort=phone", 400), ("cursor=x", 400), ("sex=x", 400), ("phone=1", 400),
     ("within=999", 422), ("limit=0", 400), ("limit=5", 200), ("created_at__gte=x", 400)],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_what_can(
    worker: Visitor, crowd: None, query: str, status: int
) -> None:
    assert worker.get(f"/people?{query}").status_code == status


def test_large_type_shows_fewer_rows(worker: Visitor, crowd: None) -> None:
    worker.client.set_cookie("size", "large")
    page = worker.text("/people")
    assert len(names_in(page)) == 10 and 'class="large"' in page
