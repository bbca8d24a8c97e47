"""The description of the API: valid, whole, and made for its reader."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

ADDRESS = "/api/openapi.json"


@pytest.fixture
def described(enable: Any, boss_api: FlaskClient) -> dict[str, Any]:
    enable("dual_reporting", at=world.CITY)
    told: dict[str, Any] = boss_api.get(ADDRESS).json
    return told


def resolved(described: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """What a pointer within the description leads to."""
    while "$ref" in one:
        kind, name = one["$ref"].split("/")[-2:]
        one = described["components"][kind][name]
    return one


@pytest.mark.once
def test_it_is_valid_openapi_3_1_and_tells_of_what_may_always_come(
    described: dict[str, Any],
) -> None:
    assert described["openapi"] == "3.1.0"
    validate(described)
    for path, verbs in described["paths"].items():
        for method, told in verbs.items():
            assert {"400", "401", "503"} <= told["responses"].keys(), (method, path)
            asked = {resolved(described, one)["name"] for one in told.get("parameters", ())}
            leads = "Link" in told["responses"]["200"].get("headers", {}) if method == "get" else 0
            assert leads == ("cursor" in asked), (method, path)
    refusals = described["components"]["responses"]
    assert (
        "Retry-After"
        in refusals["Problem503"]["headers"].keys() & refusals["Problem429"]["headers"]
    )


def test_every_rule_is_described_for_every_noun(
    app: Flask, instance: Instance, described: dict[str, Any]
) -> None:
    tails = {
        (rule.rule.removeprefix("/api/v1/<noun>"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/<noun>")
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    missing = []
    for resource in instance.registry:
        own = "" if resource.plugin == "core" else f"/{resource.plugin.replace('_', '-')}"
        for tail, method in sorted(tails):
            path = re.sub(r"<(?:\w+:)?(id|file)>", r"{\1}", tail)
            paths = [path.replace("<action>", action) for action in resource.actions]
            for one in paths if "<action>" in path else [path]:
                told = described["paths"].get(
                    f"/api/v1{own}/{resource.noun.replace('_', '-')}{one}", {}
                )
                if method.lower() not in told:
                    missing.append((resource.noun, one, method))
    nouns = list(instance.registry)
    having = {
        "/{id}/reveal": {n.noun for n in nouns if any(s.kind == "sensitive" for s in n.fields)},
        "/search": {n.noun for n in nouns if any(s.searchable for s in n.fields)},
        "/import": {"communities"},
        "/{id}/lineage": {"communities"},
        "/{id}/uncover": {n.noun for n in nouns if n.confidential and n.confidential.break_glass},
        "/{id}/anonymised": {n.noun for n in nouns if n.confidential and n.confidential.anonymised},
        "/{id}/attachments": {n.noun for n in nouns if n.attachments},
        "/{id}/attachments/{file}": {n.noun for n in nouns if n.attachments},
        "/{id}/documents": {n.noun for n in nouns if n.documents},
    }
    for noun, tail, _method in missing:
        assert noun not in having[tail], (noun, tail)


def test_every_rule_that_is_no_nouns_is_described_too(
    app: Flask, described: dict[str, Any]
) -> None:
    found = set()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("api.") or "<noun>" in rule.rule:
            continue
        path = re.sub(r"<(?:record:)?(\w+)>", r"{\1}", rule.rule)
        for verb in re.findall(r"<any\(([^)]+)\)", path) or [""]:
            for one in verb.split(", "):
                whole = re.sub("<any[^>]+>", one, path)
                found |= {(whole, method.lower()) for method in rule.methods or ()}
    found = {(path, method) for path, method in found if method not in ("head", "options")}
    told = {(path, method) for path, verbs in described["paths"].items() for method in verbs}
    assert ("/api/v1/events/{id}/actions/skip", "post") in found
    assert found <= told


def test_the_event_bus_is_described_to_who_may_see_events(app: Flask, api: Api) -> None:
    address = "/api/v1/events/dead"
    assert address in app.test_client().get(ADDRESS).json["paths"]
    assert address in api("auditor", at=world.HOME).get(ADDRESS).json["paths"]
    assert address not in api("community_worker", at=world.HOME).get(ADDRESS).json["paths"]


def test_every_operation_tells_its_refusals_as_problem_documents(described: dict[str, Any]) -> None:
    shared = described["components"]["responses"]
    assert all(list(one["content"]) == ["application/problem+json"] for one in shared.values())
    names = set()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            names.add(operation["operationId"])
            if path != ADDRESS:
                assert {"401", "404", "default"} <= set(operation["responses"]), (path, method)
    assert len(names) == sum(len(operations) for operations in described["paths"].values())
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_fields_are_told_as_the_model_declares_them(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    sent = schemas["PersonCreate"]
    assert sent["required"] == ["name", "community"]
    assert sent["additionalProperties"] is False
    assert sent["properties"]["name"]["maxLength"] == 120
    assert sent["properties"]["sex"]["enum"] == ["unknown", "male", "female", "unspecified"]
    assert sent["properties"]["phone"]["writeOnly"] is True
    assert "11 位" in sent["properties"]["phone"]["description"]
    assert "community" not in schemas["PersonUpdate"]["properties"]
    assert schemas["Person"]["properties"]["version"]["readOnly"] is True
    assert schemas["DualReportingReport"]["properties"]["state"]["readOnly"] is True
    assert "state" not in schemas["DualReportingReportCreate"]["properties"]


def test_what_a_list_can_be_asked_is_what_it_is_described_to_be(
    described: dict[str, Any], boss_api: FlaskClient
) -> None:
    asked = described["paths"]["/api/v1/people"]["get"]["parameters"]
    told = [resolved(described, one) for one in asked]
    names = {one["name"] for one in told}
    assert {"limit", "cursor", "count", "q", "within", "sort", "sex", "community"} <= names
    assert not {"phone", "citizen_id"} & names
    known = set(boss_api.get("/api/v1/people?nonsense=1").json["known"])
    assert {name.partition("__")[0] for name in names} == known
    orders = next(one["schema"]["enum"] for one in told if one["name"] == "sort")
    assert all(boss_api.get(f"/api/v1/people?sort={one}").status_code == 200 for one in orders)


def test_each_reader_is_told_of_what_they_can_read(enable: Any, app: Flask, api: Api) -> None:
    enable("dual_reporting", at=world.QILIHE)
    report = "/api/v1/dual-reporting/reports"
    stranger = app.test_client().get(ADDRESS).json["paths"]
    assert "/api/v1/people" in stranger
    assert report not in stranger
    near = api("community_worker", at=world.HOME).get(ADDRESS).json["paths"]
    assert report not in near
    assert "/api/v1/accounts" not in near
    there = api("community_worker", at=world.FOREIGN)
    assert report in there.get(ADDRESS).json["paths"]


def test_it_is_made_once_until_something_changes(enable: Any, app: Flask, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    first = client.get(ADDRESS).data
    kept = app.extensions["lifang.descriptions"]
    assert (client.get(ADDRESS).data, len(kept)) == (first, 1)
    enable("dual_reporting", at=world.CITY)
    assert client.get(ADDRESS).data != first
    assert len(kept) == 2
