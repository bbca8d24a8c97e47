"""The inbox in a browser: what is new, one tap to what it is about, and only what one wants."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lifang.entities.account import Account
from lifang.mechanisms.notices import NoticeRow
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.store.database import proxy
from lifang.testing import world
from tests.core.mechanisms import bellman
from tests.core.mechanisms.bellman import due, matters, near
from tests.core.web.conftest import Visit, Visitor


@pytest.fixture(autouse=True)
def open_it(instance: Instance) -> None:
    bellman.open_bellman(instance)


@pytest.fixture
def matter(instance: Instance) -> Any:
    worker = world.caller(instance, "community_worker", at=world.HOME)
    told = {"title": "灯坏了", "community": {"code": world.HOME}}
    return write(matters, "create", worker, told)


@pytest.fixture
def tell(instance: Instance, matter: Any) -> Any:
    def send(*days: int, kind: Any = near) -> None:
        with instance.database.transaction():
            for one in days:
                near.send(matter, world.boss(instance), to="community_worker", key=str(one),
                          who="", days=one)  # fmt: skip

    return send


@pytest.fixture
def wang(visit: Visit) -> Visitor:
    return visit("community_worker", at=world.HOME)


def number(days: int) -> int:
    return int(NoticeRow.get(NoticeRow.key == str(days)).id)


def test_the_bell_counts_what_is_new_and_one_tap_leads_to_what_it_is_about(
    wang: Visitor, tell: Any, matter: Any
) -> None:
    empty = wang.text("/inbox")
    assert "还没有通知。期限临近、有事等您办理时，会在这里告诉您。" in empty
    assert "bell-count" not in empty
    tell(7, 5)
    assert '<span class="bell-count">2</span>' in wang.text("/people")
    page = wang.text("/inbox")
    assert page.index("还有 5 天") < page.index("还有 7 天")
    opened = wang.post(f"/inbox/{number(5)}", {})
    assert opened.headers["Location"] == f"/p/bellman/matters/{matter.id}"
    assert '<span class="bell-count">1</span>' in wang.text("/inbox")
    assert "还有 5 天" not in wang.text("/inbox?unread=1")
    assert "没有符合条件的通知。" in wang.text("/inbox?kind=bellman.due")
    assert wang.post("/inbox/read", {}).headers["Location"] == "/inbox?done=read"
    assert "全部通知已标为已读" in wang.text("/inbox?done=read")
    assert "没有符合条件的通知。" in wang.text("/inbox?unread=1")
    for nobodys in (999, 10**30):
        assert wang.post(f"/inbox/{nobodys}", {}).status_code == 404


def test_older_ones_are_a_page_further(wang: Visitor, tell: Any) -> None:
    tell(*range(1, 31))
    page = wang.text("/inbox")
    assert page.count("bellman") == 0 or "还有 30 天" in page
    next = re.search(r'href="(/inbox\?before=\d+)" rel="next"', page)
    assert next is not None
    older = wang.text(next[1])
    assert "还有 10 天" in older and "还有 11 天" not in older
    assert wang.get("/inbox?before=x").status_code == 400


def test_kinds_are_switched_off_and_on_but_for_those_that_must_be_seen_to(
    wang: Visitor, tell: Any
) -> None:
    page = wang.text("/inbox/kinds")
    assert "请签收回执" in page
    assert page.count("disabled") == 2
    form = {"asked": near.name, f"sent.{near.name}": "1"}
    assert wang.post("/inbox/kinds", form).headers["Location"] == "/inbox/kinds?done=kinds"
    assert f'name="shown.{near.name}" value="1" aria' in wang.text("/inbox/kinds")
    tell(7)
    assert "bell-count" not in wang.text("/inbox")
    wang.post("/inbox/kinds", form | {f"shown.{near.name}": "1"})
    wang.post("/inbox/kinds", {"asked": due.name})
    assert f'name="shown.{due.name}" value="1" checked' in wang.text("/inbox/kinds")
    tell(5)
    assert '<span class="bell-count">1</span>' in wang.text("/inbox")


def test_one_gives_ones_own_address_and_sees_its_mask_ever_after(
    wang: Visitor, visit: Visit, instance: Instance
) -> None:
    wrong = wang.post("/inbox/address", {"email": "wang", "language": "zh"})
    assert wrong.status_code == 422
    assert "邮箱的写法有误" in wrong.text
    told = {"email": "wang@example.cn", "language": "en"}
    assert wang.post("/inbox/address", told).headers["Location"] == "/inbox/kinds?done=address"
    page = wang.text("/inbox/kinds")
    assert 'value="w***@example.cn"' in page and "wang@example.cn" not in page
    assert '<option value="en" selected>' in page
    wang.post("/inbox/address", {"email": "w***@example.cn", "language": "zh"})
    assert 'value="w***@example.cn"' in wang.text("/inbox/kinds")
    wang.post("/inbox/address", {"email": "", "language": "zh"})
    assert "w***@" not in wang.text("/inbox/kinds")
    own = visit("resident", person=world.person(instance, "王秀兰"))
    own.post("/inbox/address", told)
    assert 'value="w***@example.cn"' in own.text("/me")
    admin = visit("security_administrator")
    listed = admin.text(f"/admin/accounts/{Account.get(Account.email.is_null(False)).id}")
    assert "w***@example.cn" in listed and "wang@example.cn" not in listed


def test_the_bell_costs_a_page_one_statement(
    wang: Visitor, tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(7)
    wang.text("/account/password")
    seen: list[str] = []
    run = proxy.obj.execute_sql

    def count(sql: str, *more: Any) -> Any:
        seen.append(sql)
        return run(sql, *more)

    monkeypatch.setattr(proxy.obj, "execute_sql", count)
    wang.text("/account/password")
    assert len([sql for sql in seen if "core_notice" in sql]) == 1
