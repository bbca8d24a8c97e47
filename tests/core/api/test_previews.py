"""Dry runs of actions over HTTP: what would happen, by the rules of the act itself, unwritten."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.entities.account import Idempotency
from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PHONE = "13812345678"


@pytest.fixture
def pair(instance: Instance) -> tuple[str, int]:
    """Where the duplicate is merged, and the number of the one that stays."""
    duplicate = world.person(instance, "李小强", phone=PHONE)
    kept = world.person(instance, "李强")
    return f"/api/v1/people/{duplicate.id}/actions/merge", int(kept.id)


def standing() -> list[tuple[int, int]]:
    rows = Person.select(Person.id, Person.version).where(Person.removed_at.is_null())
    return list(rows.order_by(Person.id).tuples())


def test_a_dry_run_answers_with_the_preview_and_keeps_not_even_the_key(
    api: Api, pair: tuple[str, int]
) -> None:
    (where, kept), client = pair, api("community_secretary", at=world.HOME)
    before, key = standing(), {"Idempotency-Key": "merge-1"}
    told = client.post(f"{where}?dry_run=true", json={"into": kept}, headers=key)
    assert (told.status_code, list(told.json)) == (200, ["preview"])
    shown = told.json["preview"]
    assert shown["obstacles"] == []
    assert ["手机号", "138****5678", "", "138****5678"] in shown["sections"][0]["rows"]
    assert shown["sections"][1]["rows"] == [["归属关系", "1", "1"]]
    assert PHONE not in told.text
    assert standing() == before
    assert not Idempotency.select().exists()
    done = client.post(f"{where}?dry_run=false", json={"into": kept}, headers=key)
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    assert standing() == [(kept, 2)]
    gone = client.get(where.removesuffix("/actions/merge"))
    assert (gone.status_code, gone.json["detail"]) == (404, f"已合并到 {kept}")


def test_a_dry_run_is_refused_exactly_as_the_act(api: Api, pair: tuple[str, int]) -> None:
    where, kept = pair
    secretary, worker = (
        api(role, at=world.HOME) for role in ("community_secretary", "community_worker")
    )
    stranger = api("community_secretary", at=world.FOREIGN)
    asked: list[tuple[FlaskClient, dict[str, Any], dict[str, str], int]] = [
        (worker, {"into": kept}, {}, 403),
        (stranger, {"into": kept}, {}, 404),
        (secretary, {}, {}, 422),
        (secretary, {"into": 987_654}, {}, 422),
        (secretary, {"into": kept, "reason": "x"}, {}, 422),
        (secretary, {"into": kept, "occurred_at": "2999-01-01T00:00:00Z"}, {}, 422),
        (secretary, {"into": kept}, {"If-Match": '"7"'}, 412),
    ]
    for client, body, headers, status in asked:
        answers = [
            client.post(f"{where}{query}", json=body, headers=headers)
            for query in ("", "?dry_run=true")
        ]
        told = [{**answer.json, "request_id": ""} for answer in answers]
        assert [answer.status_code for answer in answers] == [status] * 2, body
        assert told[0] == told[1]
    assert len(standing()) == 2


def test_only_what_has_a_preview_can_be_tried(
    instance: Instance, api: Api, pair: tuple[str, int]
) -> None:
    (where, kept), client = pair, api("community_secretary", at=world.CHENGGUAN)
    move = where.replace("merge", "move")
    told = {"community": {"code": world.NEIGHBOUR}, "date": "2026-01-01"}
    for path, body in ((f"{move}?dry_run=true", told), (f"{where}?dryrun=true", {"into": kept}),
                       (f"{where}?dry_run=1", {"into": kept})):  # fmt: skip
        assert client.post(path, json=body).status_code == 400, path
    assert client.post(move, json=told).status_code == 200
    nothing = where.replace("merge", "nothing")
    assert client.post(nothing, json={}).status_code == 404


def test_the_description_names_the_dry_run_where_there_is_one(boss_api: FlaskClient) -> None:
    paths = boss_api.get("/api/openapi.json").json["paths"]
    merge, move = (
        paths[f"/api/v1/people/{{id}}/actions/{verb}"]["post"] for verb in ("merge", "move")
    )
    asked = [[str(one.get("$ref", one)) for one in verb["parameters"]] for verb in (merge, move)]
    assert asked[0][-1].endswith("dry_run"), asked
    assert "dry_run" not in str(asked[1])
    schema = merge["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/Preview"} in schema["anyOf"]
