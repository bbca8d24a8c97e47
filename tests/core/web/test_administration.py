"""Administration: accounts with a password shown once, the audit trail, the first steps."""

from __future__ import annotations

import re

from lifang.app.http import create_app
from lifang.entities.account import Account
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import Visit, Visitor


def test_the_tree_tells_which_plugins_are_on_and_from_where(
    administrator: Visitor, reporting: None
) -> None:
    page = administrator.text(f"/communities?at={world.HOME}")
    assert "继承自 城关区" in page and 'aria-current="true"' in page
    assert "在此处启用" in administrator.text(f"/communities?at={world.CHENGGUAN}")
    assert "这里没有启用插件" in administrator.text(f"/communities?at={world.FOREIGN}")


def test_the_tree_opens_only_the_branches_on_the_way(administrator: Visitor, visit: Visit) -> None:
    page = administrator.text("/communities")
    assert "城关区" in page and "酒泉路街道" not in page
    page = administrator.text(f"/communities?at={world.CHENGGUAN}")
    assert "酒泉路街道" in page and "西园街道" not in page and "畅家巷社区" not in page
    worker = visit("community_worker", at="620102001000")
    page = worker.text("/communities")
    assert "酒泉路街道" in page and "畅家巷社区" in page and "?at=620102000000" not in page


def test_residents_and_liaisons_see_the_places_they_belong_to(
    visit: Visit, resident: Visitor, instance: Instance
) -> None:
    page = resident.text("/communities")
    assert "畅家巷社区" in page and "酒泉路街道" not in page and "张家园社区" not in page
    resident.text(f"/communities?at={world.NEIGHBOUR}", status=404)
    unit = world.organization(instance, "街道办", at=world.NEIGHBOUR)
    page = visit("unit_liaison", unit=unit).text("/communities")
    assert "张家园社区" in page and "畅家巷社区" not in page


def test_a_new_account_is_handed_over_once(administrator: Visitor, instance: Instance) -> None:
    form = {"name": "wang", "role": "community_worker", "at": "畅家巷社区"}
    answer = administrator.post("/admin/accounts/new", form)
    assert answer.status_code == 200
    found = re.search(r"<code>([a-z2-9-]{19})</code>", answer.text)
    assert found is not None
    assert found.group(1) not in administrator.text("/admin/accounts")
    visitor = Visitor(create_app(instance).test_client(), "wang")
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.text("/sign-in"))
    assert token is not None
    data = {"csrf_token": token.group(1), "name": "wang", "password": found.group(1)}
    assert visitor.client.post("/sign-in", data=data).status_code == 303
    assert "社区工作者" in administrator.text("/admin/grants")
    taken = administrator.post("/admin/accounts/new", form)
    assert taken.status_code in (409, 422) and 'value="wang"' in taken.text


def test_an_account_form_says_what_is_missing(administrator: Visitor) -> None:
    answer = administrator.post("/admin/accounts/new", {"name": ""})
    assert answer.status_code == 422 and 'href="#f-name"' in answer.text
    half = administrator.post("/admin/accounts/new", {"name": "li", "role": "unit_liaison"})
    assert half.status_code == 422
    assert "li" not in re.findall(
        r'/admin/accounts/\d+">(\w+)<', administrator.text("/admin/accounts")
    )


def test_a_lost_password_is_replaced_and_shown_once(
    administrator: Visitor, worker: Visitor
) -> None:
    page = administrator.text("/admin/accounts")
    found = re.search(rf'href="(/admin/accounts/\d+)">{worker.name}<', page)
    assert found is not None
    account = found.group(1)
    assert f"{account}/password" in administrator.text(account)
    assert "原密码立即失效" in administrator.text(f"{account}/password")
    answer = administrator.post(f"{account}/password")
    assert re.search(r"<code>[a-z2-9-]{19}</code>", answer.text)
    assert worker.get("/").status_code == 303


def test_a_role_is_granted_by_its_name_and_taken_back(
    administrator: Visitor, worker: Visitor
) -> None:
    form = {"account": worker.name, "role": "community_secretary", "community": world.HOME}
    granted = administrator.post("/admin/grants/new", form)
    assert granted.status_code == 303, granted.text
    address = granted.headers["Location"].split("?")[0]
    assert "社区书记" in administrator.text(address)
    assert "社区书记" in worker.text("/")
    assert administrator.post(f"{address}/actions/revoke").status_code == 303
    assert "社区书记" not in worker.text("/")


def test_auditors_read_every_effect_and_refusal_and_check_the_chain(
    administrator: Visitor, worker: Visitor, visit: Visit, instance: Instance
) -> None:
    person = world.person(instance, "李强")
    worker.post(f"/people/{person.id}/remove")
    worker.get("/people/new")
    auditor = visit("auditor")
    page = auditor.text("/admin/audit")
    assert f"人员 #{person.id}" in page and "已完成" in page
    older = auditor.text("/admin/audit?before=3")
    assert "回到第一页" in older
    assert "没有符合条件的记录" in auditor.text("/admin/audit?actor=nobody")
    assert auditor.get("/admin/audit?outcome=x").status_code == 400
    assert auditor.get("/admin/audit?before=x").status_code == 400
    assert "没有发现改动" in auditor.text("/admin/audit?verify=true")


def test_beginning_is_a_list_of_steps_with_their_commands(empty_instance: Instance) -> None:
    password = accounts.first_administrator(
        empty_instance, "boss", home_code=None, system_user=None
    )
    Account.update(must_change=False).execute()
    owner = Visitor(create_app(empty_instance).test_client(), "boss")
    token = re.search(r'name="csrf_token" value="([^"]+)"', owner.text("/sign-in"))
    assert token is not None
    form = {"csrf_token": token.group(1), "name": "boss", "password": password}
    assert owner.client.post("/sign-in", data=form).headers["Location"] == "/"
    page = owner.text("/")
    assert "起步" in page and "已完成 1 / 6" in page
    assert "lifang communities import communities.csv" in page
    assert "还没有填写所在地" in page and "时区 Asia/Shanghai" in page
    assert "lifang demo" in page and "可跳过" in page, "samples never come in here"
    assert "这里还没有社区" in owner.text("/communities")
    Account.update(home_code="620100000000").execute()  # as `init --root` notes it
    page = owner.text("/")
    assert "已完成 2 / 6" in page and "620100000000，时区" in page
    world.plant(empty_instance)
    assert "已完成 2 / 6" not in owner.text("/")
    page = owner.text("/?start=1")
    assert "已完成 3 / 6" in page and "兰州市 620100000000，时区" in page
