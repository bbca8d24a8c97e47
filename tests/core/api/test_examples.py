"""Every word and example of the description, and the pages that show it to people."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

import lifang
from lifang.http.known_problems import CODES, KINDS
from lifang.http.problems import CODES as OF_HTTP
from lifang.kit.errors import LifangError
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.needed import needed

RAISES = {"FieldError": 1, "about": 1, "Refused": 1, "Said": 1, "Required": 1, "IdentifierError": 1}
"""What names a code, and as which of its arguments."""


@pytest.fixture
def described(enable: Any, boss_api: FlaskClient) -> dict[str, Any]:
    for plugin in ("dual_reporting", "volunteer_points", "agency_contracts", "webhooks"):
        enable(plugin, at=world.CITY, **needed(plugin))
    told: dict[str, Any] = boss_api.get("/api/openapi.json").json
    return told


def bodies(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema there is, by where it stands."""
    yield from described["components"]["schemas"].items()
    for verbs in described["paths"].values():
        for one in verbs.values():
            for part in (one.get("requestBody", {}), *one["responses"].values()):
                for content in part.get("content", {}).values():
                    yield one["operationId"], content["schema"]


def wordless(schema: Any) -> Iterator[str]:
    """The members of a schema of which nothing is said."""
    for name, one in schema.get("properties", {}).items():
        if not one.get("description"):
            yield name
        yield from wordless(one)
    for part in (schema.get("items"), *(schema.get("anyOf", ())), *(schema.get("oneOf", ()))):
        yield from wordless(part) if part else ()


@pytest.mark.once
def test_everything_has_words_and_every_example_is_what_its_schema_allows(
    described: dict[str, Any], boss_api: FlaskClient
) -> None:
    parts, examples = {"components": described["components"]}, 0
    for where, schema in bodies(described):
        assert not list(wordless(schema)), where
        if "$ref" not in schema and schema.get("type") != "string":
            assert schema["examples"], where
        for example in schema.get("examples", ()):
            examples += 1
            judge = Draft202012Validator(parts | schema)
            wrong = [one.message for one in judge.iter_errors(example)]
            assert not wrong, (where, example, wrong)
    assert examples > 1_000
    for path, verbs in described["paths"].items():
        for one in verbs.values():
            assert one["summary"], path
            assert one["description"], path
    for one in described["components"]["parameters"].values():
        assert one["description"], one["name"]
    answered = described["components"]["responses"]["Problem412"]["content"]
    assert answered["application/problem+json"]["examples"]["stale"]["value"]["changed"] == ["name"]
    assert created(described, boss_api) >= {
        "create_people",
        "create_communities",
        "create_households",
    }


def created(described: dict[str, Any], boss_api: FlaskClient) -> set[str]:
    """Send every example of a new record; those that were made, for what the others lack exists
    nowhere yet, and nothing in their shape is wrong."""
    made = set()
    for path, verbs in described["paths"].items():
        name = verbs.get("post", {}).get("operationId", "")
        if not name.startswith("create_"):
            continue
        schema = verbs["post"]["requestBody"]["content"]["application/json"]["schema"]
        sent = schema_of(described, schema)["examples"][0]
        answer = boss_api.post(path, json=sent)
        assert answer.status_code in (201, 403, 409, 422), (name, answer.json)
        made |= {name} if answer.status_code == 201 else set()
        for wrong in answer.json.get("errors", ()):
            assert wrong["code"] not in ("blank", "characters", "length", "masked"), (name, wrong)
            assert wrong["field"] in schema_of(described, schema)["properties"], (name, wrong)
            assert (wrong["code"], wrong["field"] in sent) != ("required", True), (name, wrong)
    return made


def schema_of(described: dict[str, Any], pointer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = described["components"]["schemas"][pointer["$ref"].rpartition("/")[2]]
    return found


def test_every_kind_of_problem_and_every_code_is_told_of() -> None:
    kinds = {one.code: one.status for one in LifangError.__subclasses__()}
    kinds |= {code: status for status, code in OF_HTTP.items()} | {"error": 500}
    assert {code: one.status for code, one in KINDS.items()} == kinds
    said: set[str] = set()
    for file in Path(lifang.__file__).parent.rglob("*.py"):
        for one in ast.walk(ast.parse(file.read_text("utf-8"))):
            func = one.func if isinstance(one, ast.Call) else None
            at = RAISES.get(getattr(func, "id", getattr(func, "attr", "")), 9)
            args = one.args[at : at + 1] if isinstance(one, ast.Call) else []
            said |= {str(arg.value) for arg in args if isinstance(arg, ast.Constant)}
    assert said == set(CODES)


def test_a_problem_leads_to_the_page_that_explains_it(app: Flask, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    refused = client.post("/api/v1/people", json={"phone": "1"})
    assert refused.json["type"] == "/api/problems/invalid"
    stranger = app.test_client()
    for code, one in KINDS.items():
        page = stranger.get(f"/api/problems/{code}", headers={"Accept-Language": "zh"})
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert one.means in page.text
    told = stranger.get("/api/problems", headers={"Accept-Language": "en"}).text
    assert "The check character is wrong" in told
    missing = stranger.get("/api/problems/nonsense")
    assert (missing.status_code, missing.mimetype) == (404, "text/html")
    assert stranger.get("/api/v1/nonsense").mimetype == "application/problem+json"


def test_what_can_be_called_is_shown_to_people(
    instance: Instance, enable: Any, app: Flask, page: Any
) -> None:
    enable("dual_reporting", at=world.CITY)
    stranger, worker = app.test_client(), page("community_worker", at=world.HOME)
    report = "/api/docs/dual_reporting_reports"
    assert report not in stranger.get("/api/docs").text
    assert stranger.get(report).status_code == 404
    assert report in worker.text("/api/docs")
    calls = set(re.findall(rf'"({report}/\w+)"', worker.text(report)))
    assert f"{report}/accept_dual_reporting_reports" in calls
    for one in calls:
        text = worker.text(one)
        assert "curl -X" in text
        assert "<script>" not in text
    people = worker.text("/api/docs/people/update_people")
    assert "If-Match: &#34;3&#34;" in people
    assert "PATCH /api/v1/people/{id}" in people
    assert "/api/docs/plugins" not in worker.text("/api/docs")
    assert worker.get("/api/docs/people/nonsense").status_code == 404
    assert worker.get("/api/docs/communities/update_people").status_code == 404


def test_clients_find_the_next_page_and_keep_what_did_not_change(
    instance: Instance, api: Api
) -> None:
    for name in ("李强", "王芳", "张伟"):
        world.person(instance, name)
    client = api("community_worker", at=world.HOME)
    first = client.get("/api/v1/people?limit=2&sort=-id")
    link = re.fullmatch(r'<(/api/v1/people\?[^>]+)>; rel="next"', first.headers["Link"])
    assert link is not None
    second = client.get(link[1])
    assert [one["name"] for one in first.json["items"] + second.json["items"]] == [
        "张伟", "王芳", "李强",
    ]  # fmt: skip
    assert "Link" not in second.headers
    described = client.get("/api/openapi.json")
    tag = described.headers["ETag"]
    assert client.get("/api/openapi.json", headers={"If-None-Match": tag}).status_code == 304
    allowed = client.put("/api/v1/people", json={})
    assert (allowed.status_code, "POST" in allowed.headers["Allow"]) == (405, True)
    crossing = client.get("/api/v1/people", headers={"Origin": "https://example.cn"})
    assert not [name for name, _ in crossing.headers if name.startswith("Access-Control")]
