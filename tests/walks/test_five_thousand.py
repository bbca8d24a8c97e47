"""Five thousand people in one file, ten of them wrong: each mistake a line, nothing in halves."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.person import Affiliation, Person
from lifang.kit import identifiers
from lifang.sample.people import sample_people
from lifang.services.importing import Imported, failing_rows, import_table
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import account, token
from tests.core.cli.conftest import Command, lifang  # noqa: F401 – fixtures

Row = dict[str, str]
LABELS = {
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生日期",
    "citizen_id": "公民身份号码",
    "phone": "手机号",
    "address": "住址",
    "community": "居住社区",
}
ROWS = 5_000
RARE = ("𠮷野", "㐂", "\U00030000强", "阿依古丽·买买提")


def sampled(number: int, seed: int = 7) -> list[Row]:
    return [
        {**told, "community": (world.HOME, world.NEIGHBOUR)[place % 2]}
        for place, told in enumerate(sample_people(Random(seed), number, ["620102"]))
    ]


def as_file(rows: list[Row], *, without: str = "", encoding: str = "gb18030") -> bytes:
    names = [name for name in LABELS if name != without]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(LABELS[name] for name in names)
    writer.writerows([row[name] for name in names] for row in rows)
    return out.getvalue().encode(encoding)


def misread(number: str) -> str:
    """A citizen id with its last character wrong."""
    return number[:-1] + ("0" if number[-1] != "0" else "1")


Told = list[tuple[int, str]]


def spoiled(rows: list[Row], stored: str, elsewhere: str) -> Told:
    """Put every mistake of the office into the rows; gives the lines that must be told."""
    wrong: Told = []

    def change(place: int, *columns: str, **told: str) -> None:
        rows[place].update(told)
        wrong.extend((place + 2, LABELS[column]) for column in columns)

    change(3, name=RARE[0], citizen_id=elsewhere)  # known in another district: nobody is told
    change(10, "citizen_id", citizen_id=misread(rows[10]["citizen_id"]))
    change(500, "citizen_id", citizen_id="620102198013450033")
    change(501, "birth_date", birth_date="1980-02-30")
    change(1_234, "citizen_id", citizen_id=rows[17]["citizen_id"])
    change(2_000, "citizen_id", citizen_id=stored)
    change(2_500, "community", community="620199999999")
    change(3_000, "community", community=world.FOREIGN)
    change(3_001, "name", name="")
    change(3_002, "phone", phone="1380013")
    shifted = dict(zip(LABELS, ["", *list(rows[4_000].values())], strict=False))
    change(4_000, "name", "sex", "birth_date", "citizen_id", "phone", "community", **shifted)
    for place, name in enumerate(RARE[1:], start=4_990):
        change(place, name=name)
    return wrong


def everything(instance: Instance) -> Counter[tuple[Any, ...]]:
    engine, rows = instance.database.engine, Counter[tuple[Any, ...]]()
    for table in engine.get_tables():
        asked = engine.execute_sql(f'SELECT * FROM "{table}"')  # noqa: S608 – our own tables
        rows.update((table, *row) for row in asked.fetchall())
    return rows


def blamed(done: Imported) -> Told:
    return sorted((error["row"], error["column"]) for error in done["errors"])


@pytest.fixture
def two(instance: Instance) -> tuple[str, str]:
    """The citizen ids of somebody who is stored here, and of somebody in another district."""
    here, there = (identifiers.make_citizen_id("620102", dt.date(1930, 1, d), 3) for d in (1, 2))
    world.person(instance, "李强", citizen_id=here)
    world.person(instance, "王远", at=world.FOREIGN, citizen_id=there, phone="13812345678")
    return here, there


@pytest.fixture
def api(instance: Instance) -> FlaskClient:
    """A program of a worker of the district."""
    client = create_app(instance).test_client()
    holder = account(instance, "community_worker", at=world.CHENGGUAN)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, holder)}"
    return client


def test_every_problem_of_five_thousand_rows_is_told_alike_everywhere(
    instance: Instance,
    caller: Callable[..., Caller],
    two: tuple[str, str],
    lifang: Command,  # noqa: F811 – a fixture
    api: FlaskClient,
    tmp_path: Path,
) -> None:
    rows, file = sampled(ROWS), tmp_path / "people.csv"
    wrong = sorted(spoiled(rows, *two))
    file.write_bytes(as_file(rows))
    failed = len({row for row, _column in wrong})
    assert (len(wrong), failed) == (15, 10)
    told = ["--role", "community_worker", "--at", world.CHENGGUAN]
    assert lifang("accounts", "create", "wang", *told).code == 0
    worker = caller("community_worker", at=world.CHENGGUAN)

    before = everything(instance)
    judged = import_table(worker, people, file, dry_run=True)
    assert everything(instance) == before
    assert blamed(judged) == wrong
    assert (judged["created"], judged["failed"]) == (ROWS - failed, failed)
    assert all(error["message"] and two[1] not in error["message"] for error in judged["errors"])

    asked = {"data": file.read_bytes(), "content_type": "text/csv"}
    refused = api.post("/api/v1/people/import", **asked)
    assert (refused.status_code, refused.json["created"]) == (422, 0)
    assert refused.json["errors"] == judged["errors"]
    stopped = lifang("people", "import", str(file), "--json", "--as", "wang")
    assert (stopped.code, stopped.json) == (2, {**judged, "created": 0})
    assert Person.select().count() == 2

    kept = failing_rows(file, judged["errors"]).decode("utf-8-sig").splitlines()
    assert len(kept) == failed + 1


@pytest.mark.parametrize("most", [600, pytest.param(ROWS, marks=pytest.mark.trust)])
def test_skipping_writes_all_the_others_and_links_who_was_known(
    two: tuple[str, str], api: FlaskClient, most: int
) -> None:
    rows = sampled(ROWS)
    failed = {row for row, _column in spoiled(rows, *two) if row < most + 2}
    asked = {"data": as_file(rows[:most]), "content_type": "text/csv"}
    judged = api.post("/api/v1/people/import?dry_run=true", **asked)
    done = api.post("/api/v1/people/import?skip_invalid=true", **asked)
    assert (done.status_code, done.json) == (200, judged.json)
    assert (done.json["created"], done.json["failed"]) == (most - len(failed), len(failed))
    # of those who count as created one was known already: linked, and not changed at all
    assert Person.select().count() == 2 + most - len(failed) - 1
    known = Person.get(Person.name == "王远")
    links = Affiliation.select().where(Affiliation.person == known)
    assert {link.community.code for link in links} == {world.FOREIGN, world.NEIGHBOUR}
    told = {row.name for row in Person.select().where(Person.name.in_(RARE))}
    assert told == (set(RARE[1:]) if most == ROWS else set())


def test_a_missing_column_is_told_once_and_not_five_thousand_times(
    instance: Instance, caller: Callable[..., Caller]
) -> None:
    worker, before = caller("community_worker", at=world.CHENGGUAN), everything(instance)
    for encoding in ("gb18030", "utf-8-sig", "utf-16"):
        raw = as_file(sampled(ROWS), without="community", encoding=encoding)
        done = import_table(worker, people, io.BytesIO(raw), dry_run=True)
        assert blamed(done) == [(1, "community")]
        assert json.dumps(done, ensure_ascii=False).count("message") == 1
    assert everything(instance) == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_neither_answer_nor_time_tells_who_is_known_elsewhere(
    instance: Instance, caller: Callable[..., Caller], *, dry_run: bool
) -> None:
    worker = caller("community_worker", at=world.CHENGGUAN)
    rows = sampled(80, seed=11)
    for row in rows[::2]:
        told = {name: row[name] for name in ("name", "citizen_id", "phone")}
        world.person(instance, at=world.FOREIGN, **told)
    took: dict[int, list[float]] = {0: [], 1: []}
    answers = []
    for place, row in enumerate(rows):
        file = io.BytesIO(as_file([row]))
        started = time.process_time()  # what other processes do is no difference
        answers.append(import_table(worker, people, file, dry_run=dry_run))
        took[place % 2].append(time.process_time() - started)
    assert all(answer == answers[0] for answer in answers)
    known, unknown = (statistics.median(took[side][4:]) for side in (0, 1))
    ratio = known / unknown
    told_as = f"known elsewhere {known:.5f} s, unknown {unknown:.5f} s, ratio {ratio:.2f}"
    sys.stdout.write(f"{told_as}\n")
    assert 1 / 3 < ratio < 3, told_as
