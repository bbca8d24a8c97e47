"""Verbs over HTTP: what they answer, what they keep, and two at once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

from flask.testing import FlaskClient

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

REPORTS = "/api/v1/dual-reporting/reports"


def submitted(instance: Instance, enable: Any, client: FlaskClient) -> str:
    """The address of a report that waits."""
    enable("dual_reporting", at=world.CITY)
    person = world.person(instance, "李强")
    told = {"person": int(person.id), "community": {"code": world.HOME}}
    made = client.post(REPORTS, json=told)
    assert made.status_code == 201, made.json
    return str(made.headers["Location"])


def test_an_action_answers_with_the_record_it_moved(
    instance: Instance, enable: Any, api: Api
) -> None:
    client = api("community_worker", at=world.HOME)
    where = submitted(instance, enable, client)
    done = client.post(f"{where}/actions/accept")
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    assert done.json["state"] == "accepted"
    again = client.post(f"{where}/actions/accept", json={})
    assert (again.status_code, again.json["state"]) == (409, "accepted")
    ended = client.post(f"{where}/actions/end", json={"reason": "已迁出"})
    assert ended.json["state"] == "ended"
    assert client.get(f"{where}/history").json[0]["reason"] == "已迁出"


def test_an_action_asks_for_its_input_and_for_nothing_else(
    instance: Instance, enable: Any, api: Api
) -> None:
    client = api("community_worker", at=world.HOME)
    where = submitted(instance, enable, client)
    missing = client.post(f"{where}/actions/end", json={})
    assert (missing.status_code, missing.json["errors"][0]["field"]) == (422, "reason")
    surplus = client.post(f"{where}/actions/accept", json={"reason": "x"})
    assert surplus.json["errors"][0]["code"] == "unknown"


def test_an_action_may_name_the_version_it_was_decided_on(
    instance: Instance, enable: Any, api: Api
) -> None:
    client = api("community_worker", at=world.HOME)
    where = submitted(instance, enable, client)
    late = client.post(f"{where}/actions/accept", json={}, headers={"If-Match": '"7"'})
    assert late.status_code == 412
    right = client.post(f"{where}/actions/accept", json={}, headers={"If-Match": '"1"'})
    assert right.status_code == 200


def test_both_times_of_a_late_entry_are_kept(instance: Instance, enable: Any, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    where = submitted(instance, enable, client)
    future = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    for wrong in (future, "2026-01-01T00:00:00", "yesterday", 5):
        refused = client.post(f"{where}/actions/accept", json={"occurred_at": wrong})
        assert refused.status_code == 422, wrong
    told = {"occurred_at": "2025-01-02T09:00:00+08:00"}
    assert client.post(f"{where}/actions/accept", json=told).status_code == 200
    entry = client.get(f"{where}/history").json[0]
    assert entry["occurred_at"] == "2025-01-02T01:00:00.000000Z"
    assert entry["at"] > entry["occurred_at"]


def test_what_is_no_action_cannot_be_done_as_one(instance: Instance, enable: Any, api: Api) -> None:
    client = api("community_secretary", at=world.HOME)
    where = submitted(instance, enable, client)
    for verb in ("remove", "create", "update", "read", "nonsense"):
        assert client.post(f"{where}/actions/{verb}", json={}).status_code == 404
    assert client.get(where).json["version"] == 1


def test_of_two_who_accept_at_once_one_is_told_it_was_done(
    instance: Instance, enable: Any, api: Api
) -> None:
    clients = [api("community_worker", at=world.HOME) for _n in range(2)]
    where = submitted(instance, enable, clients[0])
    start, statuses = threading.Barrier(2), []

    def accept(client: FlaskClient) -> None:
        start.wait()
        statuses.append(client.post(f"{where}/actions/accept", json={}).status_code)

    threads = [threading.Thread(target=accept, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409]
    assert clients[0].get(where).json["version"] == 2


def test_whoever_moves_somebody_away_still_sees_what_they_did(instance: Instance, api: Api) -> None:
    person = world.person(instance, "李强", at=world.HOME)
    client = api("community_worker", at=world.CITY)
    told = {"community": {"code": world.FOREIGN}, "date": "2026-01-01"}
    moved = client.post(f"/api/v1/people/{person.id}/actions/move", json=told)
    assert moved.status_code == 200, moved.json
    assert moved.json["community"]["code"] == world.FOREIGN
    near = api("community_worker", at=world.HOME)
    assert near.get(f"/api/v1/people/{person.id}").status_code == 404
