"""Requests sent twice: one effect, one answer, and no second meaning."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from lifang.entities.account import Idempotency
from lifang.entities.audit import AuditEntry
from lifang.entities.person import Person
from lifang.services import idempotency
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"
KEY = {"Idempotency-Key": "form-7"}


def new(name: str = "李强") -> dict[str, Any]:
    return {"name": name, "community": {"code": world.HOME}}


def test_the_same_request_twice_has_one_effect_and_one_answer(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    first = client.post(PEOPLE, json=new(), headers=KEY)
    second = client.post(PEOPLE, json=new(), headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert first.headers["Location"] == second.headers["Location"]
    assert Person.select().count() == 1


def test_a_key_stands_for_one_body_and_one_address(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    assert client.post(PEOPLE, json=new(), headers=KEY).status_code == 201
    other = client.post(PEOPLE, json=new("王芳"), headers=KEY)
    assert (other.status_code, other.json["reason"]) == (409, "idempotency_key")
    told = {"name": "李强", "kind": "party", "no_uscc_reason": "无", "community": 4}
    assert client.post("/api/v1/organizations", json=told, headers=KEY).status_code == 409
    assert Person.select().count() == 1


def test_two_accounts_may_use_the_same_key(api: Api) -> None:
    for name in ("李强", "王芳"):
        client = api("community_worker", at=world.HOME)
        assert client.post(PEOPLE, json=new(name), headers=KEY).status_code == 201
    assert Person.select().count() == 2


def test_an_action_sent_twice_is_done_once(instance: Instance, enable: Any, api: Api) -> None:
    enable("dual_reporting", at=world.CITY)
    client = api("community_worker", at=world.HOME)
    told = {"person": int(world.person(instance, "李强").id), "community": {"code": world.HOME}}
    where = client.post("/api/v1/dual-reporting/reports", json=told).headers["Location"]
    answers = [client.post(f"{where}/actions/accept", json={}, headers=KEY) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[1].json["version"] == 2


def test_copies_that_arrive_together_have_one_effect(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    start, answers = threading.Barrier(3), []

    def post() -> None:
        start.wait()
        answers.append(client.post(PEOPLE, json=new(), headers=KEY))

    threads = [threading.Thread(target=post) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json["id"] for answer in answers}) == 1


def test_a_second_copy_is_answered_under_todays_rights(instance: Instance, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    made = client.post(PEOPLE, json=new(), headers=KEY)
    move = {"community": {"code": world.FOREIGN}, "date": "2026-01-01"}
    mover = api("community_worker", at=world.CITY)
    assert mover.post(f"{made.headers['Location']}/actions/move", json=move).status_code == 200
    assert client.post(PEOPLE, json=new(), headers=KEY).status_code == 404
    assert Person.select().count() == 1


def test_nothing_personal_is_kept_and_nothing_of_a_refused_request(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    client.post(PEOPLE, json={"name": ""}, headers=KEY)
    assert not Idempotency.select().exists()
    client.post(PEOPLE, json=new(), headers=KEY)
    row = Idempotency.get()
    assert (row.key, row.status, row.record, len(row.body)) == ("form-7", 201, 1, 64)
    assert "李强" not in str(row.__data__)


def test_a_refused_copy_is_still_audited(api: Api) -> None:
    reader = api("grid_worker", at=world.HOME)
    assert reader.post(PEOPLE, json=new(), headers=KEY).status_code == 403
    denied = AuditEntry.get(AuditEntry.outcome == "denied")
    assert (denied.verb, denied.noun) == ("create", "people")


def test_a_key_is_forgotten_after_a_day(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = api("community_worker", at=world.HOME)
    assert client.post(PEOPLE, json=new(), headers=KEY).status_code == 201
    monkeypatch.setattr(idempotency, "KEPT_FOR", dt.timedelta(0))
    assert client.post(PEOPLE, json=new("王芳"), headers=KEY).status_code == 201


def test_a_key_is_short_and_visible(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    for name in ("", "a b", "键", "x" * 121):
        sent = {"Idempotency-Key": name.encode().decode("latin-1")}
        assert client.post(PEOPLE, json=new(), headers=sent).status_code == 400
    longest = {"Idempotency-Key": "x" * 120}
    assert client.post(PEOPLE, json=new(), headers=longest).status_code == 201
