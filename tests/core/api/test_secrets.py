"""Sensitive fields: masked everywhere, uncovered for a reason, found by the whole number only."""

from __future__ import annotations

from lifang.builtin.people import affiliations
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.person import Person
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PHONE, CITIZEN = "13800005678", "620102198001010033"


def known(instance: Instance, *, at: str = world.HOME) -> Person:
    return world.person(instance, "李强", at=at, phone=PHONE, citizen_id=CITIZEN)


def test_answers_carry_masks_and_never_the_number(instance: Instance, api: Api) -> None:
    where = f"/api/v1/people/{known(instance).id}"
    client = api("community_secretary", at=world.HOME)
    for path in (where, "/api/v1/people", f"{where}/history", "/api/v1/people/export"):
        told = client.get(path).text
        assert PHONE not in told, path
        assert CITIZEN not in told, path
    assert client.get(where).json["citizen_id"] == "620102***********3"


def test_a_mask_sent_back_means_unchanged_and_any_other_is_refused(
    instance: Instance, api: Api
) -> None:
    where = f"/api/v1/people/{known(instance).id}"
    client = api("community_secretary", at=world.HOME)
    version = {"If-Match": '"1"'}
    same = client.patch(where, json={"phone": "138****5678"}, headers=version)
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')
    other = client.patch(where, json={"phone": "138****0000"}, headers=version)
    assert (other.status_code, other.json["errors"][0]["code"]) == (422, "masked")


def test_uncovering_needs_the_right_and_a_reason_and_is_audited(
    instance: Instance, api: Api
) -> None:
    where = f"/api/v1/people/{known(instance).id}/reveal"
    told = {"fields": ["phone"], "reason": "核对联系方式"}
    assert api("community_worker", at=world.HOME).post(where, json=told).status_code == 403
    secretary = api("community_secretary", at=world.HOME)
    for wrong in (
        {**told, "reason": " "},
        {**told, "reason": 1},
        {**told, "fields": []},
        {**told, "fields": ["name"]},
        {**told, "fields": "phone"},
        {**told, "x": 1},
    ):
        assert secretary.post(where, json=wrong).status_code == 422, wrong
    assert secretary.post(where, json=told).json == {"fields": {"phone": PHONE}}
    done = AuditEntry.get(AuditEntry.verb == "reveal", AuditEntry.outcome == "done")
    assert done.reason == "核对联系方式"
    assert [one.field for one in AuditChange.select().where(AuditChange.entry == done)] == [
        "revealed:phone"
    ]
    assert AuditEntry.get(AuditEntry.verb == "reveal", AuditEntry.outcome == "denied")


def test_people_are_found_by_the_whole_number_in_the_body(instance: Instance, api: Api) -> None:
    known(instance)
    client = api("community_worker", at=world.HOME)
    search = "/api/v1/people/search"
    for exact in ({"phone": "138 0000 5678"}, {"citizen_id": CITIZEN}):
        assert [one["name"] for one in client.post(search, json=exact).json["items"]] == ["李强"]
    assert client.post(search, json={"phone": "13900001234"}).json["items"] == []
    assert client.post(search, json={"phone": PHONE, "limit": 1}).status_code == 200
    assert client.post(search, json={"phone": PHONE, "limit": 0}).status_code == 400
    for wrong in ({}, {"name": "李强"}, {"phone": "138"}, {"phone": 13800005678}):
        assert client.post(search, json=wrong).status_code == 422, wrong
    assert client.post("/api/v1/memberships/search", json={}).status_code == 404


def test_a_number_cannot_be_guessed_where_its_mask_is_not_shown(
    instance: Instance, api: Api
) -> None:
    person = known(instance, at=world.FOREIGN)
    search, exact = "/api/v1/people/search", {"phone": PHONE}
    client = api("community_worker", at=world.HOME)
    assert client.post(search, json=exact).json["items"] == []
    told = {"person": int(person.id), "community": {"code": world.HOME}, "kind": "works"}
    write(affiliations, "create", world.boss(instance), told)
    assert client.get(f"/api/v1/people/{person.id}").json["phone"] is None
    assert client.post(search, json=exact).json["items"] == []
    write(affiliations, "create", world.boss(instance), {**told, "kind": "resides"})
    assert len(client.post(search, json=exact).json["items"]) == 1
