"""Importing over HTTP: every noun with the right, as CSV, XLSX or a form, whole or not at all."""

from __future__ import annotations

import io

from flask.testing import FlaskClient

from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.services.workbook import TYPE
from lifang.testing import world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"
WHERE = f"{PEOPLE}/import"
GOOD, BAD = f"好人,{world.HOME}", "坏人,620199999999"


def table(*rows: str) -> bytes:
    return "\n".join(["name,community", *rows]).encode()


def test_a_file_with_a_mistake_imports_nothing_unless_it_is_skipped(api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    refused = worker.post(WHERE, data=table(GOOD, BAD), content_type="text/csv")
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    (error,) = refused.json["errors"]
    assert (error["row"], error["column"]) == (3, "community")
    judged = worker.post(f"{WHERE}?dry_run=true", data=table(GOOD, BAD), content_type="text/csv")
    assert (judged.status_code, judged.json["created"], judged.json["failed"]) == (200, 1, 1)
    assert Person.select().count() == 0
    done = worker.post(
        f"{WHERE}?skip_invalid=true", data={"file": (io.BytesIO(table(GOOD, BAD)), "a.csv")}
    )
    assert (done.status_code, done.json["created"], done.json["failed"]) == (200, 1, 1)
    assert Person.get().name == "好人"


def test_an_exported_workbook_comes_back_unchanged(instance: Instance, api: Api) -> None:
    world.person(instance, "𠮷野", phone="13800005678")
    worker = api("community_worker", at=world.HOME)
    raw = worker.get(f"{PEOPLE}/export?format=xlsx").data
    done = worker.post(WHERE, data=raw, content_type=TYPE)
    assert done.json == {"created": 0, "updated": 0, "unchanged": 1, "failed": 0, "errors": []}


def test_who_may_not_import_is_refused_and_odd_questions_too(
    api: Api, boss_api: FlaskClient
) -> None:
    reader = api("grid_worker", at=world.HOME)
    assert reader.post(WHERE, data=table(GOOD), content_type="text/csv").status_code == 403
    worker = api("community_worker", at=world.HOME)
    for query in ("skip=true", "skip_invalid=yes"):
        assert worker.post(f"{WHERE}?{query}", data=table(GOOD)).status_code == 400
    for body in (b"", b"PK\x03\x04xx", b"\xff\xff"):
        answer = worker.post(WHERE, data=body, content_type="text/csv")
        assert (answer.status_code, bool(answer.json["detail"])) == (400, True)
    tree = boss_api.post(
        "/api/v1/communities/import?skip_invalid=true", data=b"x", content_type="text/csv"
    )
    assert tree.status_code == 400
    many = worker.post(WHERE, data=table(*[GOOD] * 5001), content_type="text/csv")
    assert many.status_code == 422
    assert Person.select().count() == 0
