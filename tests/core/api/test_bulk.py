"""One verb on many records over HTTP: told beforehand, done at once, or done by a worker."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
from lifang.testing import world
from tests.core.api.conftest import Api

REPORTS = "/api/v1/dual-reporting/reports"
ACCEPT, END = f"{REPORTS}/actions/accept", f"{REPORTS}/actions/end"


@pytest.fixture
def reports(instance: Instance, enable: Any) -> Any:
    enable("dual_reporting", at=world.CITY)
    return instance.registry.find("dual_reporting", "reports")


def report(instance: Instance, reports: Any, name: str, at: str = world.HOME) -> int:
    told = {"person": world.person(instance, name, at=at).id, "community": {"code": at}}
    return int(write(reports, "create", world.boss(instance), told).id)


def accepted(client: FlaskClient) -> int:
    return int(client.get(f"{REPORTS}?state=accepted&count=true").json["count"])


def test_a_dry_run_tells_and_writes_nothing_and_the_same_request_does_it(
    instance: Instance, reports: Any, api: Api
) -> None:
    client = api("community_worker", at=world.CHENGGUAN)
    made = [report(instance, reports, f"张三{n}") for n in range(3)]
    canary = report(instance, reports, "金丝雀", at=world.FOREIGN)
    asked = {"filter": {"state": ["submitted"], "within": world.CHENGGUAN, "q": "张三"}}
    told = client.post(ACCEPT, json={**asked, "dry_run": True})
    assert told.status_code == 200, told.json
    assert told.json["first"] == [{"id": n, "name": f"#{n}"} for n in made]
    assert {key: told.json[key] for key in ("matched", "ready", "not_found", "left_out")} == {
        "matched": 3, "ready": 3, "not_found": 0, "left_out": []
    }  # fmt: skip
    assert accepted(client) == 0
    done = client.post(ACCEPT, json=asked)
    assert (done.status_code, done.json["done"], done.json["errors"]) == (200, 3, [])
    assert accepted(client) == 3
    ids = {"ids": [*made, canary], "input": {"reason": "已迁出"}}
    told = client.post(END, json={**ids, "dry_run": True}).json
    assert (told["matched"], told["not_found"]) == (3, 1)
    missing = client.post(END, json={**ids, "ids": [*made, 10**12], "dry_run": True}).json
    assert missing == told
    assert client.post(END, json=ids).json["done"] == 3
    assert client.get(f"/api/v1/jobs/{done.json['job']}").json["updated"] == 3
    other = api("community_worker", at=world.CHENGGUAN)
    assert other.get(f"/api/v1/jobs/{done.json['job']}").status_code == 404


def test_what_is_not_asked_right_is_refused_and_nothing_is_done(
    instance: Instance, reports: Any, api: Api
) -> None:
    client = api("community_worker", at=world.HOME)
    number = report(instance, reports, "李强")
    wrong: list[tuple[str, dict[str, Any], int]] = [
        (ACCEPT, {}, 422),
        (ACCEPT, {"ids": [number], "filter": {}}, 422),
        (ACCEPT, {"ids": []}, 422),
        (ACCEPT, {"ids": [True]}, 422),
        (ACCEPT, {"ids": [str(number)]}, 422),
        (ACCEPT, {"ids": [number], "more": 1}, 422),
        (ACCEPT, {"ids": [number], "dry_run": "yes"}, 422),
        (ACCEPT, {"ids": [number], "input": {"reason": "x"}}, 422),
        (ACCEPT, {"ids": [number], "input": {"occurred_at": "2999-01-01T00:00:00+08:00"}}, 422),
        (END, {"ids": [number]}, 422),
        (ACCEPT, {"filter": {"state": {"is": "submitted"}}}, 422),
        (ACCEPT, {"filter": {"phone": "13800001234"}}, 400),
        (ACCEPT, {"filter": {"limit": 1}}, 400),
        (f"{REPORTS}/actions/update", {"ids": [number], "input": {}}, 422),
        (f"{REPORTS}/actions/remove", {"ids": [number]}, 403),
        (f"{REPORTS}/actions/create", {"ids": [number]}, 404),
        (f"{REPORTS}/actions/read", {"ids": [number]}, 404),
    ]
    for where, body, status in wrong:
        answer = client.post(where, json=body)
        assert answer.status_code == status, (where, body, answer.json)
        assert answer.json["detail"]
    assert api("grid_worker", at=world.FOREIGN).post(ACCEPT, json={"filter": {}}).status_code == 404
    assert client.get(f"{REPORTS}/{number}").json["version"] == 1
    assert client.post(ACCEPT, json={"filter": {}}).json["done"] == 1


def test_a_request_that_arrives_twice_is_done_once(
    instance: Instance, reports: Any, api: Api
) -> None:
    client = api("community_worker", at=world.HOME)
    report(instance, reports, "李强")
    key = {"Idempotency-Key": "one"}
    first = client.post(ACCEPT, json={"filter": {}}, headers=key)
    report(instance, reports, "王五")
    again = client.post(ACCEPT, json={"filter": {}}, headers=key)
    assert (first.json, again.status_code) == (again.json, 200)
    assert accepted(client) == 1
    other = client.post(ACCEPT, json={"filter": {"q": "王"}}, headers=key)
    assert other.status_code == 409


def test_what_happened_earlier_keeps_its_time(instance: Instance, reports: Any, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    number = report(instance, reports, "李强")
    told = {"ids": [number], "input": {"occurred_at": "2025-01-02T09:00:00+08:00"}}
    assert client.post(ACCEPT, json=told).json["done"] == 1
    entry = client.get(f"{REPORTS}/{number}/history").json[0]
    assert entry["occurred_at"] == "2025-01-02T01:00:00.000000Z"


def test_many_are_queued_and_done_by_a_worker(instance: Instance, reports: Any, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    with instance.database.transaction():  # one commit for all of them: only to be quick
        for n in range(201):
            report(instance, reports, f"张三{n}")
    queued = client.post(ACCEPT, json={"filter": {"state": "submitted"}})
    assert (queued.status_code, queued.json["state"], queued.json["total"]) == (202, "queued", 201)
    assert accepted(client) == 0
    worker = Jobs(instance)
    while worker.step():
        continue
    job = client.get(queued.headers["Location"]).json
    assert (job["state"], job["done"], job["updated"]) == ("finished", 201, 201)
    assert accepted(client) == 201
