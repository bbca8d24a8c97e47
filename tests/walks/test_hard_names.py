"""A name is the same name everywhere: typed, stored, in every file, and on the page."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.entities.account import Account
from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.services.workbook import TYPE
from lifang.testing import world
from tests.core.api.conftest import account, token
from tests.walks.hard_names import TYPED

PEOPLE = "/api/v1/people"
CSV = "text/csv"
STORED = [unicodedata.normalize("NFC", typed.strip()) for typed in TYPED]
"""What the documentation promises: composed (NFC), without the spaces around it."""
another_instance = contextmanager(world.new_instance)


def clients(instance: Instance) -> tuple[FlaskClient, FlaskClient]:
    """A worker's program and a worker's browser."""
    app = create_app(instance)
    program, browser = app.test_client(), app.test_client()
    worker = account(instance, "community_worker", at=world.CHENGGUAN)
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, worker)}"
    with instance.database.transaction():
        Account.update(must_change=False).execute()
        browser.set_cookie("lifang", sign_in.open_session(worker), path="/")
    return program, browser


def listed(program: FlaskClient) -> dict[int, str]:
    told = program.get(f"{PEOPLE}?limit=1000").json
    return {item["id"]: item["name"] for item in told["items"]}


def as_an_old_spreadsheet_saves_it(raw: bytes) -> bytes:
    return raw.decode("utf-8-sig").encode("gb18030")


def without_ids(raw: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    text = io.StringIO()
    csv.writer(text).writerows(row[1:] for row in rows)
    return text.getvalue().encode("gb18030")


def taken_in(program: FlaskClient, raw: bytes, kind: str) -> dict[str, int]:
    done = program.post(f"{PEOPLE}/import", data=raw, content_type=kind)
    assert done.status_code == 200, done.json
    return {name: number for name, number in done.json.items() if name != "errors" and number}


def shown(browser: FlaskClient, id: int) -> str:
    """The heading of somebody's page, as a browser reads it."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", browser.get(f"/people/{id}").text, re.DOTALL)
    assert found is not None
    heading = re.sub(r"<(\w+)[^>]*class=\"[^\"]*badge.*?</\1>", "", found[1], flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", heading)).strip()


def test_hard_names_come_through_every_door_unchanged(instance: Instance, tmp_path: Path) -> None:
    assert len(set(STORED)) >= 300
    program, _browser = clients(instance)
    for typed in TYPED:
        told = {"name": typed, "community": {"code": world.HOME}}
        made = program.post(PEOPLE, json=told)
        assert made.status_code == 201, (typed, made.json)
        assert program.get(f"{PEOPLE}/{made.json['id']}").json["name"] == made.json["name"]
    assert list(listed(program).values()) == STORED
    exported = program.get(f"{PEOPLE}/export").data
    unchanged = {"unchanged": len(TYPED)}
    assert taken_in(program, as_an_old_spreadsheet_saves_it(exported), CSV) == unchanged
    with another_instance(tmp_path / "other") as other:
        world.plant(other)
        program, browser = clients(other)
        assert taken_in(program, without_ids(exported), CSV) == {"created": len(TYPED)}
        names = listed(program)
        assert list(names.values()) == STORED
        book = program.get(f"{PEOPLE}/export?format=xlsx").data
        assert taken_in(program, book, TYPE) == unchanged
        assert [shown(browser, id) for id in names] == STORED
    instance.database.bind()


def test_phones_and_ids_leave_as_text(instance: Instance) -> None:
    program, _browser = clients(instance)
    told = {"name": "+86", "phone": "13800005678", "citizen_id": "11010519491231002X"}
    assert program.post(PEOPLE, json=told | {"community": {"code": world.HOME}}).status_code == 201
    book = program.get(f"{PEOPLE}/export?format=xlsx").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert {type(cell) for row in rows for cell in row} == {str}
    assert {"1", "'+86", "138****5678", "110105***********X", world.HOME} <= set(rows[1])


def test_a_name_with_what_nobody_sees_is_refused_by_both_doors(instance: Instance) -> None:
    program, _browser = clients(instance)
    for name in ("张\t三", "张\n三", "张\u200b三", "\u202e三张", "张\x00", "\ufeff", "\u3000"):
        told = {"name": name, "community": {"code": world.HOME}}
        one = program.post(PEOPLE, json=told)
        table = f'name,community\n"{name}",{world.HOME}\n'.encode()
        other = program.post(f"{PEOPLE}/import", data=table, content_type=CSV)
        for answer in (one, other):
            assert answer.status_code in (400, 422), (name, answer.json)
            assert answer.json["detail"]
    assert Person.select().count() == 0


@pytest.mark.parametrize("wide", [False, True])
def test_names_typed_in_either_form_are_one_name(instance: Instance, *, wide: bool) -> None:
    program, _browser = clients(instance)
    form = "NFD" if wide else "NFC"
    typed = unicodedata.normalize(form, "José Ánh 김철수")
    told = {"name": typed, "community": {"code": world.HOME}}
    assert program.post(PEOPLE, json=told).json["name"] == "José Ánh 김철수"
