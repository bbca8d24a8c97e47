"""Coming in: name and password, one answer for every mistake, and a password of one's own."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from lifang.entities.account import Account
from lifang.kit import clock
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import TOKEN, Visit, Visitor

OWN = "清晨的黄河边有人跑步"


def enter(visitor: Visitor, name: str, password: str, **more: str) -> str:
    token = TOKEN.search(visitor.client.get("/sign-in").text)
    assert token is not None
    form = {"csrf_token": token.group(1), "name": name, "password": password, **more}
    answer = visitor.client.post("/sign-in", data=form)
    return answer.headers.get("Location", answer.text)


def test_a_newcomer_is_led_to_a_password_of_their_own_first(
    stranger: Visitor, administrator: Visitor, instance: Instance
) -> None:
    _account, handed = accounts.create_account(
        world.boss(instance), "wang", role="community_worker", at=world.HOME
    )
    assert enter(stranger, "wang", handed, next="/people?q=zw") == "/people?q=zw"
    for path in ("/", "/people", "/communities", "/admin/plugins"):
        assert stranger.get(path).headers["Location"] == "/account/password"
    page = stranger.text("/account/password")
    assert "一次性密码" in page and "主导航" not in page
    wrong = stranger.post("/account/password", {"old": "x", "password": OWN, "again": OWN})
    assert wrong.status_code == 422 and "原密码不正确" in wrong.text
    weak = stranger.post("/account/password", {"old": handed, "password": "1234", "again": "1234"})
    assert weak.status_code == 422 and 'href="#f-password"' in weak.text
    unlike = stranger.post("/account/password", {"old": handed, "password": OWN, "again": "x"})
    assert unlike.status_code == 422 and "不一样" in unlike.text
    done = stranger.post("/account/password", {"old": handed, "password": OWN, "again": OWN})
    assert done.headers["Location"] == "/?done=password"
    assert "密码已修改" in stranger.text("/?done=password")


def test_every_mistake_gets_the_same_answer_and_the_sixth_is_locked_out(
    app: Flask, stranger: Visitor, instance: Instance
) -> None:
    accounts.create_account(world.boss(instance), "wang")
    told = {name: enter(stranger, name, "wrong") for name in ("wang", "nobody")}
    for page in told.values():
        assert "账号或密码不正确" in page and "wrong" not in page
    for _time in range(4):
        enter(stranger, "wang", "wrong")
    assert "15 分钟后再试" in enter(stranger, "wang", "wrong")


def test_leaving_ends_the_session_on_the_server_too(worker: Visitor, app: Flask) -> None:
    cookie = worker.client.get_cookie("lifang")
    assert cookie is not None
    assert worker.post("/sign-out").headers["Location"] == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("lifang", cookie.value)
    assert thief.get("/").status_code == 303
    assert worker.get("/").status_code == 303


def test_a_new_password_unlocks_and_ends_the_sessions_elsewhere(
    visit: Visit, app: Flask, instance: Instance
) -> None:
    here = visit("community_worker", at=world.HOME)
    Account.update(locked_until=clock.now() + dt.timedelta(minutes=15)).execute()
    handed = accounts.new_password(world.boss(instance), here.name)
    assert here.get("/").status_code == 303, "whoever set it anew ended this session"
    there = Visitor(app.test_client(), here.name)
    enter(there, here.name, handed)
    other = Visitor(app.test_client(), here.name)
    enter(other, here.name, handed)
    there.post("/account/password", {"old": handed, "password": OWN, "again": OWN})
    assert there.get("/").status_code == 200 and other.get("/").status_code == 303


def test_the_way_back_never_leaves_the_site(stranger: Visitor, instance: Instance) -> None:
    _account, handed = accounts.create_account(world.boss(instance), "wang")
    Account.update(must_change=False).execute()
    for target in ("https://example.com/", "//example.com", "/\\example.com", "people", ""):
        assert enter(stranger, "wang", handed, next=target) == "/"
        stranger.post("/sign-out")
    assert stranger.get("/sign-in?next=//example.com").text.count('name="next" value="/"') == 1


def test_looks_are_kept_and_lead_back_to_the_page(stranger: Visitor) -> None:
    token = TOKEN.search(stranger.client.get("/sign-in").text)
    assert token is not None
    for name, value, seen in (
        ("theme", "dark", 'data-bs-theme="dark"'),
        ("size", "large", 'class="large"'),
        ("lang", "en", 'lang="en"'),
    ):
        form = {"csrf_token": token.group(1), name: value, "back": "/sign-in?next=%2Fpeople"}
        answer = stranger.client.post("/looks", data=form)
        assert answer.headers["Location"] == "/sign-in?next=%2Fpeople"
        assert seen in stranger.text("/sign-in")
    form = {"csrf_token": token.group(1), "theme": "purple", "back": "//example.com"}
    assert stranger.client.post("/looks", data=form).status_code == 400


def test_plain_http_from_elsewhere_carries_a_banner(instance: Instance) -> None:
    from dataclasses import replace

    from lifang.app.http import create_app

    instance.settings = replace(instance.settings, allow_http=True)
    client = create_app(instance).test_client()
    page = client.get("/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.7"})
    assert "当前连接没有加密" in page.text
    assert "当前连接没有加密" not in client.get("/sign-in").text
