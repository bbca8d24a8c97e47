"""`GET /api/v1/me` tells a person about themselves, and an account without one what to do."""

from __future__ import annotations

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.mechanisms.club import open_club


def test_a_program_of_a_resident_reads_agrees_and_takes_back(instance: Instance, api: Api) -> None:
    open_club(instance, at=world.CHENGGUAN)
    wang = world.person(instance, "王秀兰", phone="13800001234")
    me = api("resident", person=wang)
    told = me.get("/api/v1/me").json
    assert told["person"]["phone"] == "138****1234"
    assert [(one["name"], one["given"]) for one in told["consents"]] == [
        ("club.hours", False),
        ("club.photos", False),
    ]
    given = {"person": int(wang.id), "purpose_name": "club.hours", "how": "self"}
    made = me.post("/api/v1/consents", json=given)
    assert (made.status_code, made.json["title"]) == (201, "志愿时长记录")
    profile = {"person": int(wang.id), "community": {"code": world.HOME}}
    assert me.post("/api/v1/club/profiles", json=profile).status_code == 201
    told = me.get("/api/v1/me").json
    assert told["consents"][0]["consent"] == made.json["id"]
    (shelf,) = told["records"]
    assert (shelf["resource"], shelf["create"]) == ("club.profiles", True)
    assert shelf["items"][0]["actions"] == ["apply"]
    taken = me.post(f"/api/v1/consents/{made.json['id']}/actions/withdraw")
    assert taken.json["state"] == "withdrawn"
    assert me.get("/api/v1/me").json["consents"][0]["given"] is False
    assert me.get("/api/v1/me?x=1").status_code == 400


def test_an_account_that_is_nobodys_is_refused_with_what_to_do(api: Api) -> None:
    told = api("community_worker", at=world.HOME).get("/api/v1/me")
    assert told.status_code == 409
    assert "请管理员在「账号」里关联" in told.json["detail"]
