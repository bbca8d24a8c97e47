"""Importing over HTTP: every noun with the right, as CSV, XLSX or a form, whole or not at all."""

from __future__ import annotations

import io

from flask.testing import FlaskClient

from lifang.entities.person import Person
from lifang.services import uploads
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
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


def test_who_may_not_import_is_refused_and_odd_questions_too(api: Api) -> None:
    reader = api("grid_worker", at=world.HOME)
    assert reader.post(WHERE, data=table(GOOD), content_type="text/csv").status_code == 403
    worker = api("community_worker", at=world.HOME)
    for query in ("skip=true", "skip_invalid=yes"):
        assert worker.post(f"{WHERE}?{query}", data=table(GOOD)).status_code == 400
    for body in (b"", b"PK\x03\x04xx", b"\xff\xff"):
        answer = worker.post(WHERE, data=body, content_type="text/csv")
        assert (answer.status_code, bool(answer.json["detail"])) == (400, True)
    assert Person.select().count() == 0


def long_table(*rows: str) -> bytes:
    return table(*[f"人{number},{world.HOME}" for number in range(uploads.AT_ONCE)], *rows)


def finish(instance: Instance) -> None:
    worker = Jobs(instance)
    while worker.step():
        pass


def test_a_long_file_is_answered_with_the_job_that_does_it(instance: Instance, api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    raw = long_table(GOOD)
    asked = worker.post(f"{WHERE}?dry_run=true", data=raw, content_type="text/csv")
    assert (asked.status_code, asked.json["state"]) == (202, "queued")
    assert asked.headers["Location"] == f"/api/v1/jobs/{asked.json['id']}"
    finish(instance)
    checked = worker.get(asked.headers["Location"]).json
    assert (checked["state"], checked["created"], checked["total"]) == ("waiting", 5_001, 5_001)
    assert Person.select().count() == 0
    queued = worker.post(WHERE, data={"file": (io.BytesIO(raw), "a.csv")})
    assert queued.status_code == 202
    where = queued.headers["Location"]
    finish(instance)
    assert worker.get(where).json["state"] == "finished"
    told = worker.get(f"{where}/result").json
    assert told == {"created": 5_001, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}
    assert Person.select().count() == 5_001


def test_a_long_file_with_a_mistake_writes_nothing_unless_it_is_skipped(
    instance: Instance, api: Api
) -> None:
    worker = api("community_worker", at=world.HOME)
    where = worker.post(WHERE, data=long_table(BAD), content_type="text/csv").headers["Location"]
    finish(instance)
    assert (worker.get(where).json["state"], Person.select().count()) == ("failed", 0)
    skipping = f"{WHERE}?skip_invalid=true"
    done = worker.post(skipping, data=long_table(BAD), content_type="text/csv")
    finish(instance)
    told = worker.get(f"{done.headers['Location']}/result").json
    assert (told["created"], told["failed"], told["errors"][0]["row"]) == (5_000, 1, 5_002)
    csv = worker.get(f"{done.headers['Location']}/result?format=csv")
    assert csv.mimetype == "text/csv" and csv.text.count("坏人") == 1 and "人7," not in csv.text
    tree = worker.post("/api/v1/communities/import", data=b"x", content_type="text/csv")
    assert tree.status_code == 403


def test_a_result_is_for_whoever_sees_the_job_and_its_rows_for_the_sender(
    instance: Instance, api: Api, boss_api: FlaskClient
) -> None:
    worker = api("community_worker", at=world.HOME)
    made = worker.post(f"{WHERE}?dry_run=true", data=long_table(BAD), content_type="text/csv")
    finish(instance)
    where = f"{made.headers['Location']}/result"
    missing = "/api/v1/jobs/999999/result"
    other = api("community_worker", at=world.HOME)
    for form in ("", "?format=csv"):
        foreign, none = other.get(where + form), other.get(missing + form)
        assert (foreign.status_code, foreign.json["detail"]) == (404, none.json["detail"])
    assert boss_api.get(where).json["failed"] == 1
    assert boss_api.get(f"{where}?format=csv").status_code == 403
    assert worker.get(f"{where}?format=xml").status_code == 400
    assert worker.get(f"{where}?foo=1").status_code == 400


def test_short_imports_are_jobs_that_tell_their_result_but_keep_no_file(api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    worker.post(f"{WHERE}?skip_invalid=true", data=table(GOOD, BAD), content_type="text/csv")
    (job,) = worker.get("/api/v1/jobs").json["items"]
    told = worker.get(f"/api/v1/jobs/{job['id']}/result").json
    assert (told["created"], told["failed"], len(told["errors"])) == (1, 1, 1)
    gone = worker.get(f"/api/v1/jobs/{job['id']}/result?format=csv")
    assert gone.status_code == 404 and "不再保存" in gone.json["detail"]


def test_a_file_of_many_megabytes_is_taken_and_one_without_end_is_not(api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    wide = table(*[f"{GOOD},{'x' * 100_000}"] * 100).replace(b"community", b"community,note", 1)
    assert len(wide) > 9_000_000
    answer = worker.post(f"{WHERE}?dry_run=true", data=wide, content_type="text/csv")
    assert answer.status_code == 200 and answer.json["errors"][0]["column"] == "note"
    huge = worker.post(WHERE, data=b"x" * (65 * 1024 * 1024), content_type="text/csv")
    assert huge.status_code == 413
    assert worker.post(PEOPLE, json={"name": "x" * 2_000_000}).status_code == 413
