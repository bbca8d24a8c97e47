"""Lists: paging, filters, search, order, and what cannot be asked."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json["items"]]


def test_a_list_pages_over_ties_without_losing_or_doubling_a_row(
    instance: Instance, api: Api
) -> None:
    for _n in range(5):
        world.person(instance, "张伟")
    client, seen, cursor = api("grid_worker", at=world.HOME), [], ""
    while True:
        page = client.get(f"/api/v1/people?sort=-name&limit=2&cursor={cursor}").json
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_a_list_shows_a_subtree_and_nothing_else(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", at=world.HOME)
    world.person(instance, "张远", at=world.FOREIGN)
    assert names(api("grid_worker", at=world.CITY).get("/api/v1/people")) == ["张近", "张远"]
    near = api("grid_worker", at=world.CHENGGUAN)
    assert names(near.get("/api/v1/people?q=张")) == ["张近"]
    assert near.get("/api/v1/people?count=true").json["count"] == 1
    assert near.get("/api/v1/people?name=张远").json == {"items": [], "next": None}


def test_within_narrows_to_a_readable_subtree_only(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", at=world.HOME)
    world.person(instance, "张邻", at=world.NEIGHBOUR)
    client = api("grid_worker", at=world.CHENGGUAN)
    assert names(client.get(f"/api/v1/people?within={world.HOME}")) == ["张近"]
    foreign = client.get(f"/api/v1/people?within={world.FOREIGN}")
    unknown = client.get("/api/v1/people?within=620199999999")
    assert (foreign.status_code, unknown.status_code) == (422, 422)
    assert foreign.json["detail"].replace(world.FOREIGN, "x") == unknown.json["detail"].replace(
        "620199999999", "x"
    )


def test_filters_by_values_ranges_and_emptiness(boss_api: FlaskClient) -> None:
    list_of = "/api/v1/communities?"
    both = boss_api.get(f"{list_of}kind=city&kind=district").json["items"]
    assert {item["kind"] for item in both} == {"city", "district"}
    assert len(both) == 3
    rest = boss_api.get(f"{list_of}kind__not=community").json["items"]
    assert {item["kind"] for item in rest} == {"city", "district", "subdistrict"}
    assert len(boss_api.get(f"{list_of}id__gte=2&id__lte=3").json["items"]) == 2
    assert len(boss_api.get(f"{list_of}parent__isnull=true").json["items"]) == 1
    under = boss_api.get(f"{list_of}parent={world.CITY}").json["items"]
    assert [item["code"] for item in under] == [world.CHENGGUAN, world.QILIHE]


def test_a_virtual_field_filters_by_code(instance: Instance, boss_api: FlaskClient) -> None:
    world.person(instance, "张近", at=world.HOME)
    world.person(instance, "张远", at=world.FOREIGN)
    assert names(boss_api.get(f"/api/v1/people?community={world.HOME}")) == ["张近"]
    assert boss_api.get(f"/api/v1/people?community__not={world.HOME}").status_code == 400


IMPOSSIBLE = [
    "nmae=x",
    "phone=13800005678",
    "citizen_id=620102198001010033",
    "name__like=x",
    "limit=0",
    "limit=1001",
    "limit=x",
    "limit=1&limit=2",
    "sort=phone",
    "sort=name&sort=id",
    "count=maybe",
    "cursor=nonsense",
    "id=x",
    "id=99999999999999999999",
    "created_at__gte=yesterday",
    "id__isnull=perhaps",
    "q=" + "张" * 101,
]


def test_what_cannot_be_asked_is_refused(api: Api) -> None:
    client = api("grid_worker", at=world.HOME)
    for query in IMPOSSIBLE:
        answer = client.get(f"/api/v1/people?{query}")
        assert answer.status_code == 400, query
        assert answer.json["code"] == "malformed"


def test_an_unknown_key_is_answered_with_the_known_ones(api: Api) -> None:
    answer = api("grid_worker", at=world.HOME).get("/api/v1/people?nmae=x")
    assert {"name", "sex", "community", "q", "within", "limit"} <= set(answer.json["known"])
    assert "phone" not in answer.json["known"]
    assert "name" in answer.json["detail"]


def test_the_limits_of_a_page_are_kept_to_the_row(api: Api) -> None:
    client = api("grid_worker", at=world.HOME)
    assert client.get("/api/v1/people?limit=1").status_code == 200
    assert client.get("/api/v1/people?limit=1000").status_code == 200
    assert client.get("/api/v1/people?q=" + "张" * 100).status_code == 200


def test_a_plugins_noun_stands_under_its_plugin_with_dashes_or_without(
    enable: Any, api: Api
) -> None:
    enable("dual_reporting", at=world.CITY)
    client = api("community_worker", at=world.HOME)
    assert client.get("/api/v1/dual-reporting/reports").json == {"items": [], "next": None}
    assert client.get("/api/v1/dual_reporting/reports").status_code == 200
    assert client.get("/api/v1/reports").status_code == 404
    assert client.get("/api/v1/core/people").status_code == 404
