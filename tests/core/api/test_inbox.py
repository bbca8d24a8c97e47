"""The inbox for programs: listed, read, chosen, as described."""

from __future__ import annotations

from typing import Any

import pytest

from lifang.mechanisms.notices import NoticeRow
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.visitors import Api
from tests.core.mechanisms import bellman
from tests.core.mechanisms.bellman import matters, near


@pytest.fixture(autouse=True)
def told(instance: Instance) -> None:
    bellman.open_bellman(instance)


@pytest.fixture
def wang(api: Api, instance: Instance) -> Any:
    signed = api("community_worker", at=world.HOME)
    worker = world.caller(instance, "community_worker", at=world.HOME)
    matter = write(matters, "create", worker, {"title": "灯", "community": {"code": world.HOME}})
    with instance.database.transaction():
        for days in (9, 7, 5):
            near.send(matter, worker, to="community_worker", key=str(days), who="", days=days)
    return signed


def test_notices_are_listed_page_by_page_and_marked_as_read(wang: Any) -> None:
    first = wang.get("/api/v1/inbox?limit=2").json
    assert [one["text"] for one in first["items"]] == [f"距报到截止还有 {n} 天" for n in (5, 7)]
    assert first["unread"] == 3
    assert first["items"][0]["record"] == {"resource": "bellman.matters", "id": 1}
    rest = wang.get(f"/api/v1/inbox?limit=2&cursor={first['next']}").json
    assert (len(rest["items"]), rest["next"]) == (1, None)
    newest = first["items"][0]["id"]
    assert wang.post("/api/v1/inbox/read", json={"ids": [newest]}).json == {"read": 1}
    unread = wang.get("/api/v1/inbox?unread=true&kind=bellman.near").json
    assert newest not in [one["id"] for one in unread["items"]]
    assert wang.post("/api/v1/inbox/read", json={"ids": [newest, 10**6]}).status_code == 404
    assert wang.post("/api/v1/inbox/read", json={"all": True}).json == {"read": 2}
    assert not NoticeRow.select().where(NoticeRow.read_at.is_null()).exists()


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/read", {}, 422), ("/read", {"ids": []}, 422), ("/read", {"ids": [True]}, 422),
        ("/read", {"all": False}, 422), ("/read", {"ids": [1], "all": True}, 422),
        ("/read", {"ids": [2**62]}, 404), ("/read", {"who": 1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(wang: Any, path: str, sent: Any, status: int) -> None:
    assert wang.post(f"/api/v1/inbox{path}", json=sent).status_code == status
    for query in ("limit=0", "limit=x", "cursor=-1", "unread=1", "who=2"):
        assert wang.get(f"/api/v1/inbox?{query}").status_code == 400


def test_kinds_and_the_address_are_ones_own_to_set(wang: Any, api: Api) -> None:
    kinds = {one["name"]: one for one in wang.get("/api/v1/inbox/kinds").json["items"]}
    assert kinds["bellman.due"]["required"]
    near_off = wang.post("/api/v1/inbox/kinds/bellman.near", json={"shown": False}).json
    assert (near_off["shown"], near_off["sent"]) == (False, True)
    refused = wang.post("/api/v1/inbox/kinds/bellman.due", json={"sent": False})
    assert refused.status_code == 409
    assert wang.post("/api/v1/inbox/kinds/bellman.due", json={"sent": 1}).status_code == 422
    assert wang.post("/api/v1/inbox/kinds/nobody.any", json={}).status_code == 404
    told = {"email": "wang@example.cn", "language": "en"}
    kept = {"email": "w***@example.cn", "language": "en"}
    assert wang.post("/api/v1/inbox/address", json=told).json == kept
    assert wang.get("/api/v1/inbox/address").json == kept
    assert wang.post("/api/v1/inbox/address", json={"email": "x"}).status_code == 422
    assert wang.post("/api/v1/inbox/address", json={"language": "fr"}).status_code == 422
    paths = wang.get("/api/openapi.json").json["paths"]
    assert {path for path in paths if "inbox" in path} == {
        "/api/v1/inbox", "/api/v1/inbox/read", "/api/v1/inbox/kinds",
        "/api/v1/inbox/kinds/{name}", "/api/v1/inbox/address",
    }  # fmt: skip
