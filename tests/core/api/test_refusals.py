"""Refusals: one document for all of them, and nothing learned from them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lifang.kit.errors import Busy
from lifang.services import reading
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"
MEMBERS = {"type", "title", "status", "detail", "errors", "request_id"}


def alike(answer: Any) -> bytes:
    """What an answer says, apart from the number of the request."""
    return re.sub(rb'"request_id":"[0-9a-f]{16}"', b"", answer.data)


def test_every_refusal_is_a_problem_document(instance: Instance, api: Api) -> None:
    client = api("grid_worker", at=world.HOME)
    where = f"{PEOPLE}/{world.person(instance, '李强').id}"
    version = {"If-Match": '"1"'}
    answers = [
        client.get(f"{PEOPLE}?x=1"),
        client.application.test_client().get(PEOPLE),
        client.patch(where, json={}, headers=version),
        client.get(f"{PEOPLE}/4711"),
        client.put(where, json={}),
        client.patch(where, data="{}", headers=version),
        client.patch(where, json={"x": 1}, headers=version),
        client.patch(where, json={}),
        client.get("/api/v2/people"),
        client.get("/api/nothing"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [400, 401, 403, 404, 405, 415, 422, 428, 404, 404]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.json) >= MEMBERS
        assert answer.json["status"] == answer.status_code
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert answers[1].headers["WWW-Authenticate"] == "Bearer"
    assert {"GET", "PATCH", "DELETE"} <= set(answers[4].headers["Allow"].split(", "))


def test_what_is_hidden_answers_like_what_does_not_exist(
    instance: Instance, enable: Any, api: Api
) -> None:
    enable("dual_reporting", at=world.QILIHE)
    foreign = f"{PEOPLE}/{world.person(instance, '张远', at=world.FOREIGN).id}"
    client = api("community_worker", at=world.HOME)
    version, reason = {"If-Match": '"1"'}, {"fields": ["phone"], "reason": "x"}
    moved = {"community": {"code": world.HOME}, "date": "2026-01-01"}
    missing = f"{PEOPLE}/4711"
    for ask in (
        lambda where: client.get(where),
        lambda where: client.get(where, headers={"If-None-Match": '"1"'}),
        lambda where: client.patch(where, json={"name": "x"}, headers=version),
        lambda where: client.patch(where, json={"name": "x"}, headers={"If-Match": '"9"'}),
        lambda where: client.patch(where, json={"name": "x"}),
        lambda where: client.delete(where, headers=version),
        lambda where: client.get(f"{where}/history"),
        lambda where: client.post(f"{where}/reveal", json=reason),
        lambda where: client.post(f"{where}/actions/move", json=moved),
    ):
        one, other = ask(foreign), ask(missing)
        assert (one.status_code, alike(one)) == (404, alike(other))
        assert [name for name, _value in one.headers] == [name for name, _value in other.headers]


def test_a_noun_that_is_off_answers_like_one_that_does_not_exist(enable: Any, api: Api) -> None:
    enable("dual_reporting", at=world.QILIHE)
    client = api("community_worker", at=world.HOME)
    off, hidden, unknown = "dual-reporting/reports", "accounts", "nonsense"
    for tail in ("", "/7", "/7/history", "/export", "?nonsense=1"):
        told = {alike(client.get(f"/api/v1/{noun}{tail}")) for noun in (off, hidden, unknown)}
        assert len(told) == 1, tail
    told = {alike(client.post(f"/api/v1/{noun}", data="{")) for noun in (off, hidden, unknown)}
    assert len(told) == 1


def test_a_plugin_switched_off_is_gone_at_once(instance: Instance, enable: Any, api: Api) -> None:
    from lifang.lifecycle import switching

    enable("dual_reporting", at=world.CITY)
    client = api("community_worker", at=world.HOME)
    assert client.get("/api/v1/dual-reporting/reports").status_code == 200
    switching.switch(world.boss(instance), "dual_reporting", at=world.CHENGGUAN, on=False)
    assert client.get("/api/v1/dual-reporting/reports").status_code == 404
    foreign = api("community_worker", at=world.FOREIGN)
    assert foreign.get("/api/v1/dual-reporting/reports").status_code == 200


AMBIGUOUS = [
    b"",
    b"{",
    b"\xff{}",
    b'{"name": NaN}',
    b'{"name": 1e999}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "\\ud800"}',
    b'{"name": "a\\u0000b"}',
    b'{"version": 9223372036854775808}',
    b'{"name": ' + b"[" * 32 + b"]" * 32 + b"}",
]


@pytest.mark.once
def test_a_body_that_two_readers_could_understand_differently_is_refused(
    api: Api,
) -> None:
    client = api("community_worker", at=world.HOME)
    for raw in AMBIGUOUS:
        answer = client.post(PEOPLE, data=raw, content_type="application/json")
        assert answer.status_code == 400, raw


NO_RECORDS = [
    b"[]",
    b"7",
    b'"x"',
    b"null",
    b'{"name": ' + b"[" * 31 + b"]" * 31 + b"}",
    b'{"version": 9223372036854775807}',
]


@pytest.mark.once
def test_a_body_that_is_no_record_is_told_so(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    for raw in NO_RECORDS:
        answer = client.post(PEOPLE, data=raw, content_type="application/json")
        assert answer.status_code == 422, raw


@pytest.mark.once
def test_the_size_of_a_body_is_kept_to_the_byte(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    most = 1024 * 1024
    for size, status in ((most, 422), (most + 1, 413)):
        body = json.dumps({"name": "x"}).encode().ljust(size)
        answer = client.post(PEOPLE, data=body, content_type="application/json")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


ADDRESSES = [
    f"{PEOPLE}/0",
    f"{PEOPLE}/9223372036854775808",
    f"{PEOPLE}/" + "9" * 5000,
    f"{PEOPLE}/-1",
    f"{PEOPLE}/x",
    f"{PEOPLE}/１",
    "/api/v1/%00",
    "/api/v1/people%252F1",
    "/api/v1/%ff%fe",
]


def test_no_address_breaks_anything(instance: Instance, api: Api) -> None:
    world.person(instance, "李强")
    client = api("grid_worker", at=world.HOME)
    for path in ADDRESSES:
        assert client.get(path).status_code == 404, path


PARAMETERS = [
    "cursor=WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
    "cursor=WyJcdWQ4MDAiLDFd",
    "cursor=W3t9LDFd",
    "id=--5",
    "id=" + "9" * 5000,
    "within=%00",
    "q=%00",
    "q=%ff",
    "name=%00",
    "sort=",
    "limit=１",
    "=x",
    "__gte=1",
    "id__not=x",
]


def test_no_parameter_breaks_anything(api: Api) -> None:
    client = api("grid_worker", at=world.HOME)
    for query in PARAMETERS:
        answer = client.get(f"{PEOPLE}?{query}")
        harmless = query.startswith(("q=", "sort="))
        assert answer.status_code == 200 if harmless else answer.status_code in (400, 422), query


def test_what_is_no_list_takes_no_parameters(instance: Instance, api: Api) -> None:
    world.person(instance, "李强")
    client = api("grid_worker", at=world.HOME)
    for path in (f"{PEOPLE}/1", f"{PEOPLE}/1/history"):
        assert client.get(path).status_code == 200
        assert client.get(f"{path}?x=1").status_code == 400


@pytest.mark.once
def test_what_nobody_foresaw_is_answered_without_its_insides(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_told: Any) -> None:
        raise RuntimeError("password=hunter2")

    client = api("grid_worker", at=world.HOME)
    monkeypatch.setattr(reading, "find", fail)
    answer = client.get(PEOPLE)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert answer.json["request_id"] in caplog.text


def test_a_busy_database_says_when_to_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_told: Any) -> None:
        raise Busy("忙")

    client = api("grid_worker", at=world.HOME)
    monkeypatch.setattr(reading, "find", wait)
    answer = client.get(PEOPLE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.once
def test_every_answer_carries_the_headers_that_protect_its_reader(
    app: Flask, boss_api: FlaskClient
) -> None:
    stranger = app.test_client()
    answers = [
        boss_api.get("/api/v1/communities"),
        boss_api.get("/api/v1/communities/export"),
        boss_api.get("/api/v1/nonsense"),
        stranger.get("/api/openapi.json"),
        stranger.get("/healthz"),
        stranger.get("/sign-in"),
        stranger.get("/nonsense"),
        stranger.put("/"),
    ]
    nonces: set[str] = set()
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        drawn = set(re.findall("'nonce-([^']+)'", policy))
        assert len(drawn) == ("<main" in answer.text)  # what is no page needs none
        assert not drawn & nonces
        nonces |= drawn
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
    assert len(nonces) >= 2
    secure = stranger.get("/healthz", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")
