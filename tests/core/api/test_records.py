"""One record: shown, made, changed and removed, with its version as the tag."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"


def new(name: str = "李强", **told: Any) -> dict[str, Any]:
    return {"name": name, "community": {"code": world.HOME}, **told}


def worker(api: Api) -> FlaskClient:
    return api("community_worker", at=world.HOME)


def test_a_created_record_says_where_it_is_and_which_version(api: Api) -> None:
    client = worker(api)
    made = client.post(PEOPLE, json=new(phone="13800005678"))
    assert made.status_code == 201
    assert made.headers["Location"] == f"{PEOPLE}/{made.json['id']}"
    assert made.headers["ETag"] == '"1"'
    assert made.json["phone"] == "138****5678"
    assert made.json["community"] == {"id": 4, "name": "畅家巷社区", "code": world.HOME}
    shown = client.get(made.headers["Location"])
    assert shown.json == made.json
    assert shown.headers["ETag"] == '"1"'


def test_a_client_that_holds_the_version_is_sent_nothing(api: Api) -> None:
    client = worker(api)
    where = client.post(PEOPLE, json=new()).headers["Location"]
    same = client.get(where, headers={"If-None-Match": 'W/"1", "7"'})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", '"1"')
    assert client.get(where, headers={"If-None-Match": '"2"'}).status_code == 200


def test_a_change_needs_the_version_it_was_made_for(api: Api) -> None:
    client = worker(api)
    where = client.post(PEOPLE, json=new()).headers["Location"]
    told = {"name": "李强强"}
    for missing in ({}, {"If-Match": "*"}):
        assert client.patch(where, json=told, headers=missing).status_code == 428
    done = client.patch(where, json=told, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"], done.json["name"]) == (200, '"2"', "李强强")


def test_the_second_of_two_editors_learns_what_changed(api: Api) -> None:
    one, other = worker(api), api("community_secretary", at=world.CHENGGUAN)
    where = one.post(PEOPLE, json=new(phone="13800005678")).headers["Location"]
    seen = {"If-Match": '"1"'}
    assert one.patch(where, json={"phone": "13900001234"}, headers=seen).status_code == 200
    late = other.patch(where, json={"name": "李二"}, headers=seen)
    assert late.status_code == 412
    assert late.json["changed"] == ["phone"]
    assert late.json["current"]["phone"] == "139****1234"
    assert late.json["current"]["version"] == 2
    assert other.get(where).json["name"] == "李强"
    assert other.patch(where, json={"name": "李二"}, headers={"If-Match": '"x"'}).status_code == 412


def test_removing_needs_the_version_and_leaves_nothing(api: Api) -> None:
    client = api("community_secretary", at=world.HOME)
    where = client.post(PEOPLE, json=new()).headers["Location"]
    assert client.delete(where).status_code == 428
    assert client.delete(where, headers={"If-Match": '"9"'}).status_code == 412
    gone = client.delete(where, headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get(where).status_code == 404
    assert client.delete(where, headers={"If-Match": '"2"'}).status_code == 404


def test_who_may_read_but_not_change_is_told_so(instance: Instance, api: Api) -> None:
    where = f"{PEOPLE}/{world.person(instance, '李强').id}"
    reader = api("grid_worker", at=world.HOME)
    version = {"If-Match": '"1"'}
    assert reader.get(where).status_code == 200
    assert reader.patch(where, json={"name": "李"}, headers=version).status_code == 403
    assert reader.delete(where, headers=version).status_code == 403
    assert reader.post(PEOPLE, json=new()).status_code == 403
    assert reader.post(f"{where}/actions/move", json={}).status_code == 422
    moved = {"community": {"code": world.HOME}, "date": "2026-01-01"}
    assert reader.post(f"{where}/actions/move", json=moved).status_code == 403


def test_every_wrong_field_is_named(api: Api) -> None:
    sent = new(sx=1, sex="?", phone="1", version=7, created_by=1, state="accepted")
    refused = worker(api).post(PEOPLE, json=sent)
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    blamed = {error["field"]: error["code"] for error in refused.json["errors"]}
    assert set(blamed) == {"sx", "sex", "phone", "version", "created_by", "state"}
    assert blamed["created_by"] == "unknown"


def test_a_field_that_only_an_action_moves_is_refused_by_name(
    instance: Instance, enable: Any, api: Api
) -> None:
    client = worker(api)
    where = client.post(PEOPLE, json=new()).headers["Location"]
    told = {"community": {"code": world.NEIGHBOUR}}
    refused = client.patch(where, json=told, headers={"If-Match": '"1"'})
    assert refused.status_code == 422
    assert "迁居" in refused.json["errors"][0]["message"]
    enable("dual_reporting", at=world.CITY)
    report = {"person": 1, "community": {"code": world.HOME}, "state": "accepted"}
    refused = client.post("/api/v1/dual-reporting/reports", json=report)
    assert refused.json["errors"][0]["field"] == "state"
    assert refused.json["errors"][0]["code"] == "locked"


def test_a_reference_out_of_reach_reads_like_one_to_nothing(instance: Instance, api: Api) -> None:
    client = worker(api)
    foreign = world.organization(instance, "远方党支部", at=world.FOREIGN)
    told = {"kind": "party", "no_uscc_reason": "无", "community": {"code": world.HOME}}
    answers = [
        client.post("/api/v1/organizations", json={"name": "x", "parent": parent, **told})
        for parent in (int(foreign.id), 4711)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json["errors"] == answers[1].json["errors"]


def test_the_timeline_tells_before_and_after_but_no_secrets(api: Api) -> None:
    client = worker(api)
    where = client.post(PEOPLE, json=new(phone="13800005678")).headers["Location"]
    told = {"name": "李二", "phone": "13900001234"}
    client.patch(where, json=told, headers={"If-Match": '"1"'})
    latest, first = client.get(f"{where}/history").json
    assert (first["verb"], latest["verb"], latest["source"]) == ("create", "update", "api")
    assert latest["actor"].startswith("community_worker")
    assert {"field": "name", "before": "李强", "after": "李二"} in latest["changes"]
    assert {"field": "phone", "before": "***", "after": "***"} in latest["changes"]
    assert set(latest) >= {"at", "occurred_at", "on_behalf_of", "reason"}
