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


def test_chosen_columns_are_kept_for_the_list_and_its_tables(worker: Visitor, crowd: None) -> None:
    usual = worker.text("/people")
    assert "居住社区</th>" in usual and "手机号</" not in usual.split("<tbody")[0]
    form = {"list": "core.people", "columns": ["phone", "status"], "back": "/people?q=ls"}
    assert worker.post("/looks", form).headers["Location"] == "/people?q=ls"
    page = worker.text("/people?q=ls")
    heading = page.split("<thead")[1].split("</thead>")[0]
    assert re.findall(r"姓名|手机号|状态|性别|居住社区", heading) == ["姓名", "手机号", "状态"]
    file = worker.get(following(page, "导出 CSV")).get_data(as_text=True)
    assert file.splitlines()[0].lstrip("\ufeff") == "id,name,phone,status"
    assert "李四" in file and file.count("\n") == 2
    assert "columns" not in following(page, "导出 JSON"), "programs get whole records"
    assert "组织" in worker.text("/organizations").split("<thead")[0], (
        "other lists are as they were"
    )
    shared = worker.text("/people?columns=sex").split("<thead")[1].split("</thead>")[0]
    assert "性别" in shared and "手机号" not in shared, "an address says more than what was kept"
    worker.post("/looks", {"list": "core.people", "back": "/people"})
    assert "居住社区" in worker.text("/people").split("<thead")[1].split("</thead>")[0]
    for nonsense in ("/people?columns=nothing", "/api/v1/people/export?columns=nothing"):
        answer = worker.get(nonsense)
        assert answer.status_code == 400 and "没有「nothing」这一列" in answer.text
    assert worker.post("/looks", {"list": "core.people|x", "back": "/"}).status_code == 400


def test_a_list_is_narrowed_by_a_span_of_days(worker: Visitor, instance: Instance) -> None:
    for day in ("2026-01-01", "2026-11-30", ""):
        unit = world.organization(instance, f"单位{day}")
        told = {"organization": str(unit.id), "community": world.HOME, "kind": "serves"}
        assert worker.post("/affiliations/new", {**told, "from_date": day}).status_code == 303
    page = worker.text("/affiliations?from_date__gte=2026-01-01&from_date__lte=")
    assert 'name="from_date__gte" value="2026-01-01"' in page and "开始日期 ≥ 2026-01-01" in page
    assert page.count('name="from_date__gte"') == 1, "the form does not say it twice"
    assert page.count('role="rowheader"') == 2
    assert 'role="rowheader"' not in worker.text("/affiliations?from_date__lte=2020-12-31")
