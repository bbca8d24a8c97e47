"""Who is asking: tokens in the header only, cookies only together with the CSRF token."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from lifang.access import sign_in
from lifang.entities.account import Account, Session, Token
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Invalid
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import account, token

PEOPLE = "/api/v1/people"
NEW = {"name": "李强", "community": {"code": world.HOME}}
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def holder(instance: Instance) -> Account:
    return account(instance, "community_worker", at=world.HOME)


@pytest.fixture
def browser(app: Flask, instance: Instance, holder: Account) -> FlaskClient:
    """A browser with a running session."""
    client = app.test_client()
    with instance.database.transaction():
        client.set_cookie("lifang", sign_in.open_session(holder))
    return client


def csrf_of(browser: FlaskClient) -> str:
    """A CSRF token as a page would carry it, its cookie given to the browser."""
    app = browser.application
    with app.test_request_context("/"):
        secret = str(generate_csrf())
        response = app.response_class()
        from flask import session

        app.session_interface.save_session(app, session, response)
    name, value = response.headers["Set-Cookie"].split(";")[0].split("=", 1)
    browser.set_cookie(name, value)
    return secret


def test_a_token_is_read_from_the_header_and_nowhere_else(
    app: Flask, instance: Instance, holder: Account
) -> None:
    secret, client = token(instance, holder), app.test_client()
    assert client.get(PEOPLE, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    for query in ("access_token", "token", "Authorization"):
        assert client.get(f"{PEOPLE}?{query}={secret}").status_code == 401
    client.set_cookie("lifang", secret)
    assert client.get(PEOPLE).status_code == 401
    for wrong in (f"Basic {secret}", "Bearer", "Bearer x", f"Bearer {secret}x", secret):
        assert client.get(PEOPLE, headers={"Authorization": wrong}).status_code == 401


def test_a_revoked_or_expired_token_opens_nothing(
    app: Flask, instance: Instance, holder: Account
) -> None:
    client, header = app.test_client(), {"Authorization": f"Bearer {token(instance, holder)}"}
    assert client.get(PEOPLE, headers=header).status_code == 200
    for field, value in (("expires_at", clock.now()), ("revoked_at", clock.now())):
        with instance.database.transaction():
            Token.update({field: value}).execute()
        refused = client.get(PEOPLE, headers=header)
        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")


def test_rights_are_read_anew_with_every_request(
    app: Flask, instance: Instance, holder: Account
) -> None:
    client, header = app.test_client(), {"Authorization": f"Bearer {token(instance, holder)}"}
    assert client.get(PEOPLE, headers=header).status_code == 200
    with instance.database.transaction():
        Account.update(disabled=True).execute()
    assert client.get(PEOPLE, headers=header).status_code == 401


def test_a_session_reads_but_writes_only_with_the_csrf_token(browser: FlaskClient) -> None:
    assert browser.get(PEOPLE).status_code == 200
    refused = browser.post(PEOPLE, json=NEW, headers=HERE)
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    secret = {"X-CSRFToken": csrf_of(browser)}
    made = browser.post(PEOPLE, json=NEW, headers=HERE | secret)
    assert made.status_code == 201
    history = browser.get(f"{made.headers['Location']}/history").json
    assert history[0]["source"] == "web"
    assert browser.post(PEOPLE, json=NEW, headers=HERE | {"X-CSRFToken": "x"}).status_code == 403


ELSEWHERE = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": "http://localhost.evil.example"},
    {"Referer": "http://evil.example/form"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_a_request_from_elsewhere_is_refused_whatever_it_carries(browser: FlaskClient) -> None:
    secret = {"X-CSRFToken": csrf_of(browser)}
    for elsewhere in ELSEWHERE:
        assert browser.post(PEOPLE, json=NEW, headers=secret | elsewhere).status_code == 403
    assert browser.post(PEOPLE, json=NEW, headers=secret | HERE).status_code == 201


def test_a_token_needs_no_csrf_token_even_beside_a_cookie(
    browser: FlaskClient, instance: Instance, holder: Account
) -> None:
    header = {"Authorization": f"Bearer {token(instance, holder)}"}
    assert browser.post(PEOPLE, json=NEW, headers=header).status_code == 201


def test_a_forms_post_needs_the_csrf_token_too(app: Flask) -> None:
    told = {"name": "x", "password": "y"}
    assert app.test_client().post("/sign-in", data=told, headers=HERE).status_code == 403


def test_a_session_idles_out_grows_old_and_slides_while_it_is_used(
    browser: FlaskClient, instance: Instance
) -> None:
    def rewind(**back: Any) -> None:
        with instance.database.transaction():
            Session.update({name: clock.now() - ago for name, ago in back.items()}).execute()

    rewind(seen_at=dt.timedelta(minutes=29))
    assert browser.get(PEOPLE).status_code == 200
    assert Session.get().seen_at > clock.now() - dt.timedelta(minutes=1)
    rewind(seen_at=dt.timedelta(minutes=31))
    assert browser.get(PEOPLE).status_code == 401
    rewind(seen_at=dt.timedelta(0), created_at=dt.timedelta(hours=13))
    assert browser.get(PEOPLE).status_code == 401


def test_under_https_only_the_cookie_that_is_bound_to_the_host_counts(
    app: Flask, instance: Instance, holder: Account
) -> None:
    with instance.database.transaction():
        secret = sign_in.open_session(holder)
    client = app.test_client(use_cookies=False)
    for name, status in (("lifang", 401), ("__Host-lifang", 200)):
        headers = {"Cookie": f"{name}={secret}"}
        assert client.get(PEOPLE, base_url="https://x.cn", headers=headers).status_code == status
    forwarded = {"Cookie": f"__Host-lifang={secret}", "X-Forwarded-Proto": "https"}
    assert client.get(PEOPLE, headers=forwarded).status_code == 200


def test_without_https_only_this_machine_is_served(
    app: Flask, instance: Instance, holder: Account
) -> None:
    header = {"Authorization": f"Bearer {token(instance, holder)}"}
    client = app.test_client()
    far = {"REMOTE_ADDR": "10.0.0.7"}
    assert client.get(PEOPLE, headers=header, environ_base=far).status_code == 403
    assert client.get("/healthz", environ_base=far).status_code == 200
    assert client.get(PEOPLE, headers=header, environ_base={"REMOTE_ADDR": "::1"}).status_code == (
        200
    )
    secure = client.get(PEOPLE, headers=header, environ_base=far, base_url="https://x.cn")
    assert secure.status_code == 200


def test_the_language_is_the_one_chosen_or_asked_for(app: Flask) -> None:
    from lifang.kit import words

    client = app.test_client()
    assert client.get(PEOPLE).json["detail"] == "请先登录"
    with words.using("en"):
        english = words._("请先登录")
    assert english == "Please sign in first"
    assert client.get(PEOPLE, headers={"Accept-Language": "en-GB"}).json["detail"] == english
    assert client.get(PEOPLE, headers={"Accept-Language": "de, zh;q=0.5"}).json["detail"] == (
        "请先登录"
    )
    client.set_cookie("lang", "en")
    assert client.get(PEOPLE).json["detail"] == english


def test_connections_are_given_back_and_requests_leave_no_language(
    app: Flask, instance: Instance
) -> None:
    instance.database.engine.close()
    client = app.test_client()
    for path in (PEOPLE, "/nonsense", "/healthz", "/readyz", "/metrics"):
        client.get(path, headers={"Accept-Language": "en"})
        assert instance.database.engine.is_closed(), path
    instance.database.engine.connect()


def test_a_token_may_be_worth_less_than_its_owner_and_never_more(
    app: Flask, instance: Instance, boss: Caller
) -> None:
    accounts.create_account(boss, "w", role="community_worker", at=world.HOME)
    person = world.person(instance, "李强")
    foreign = world.person(instance, "赵敏", at=world.FOREIGN)
    client = app.test_client()
    path = f"{PEOPLE}/{person.id}"

    def change(*scope: str) -> tuple[int, int, int]:
        token = accounts.create_token(boss, "w", days=1, scope=scope)
        header = {"Authorization": f"Bearer {token}"}
        version = client.get(path, headers=header).headers.get("ETag", '"0"')
        asked = {**header, "If-Match": version}
        return (
            client.get(PEOPLE, headers=header).status_code,
            client.patch(path, json={"sex": "male"}, headers=asked).status_code,
            client.get(f"{PEOPLE}/{foreign.id}", headers=header).status_code,
        )

    assert change() == (200, 200, 404)
    assert change("read") == (200, 403, 404)
    assert change("read", "people:update") == (200, 200, 404)
    assert change("people:update")[0] == 404
    assert change("read", "people:remove")[1] == 403
    for wrong in ("write", "peple:update", "people:fly", "people"):
        with pytest.raises(Invalid):
            accounts.create_token(boss, "w", days=1, scope=[wrong])
