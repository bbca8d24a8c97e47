"""A secret is shown once to whoever made it, and found nowhere afterwards."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.app.instance import open_instance
from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.events.tables import EventRow
from lifang.services import accounts, reading
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.history import history
from lifang.services.presenting import present_one
from lifang.testing import served, world
from lifang.testing.commands import hands_on, say
from lifang_webhooks.models import Endpoint
from lifang_webhooks.resources import endpoints
from lifang_webhooks.signing import BOTH_VALID

WHOLE = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
DOCS = Path(__file__).parents[3] / "docs" / "plugins" / "webhooks.md"


def signatures(letter: Any) -> list[str]:
    return letter.headers["webhook-signature"].split(" ")


def signed(letter: Any, secret: str) -> str:
    told = [letter.headers["webhook-id"], letter.headers["webhook-timestamp"]]
    message = ".".join(told).encode() + b"." + letter.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, message, "sha256")).decode()


@pytest.fixture
def secret(switched_on: Any, receiver: Any, point: Any) -> str:
    """That of an endpoint which has sent something and was given another one since."""
    made = point(receiver)
    first: str = made.shown_once["secret"]
    assert WHOLE.fullmatch(first)
    changed = write(endpoints, "rotate_secret", world.boss(switched_on), {}, made.id)
    second: str = changed.shown_once["secret"]
    assert second != first
    world.person(switched_on, "李强")
    assert drain(switched_on)
    return second


def test_it_is_in_the_one_answer_and_in_none_after_it(switched_on: Any, secret: str) -> None:
    boss, number = world.boss(switched_on), Endpoint.get().id
    assert WHOLE.search(secret)
    seen = [
        reading.view(boss, endpoints, number),
        list(reading.stream(boss, endpoints, reading.Query())),
        history(boss, endpoints, number),
        present_one(boss, endpoints, Endpoint.get()),
        [row.__data__ for row in AuditEntry.select()],
        [row.__data__ for row in AuditChange.select()],
        [row.__data__ for row in EventRow.select()],
    ]
    assert not WHOLE.search(repr(seen))
    assert reading.view(boss, endpoints, number)["secret"] == f"whsec_…{secret[-4:]}"
    with pytest.raises(lf.Invalid):
        reading.reveal(boss, endpoints, number, fields=["secret"], reason="查看")


def test_no_file_of_the_instance_holds_it_nor_do_the_salts_make_it_elsewhere(
    switched_on: Any, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    for file in switched_on.settings.home.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert secret.encode() not in held and raw not in held, file
    assert "whsec_" not in caplog.text
    if served.chosen():
        told = switched_on.database.engine.execute_sql(
            "SELECT webhooks_endpoint::text FROM webhooks_endpoint"
        ).fetchall()
        assert secret not in repr(told)


def test_for_a_day_after_a_change_both_secrets_sign_and_then_the_new_one_alone(
    switched_on: Any, receiver: Any, point: Any
) -> None:
    made = point(receiver)
    first = made.shown_once["secret"]
    boss = world.boss(switched_on)
    second = write(endpoints, "rotate_secret", boss, {}, made.id).shown_once["secret"]
    world.person(switched_on, "李强")
    assert drain(switched_on)
    letter = receiver.letters[-1]
    assert signatures(letter) == [signed(letter, second), signed(letter, first)]
    Endpoint.update(rotated_at=lf.now() - BOTH_VALID - dt.timedelta(seconds=1)).execute()
    world.person(switched_on, "赵敏")
    assert drain(switched_on)
    letter = receiver.letters[-1]
    assert signatures(letter) == [signed(letter, second)]


def test_two_endpoints_have_two_secrets_and_a_restart_changes_neither(
    switched_on: Any, serve: Any, receiver: Any, point: Any
) -> None:
    one, other = point(receiver), point(serve())
    assert one.shown_once["secret"] != other.shown_once["secret"]
    again = open_instance(switched_on.settings.home)
    again.settings = switched_on.settings
    world.person(again, "李强")
    assert drain(again)
    again.close()
    letter = receiver.letters[-1]
    assert signatures(letter) == [signed(letter, one.shown_once["secret"])]


TOLD = {"name": "市平台", "address": "https://hook.example.com/x", "types": "*", "form": "binary"}


@pytest.fixture
def browser(switched_on: Any) -> Any:
    """An administrator signed in at the pages."""
    with switched_on.database.transaction():
        account = Account.create(name="admin", must_change=False)
        Grant.create(account=account, role="platform_administrator")
        told = sign_in.open_session(account)
    client = create_app(switched_on).test_client()
    client.set_cookie("lifang", told, path="/")
    return client


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_a_page_shows_it_in_answer_to_the_form_and_never_again(browser: Any) -> None:
    at = "/p/webhooks/endpoints"
    asked = token(browser.get(f"{at}/new").text)
    form = {"csrf_token": asked, **TOLD, "community": world.CHENGGUAN}
    page = browser.post(f"{at}/new", data=form)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    [first] = set(WHOLE.findall(page.text))
    assert "只显示这一次" in page.text
    listed = browser.get(at).text
    assert 'value="test"' in listed
    assert not re.search("rotate.secret", listed), "no list changes many secrets"
    asked = browser.get(f"{at}/1/actions/rotate-secret").text
    page = browser.post(f"{at}/1/actions/rotate-secret", data={"csrf_token": token(asked)})
    [second] = set(WHOLE.findall(page.text))
    assert second != first
    for path in ("", "/1", "/1/history", "/1/edit", "?format=csv"):
        assert not WHOLE.search(browser.get(at + path).text), path
    edited = browser.get(f"{at}/1/edit").text
    version = re.search(r'name="version" value="(\d+)"', edited)
    assert version is not None
    form = {"csrf_token": token(edited), "version": version.group(1), "name": "省平台"}
    assert browser.post(f"{at}/1/edit", data=form).status_code == 303, "nothing new: go on"


def test_the_api_answers_it_once_and_a_repeated_request_does_not(switched_on: Any) -> None:
    with switched_on.database.transaction():
        account = Account.create(name="program", must_change=False)
        Grant.create(account=account, role="platform_administrator")
        bearer = sign_in.open_token(account, days=1)
    api = create_app(switched_on).test_client()
    api.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
    at = "/api/v1/webhooks/endpoints"
    body = {**TOLD, "community": {"code": world.CHENGGUAN}}
    made, repeated = (api.post(at, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (made.status_code, repeated.status_code) == (201, 201)
    assert WHOLE.fullmatch(made.json["secret"])
    assert repeated.json == {**made.json, "secret": f"whsec_…{made.json['secret'][-4:]}"}
    rotated = api.post(f"{at}/1/actions/rotate-secret")
    assert WHOLE.fullmatch(rotated.json["secret"])
    for path in ("", "/1", "/1/history", "?secret=x"):
        assert not WHOLE.search(api.get(at + path).text), path
    named = api.patch(f"{at}/1", json={"secret": "whsec_mine"}, headers={"If-Match": '"2"'})
    assert (named.status_code, named.json["errors"][0]["code"]) == (422, "locked")
    assert api.post(f"{at}/1/reveal", json={"fields": ["secret"], "reason": "x"}).status_code >= 400


@pytest.mark.once
def test_a_command_prints_it_once(switched_on: Any) -> None:
    accounts.first_administrator(switched_on, "boss", home_code=world.CITY, system_user=os.getuid())

    def run(*words: str) -> str:
        told = say(hands_on(switched_on), "webhooks", "endpoints", *words)
        assert told.code == 0, told
        return told.out

    asked = [word for name, value in TOLD.items() for word in (f"--{name}", value)]
    made = run("create", *asked, "--community", world.CHENGGUAN)
    assert "只显示这一次" in made and len(WHOLE.findall(made)) == 1
    assert WHOLE.fullmatch(json.loads(run("rotate-secret", "1", "--json"))["secret"])
    later = (("show", "1"), ("show", "1", "--json"), ("list",), ("export",), ("history", "1"))
    assert not WHOLE.search("".join(run(*words) for words in later))


def test_the_receivers_sample_of_the_manual_takes_what_is_ours_and_nothing_else(
    switched_on: Any, receiver: Any, secret: str
) -> None:
    sample = re.search(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert sample is not None and len(sample.group(1).splitlines()) <= 15
    known: dict[str, Any] = {}
    exec(sample.group(1), known)  # noqa: S102 – our own manual
    verify = known["verify"]
    letter = receiver.letters[-1]
    assert verify(secret, letter.headers, letter.body)
    assert not verify(secret, letter.headers, letter.body + b" ")
    assert not verify(secret[:-3] + "AA=", letter.headers, letter.body)
    for name, value in {"id": "x", "timestamp": "1", "signature": "v1,"}.items():
        forged = {**letter.headers, f"webhook-{name}": value}
        assert not verify(secret, forged, letter.body), name
