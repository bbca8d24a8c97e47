"""Papers over HTTP: files go in and come out, documents are read, anybody verifies."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

import lifang as lf
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.api.test_anything import try_everything, whole
from tests.core.mechanisms import papers_desk as desk
from tests.core.mechanisms.papers_desk import CANARY, PDF

BASE = "/api/v1/papers/cases"


@pytest.fixture
def case(instance: Instance) -> desk.Case:
    desk.open_desk(instance)
    return desk.new_case(instance)


def sent(data: bytes = PDF, name: str = CANARY, kind: str = "evidence") -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(data), name), "kind": kind}}


def large(megabytes: int) -> dict[str, Any]:
    """A form with a file of more than so many MB, as a browser sends it."""
    kind, file = 'name="kind"\r\n\r\nevidence', 'name="file"; filename="a.pdf"\r\n\r\n%PDF-'
    head = "\r\n".join(f"--x\r\nContent-Disposition: form-data; {part}" for part in (kind, file))
    data = head.encode() + bytes(megabytes << 20) + b"\r\n--x--\r\n"
    return {"data": data, "content_type": "multipart/form-data; boundary=x"}


def test_a_file_is_added_listed_fetched_and_taken_away(api: Api, case: desk.Case) -> None:
    worker, here = api("community_worker", at=world.HOME), f"{BASE}/{case.id}/attachments"
    made = worker.post(here, **sent())
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"{here}/{made.json['id']}"
    assert worker.get(here).json == {"items": [made.json]}
    got = worker.get(made.headers["Location"])
    assert (got.data, got.content_type) == (PDF, "application/pdf")
    assert got.headers["Content-Disposition"].startswith("attachment; ")
    assert "%E7%8E%8B" in got.headers["Content-Disposition"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    reader = api("grid_worker", at=world.HOME)
    assert reader.get(made.headers["Location"]).data == PDF
    assert reader.post(here, **sent()).status_code == 403
    assert reader.delete(made.headers["Location"]).status_code == 403
    foreign = api("community_worker", at=world.FOREIGN)
    where = made.headers["Location"]
    refused = [foreign.get(here), foreign.post(here, **sent()), foreign.get(where)]
    for answer in (*refused, foreign.delete(where), worker.get(f"{here}/999")):
        assert answer.status_code == 404 and CANARY not in answer.text
    assert worker.delete(made.headers["Location"]).status_code == 204
    assert worker.get(here).json == {"items": []}
    assert worker.get("/api/v1/people/1/attachments").status_code == 404


def test_what_cannot_be_taken_in_is_refused_in_a_sentence(api: Api, case: desk.Case) -> None:
    worker, here = api("community_worker", at=world.HOME), f"{BASE}/{case.id}/attachments"
    wrong = [
        (sent(b"MZ"), 422), (sent(kind="photo"), 422), (sent(kind=""), 422),
        (sent(name="a/b.pdf"), 422), ({"json": {"file": "x"}}, 415),
        ({"data": {"kind": "evidence"}, "content_type": "multipart/form-data"}, 400),
        (large(22), 413), (large(20), 422),
    ]  # fmt: skip
    for told, status in wrong:
        answer = worker.post(here, **told)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert worker.get(here).json == {"items": []}


def test_anybody_verifies_a_document_and_nobody_guesses(
    app: Flask, api: Api, case: desk.Case, instance: Instance
) -> None:
    boss = world.boss(instance)
    lf.act(desk.certify, case, boss, holder="王秀兰", day=desk.ISSUED_ON)
    [issued] = desk.certificate.of(case)
    stranger = app.test_client()
    told = stranger.get(f"/api/v1/verify/{issued.code}")
    assert told.status_code == 200 and told.json["state"] == "valid"
    assert set(told.json) == {"state", "code", "label", "number", "issuer", "day", "holder", "mark",
                              "extent", "revoked_on"}  # fmt: skip
    assert told.json["holder"] == "王*兰" and "秀" not in told.text
    assert stranger.get(f"/api/v1/documents/{issued.id}").status_code == 401
    reader = api("grid_worker", at=world.HOME)
    whole = reader.get(f"/api/v1/documents/{issued.id}").json
    file = reader.get(f"/api/v1/documents/{issued.id}?format=xlsx")
    assert file.status_code == 200 and file.data.startswith(b"PK")
    assert (whole["holder"], whole["sections"][0]["label"]) == ("王秀兰", "服务记录")
    [line] = reader.get(f"{BASE}/{case.id}/documents").json["items"]
    assert line["record"] == {"noun": "papers.cases", "id": case.id}
    foreign = api("community_worker", at=world.FOREIGN)
    assert foreign.get(f"/api/v1/documents/{issued.id}").status_code == 404
    assert foreign.get(f"{BASE}/{case.id}/documents").status_code == 404
    for _guess in range(20):
        assert stranger.get("/api/v1/verify/2222-2222-2222-2222").status_code == 404
    for code in ("2222-2222-2222-2222", issued.code):
        assert stranger.get(f"/api/v1/verify/{code}").status_code == 429


@pytest.mark.once
def test_it_is_described_as_it_answers(api: Api, case: desk.Case, instance: Instance) -> None:
    lf.act(desk.certify, case, world.boss(instance), holder="王秀兰", day=desk.ISSUED_ON)
    worker = api("community_worker", at=world.HOME)
    worker.post(f"{BASE}/{case.id}/attachments", **sent())
    described = worker.get("/api/openapi.json").json
    validate(described)
    for path in (f"{BASE}/{{id}}/attachments", f"{BASE}/{{id}}/attachments/{{file}}",
                 f"{BASE}/{{id}}/documents", "/api/v1/verify/{code}"):  # fmt: skip
        assert path in described["paths"]
    asked = whole(worker.application, worker)
    chosen = "cases/{id}/attachments"
    try_everything(lambda: [("worker", worker)], asked, lambda one: chosen in one.path, examples=3)
