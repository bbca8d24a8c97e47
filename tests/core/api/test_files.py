"""Tables over HTTP: exports that come back, imports whole or not at all."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask.testing import FlaskClient

from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.community import Community
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

COMMUNITIES = "/api/v1/communities"
HEADER = "code,name,kind,parent_code"


def table(raw: bytes) -> list[dict[str, str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def send(client: FlaskClient, *rows: str, dry_run: str = "false") -> Any:
    text = "\r\n".join([HEADER, *rows])
    return client.post(f"{COMMUNITIES}/import?dry_run={dry_run}", data=text.encode(),
                       content_type="text/csv")  # fmt: skip


def test_an_export_is_the_list_as_a_table(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", at=world.HOME, phone="13800005678")
    world.person(instance, "张远", at=world.FOREIGN)
    client = api("community_worker", at=world.CHENGGUAN)
    answer = client.get("/api/v1/people/export?q=张")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="people-')
    (row,) = table(answer.data)
    assert list(row)[:2] == ["id", "name"]
    assert (row["name"], row["phone"]) == ("张近", "138****5678")
    assert row["community"] == world.HOME
    as_json = client.get("/api/v1/people/export?format=json&q=张")
    assert as_json.json == {"items": client.get("/api/v1/people?q=张").json["items"]}
    assert client.get("/api/v1/people/export?format=json&q=王").json == {"items": []}


def test_what_would_run_in_a_spreadsheet_is_tamed(instance: Instance, api: Api) -> None:
    hard = ["=1+1", "+8613800005678", "-x", "@x", "＝1", "'=x", "'x", 'x,"y']
    for name in hard:
        world.organization(instance, name)
    client = api("community_worker", at=world.HOME)
    rows = table(client.get("/api/v1/organizations/export").data)
    cells = [row["name"] for row in rows]
    assert cells == [f"'{name}" if name not in ("'x", 'x,"y') else name for name in hard]


def test_an_export_needs_its_right_where_the_rows_are(instance: Instance, api: Api) -> None:
    world.person(instance, "张近")
    reader = api("grid_worker", at=world.HOME)
    assert reader.get("/api/v1/people/export").status_code == 403
    worker = api("community_worker", at=world.HOME)
    assert worker.get("/api/v1/people/export").status_code == 200
    denied, done = AuditEntry.select().where(AuditEntry.verb == "export").order_by(AuditEntry.id)
    assert (denied.outcome, done.outcome) == ("denied", "done")
    told = AuditChange.select().where(AuditChange.entry == done).order_by(AuditChange.id)
    assert [(one.field, one.after) for one in told] == [("rows", "1"), ("format", "csv")]


def test_an_export_refuses_what_a_list_refuses(api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    for query in ("format=pdf", "limit=1", "cursor=x", "phone=1", "sort=phone"):
        refused = client.get(f"/api/v1/people/export?{query}")
        assert refused.status_code == 400, query
        assert refused.headers["Content-Type"] == "application/problem+json"


def test_an_exported_tree_can_be_imported_and_changes_nothing(boss_api: FlaskClient) -> None:
    exported = boss_api.get(f"{COMMUNITIES}/export").data
    assert table(exported)[1]["parent_code"] == world.CITY
    again = boss_api.post(f"{COMMUNITIES}/import", data=exported, content_type="text/csv")
    assert again.status_code == 200
    assert again.json == {"created": 0, "updated": 0, "unchanged": 8, "failed": 0, "errors": []}


def test_rows_are_planted_in_any_order(boss_api: FlaskClient) -> None:
    rows = ["9901,一号楼,building,99", f"99,一网格,网格,{world.HOME}",
            f"{world.QILIHE},七里河,district,{world.CITY}"]  # fmt: skip
    judged = send(boss_api, *rows, dry_run="true").json
    assert (judged["created"], judged["updated"]) == (2, 1)
    assert Community.select().count() == 8
    done = send(boss_api, *rows).json
    assert (done["created"], done["updated"], done["unchanged"]) == (2, 1, 0)
    building = Community.get(Community.code == "9901")
    home = Community.get(Community.code == world.HOME)
    assert building.path.startswith(home.path)
    assert send(boss_api, *rows).json["unchanged"] == 3
    assert AuditEntry.get(AuditEntry.verb == "create", AuditEntry.record == building.id).source == (
        "import"
    )


def test_a_file_with_a_mistake_changes_nothing_and_every_mistake_is_told(
    boss_api: FlaskClient,
) -> None:
    rows = [f"99,好,grid,{world.HOME}", "98,,grid,", "97,坏,大楼,", "96,坏,grid,95",
            f"99,重,grid,{world.HOME}", f"94,坏,city,{world.HOME}",
            f"{world.QILIHE},七里河区,district,620000000000"]  # fmt: skip
    refused = send(boss_api, *rows)
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert (refused.json["created"], refused.json["failed"]) == (0, 6)
    told = {(error["row"], error["column"]) for error in refused.json["errors"]}
    assert told == {(3, "name"), (4, "kind"), (5, "parent_code"), (6, "code"),
                    (7, "parent_code"), (8, "parent_code")}  # fmt: skip
    assert all(error["message"] for error in refused.json["errors"])
    assert send(boss_api, *rows, dry_run="true").json["created"] == 1
    assert Community.select().count() == 8


def test_a_form_may_carry_the_file_and_old_spreadsheets_their_encoding(
    boss_api: FlaskClient,
) -> None:
    text = f"{HEADER}\n99,㐂网格,grid,{world.HOME}\n".encode("gb18030")
    form = {"file": (io.BytesIO(text), "places.csv")}
    assert boss_api.post(f"{COMMUNITIES}/import", data=form).json["created"] == 1
    assert Community.get(Community.code == "99").name == "㐂网格"


def test_only_tables_are_taken_in(boss_api: FlaskClient) -> None:
    where = f"{COMMUNITIES}/import"
    for sent in (b"", b"\xff\xff\xff", b'code,name\n"x', f"{HEADER}\na,b,c,d,e".encode(),
                 b"code,code\nx,y"):  # fmt: skip
        refused = boss_api.post(where, data=sent, content_type="text/csv")
        assert refused.status_code == 400, sent
    assert boss_api.post(where, json={}).status_code == 415
    empty = boss_api.post(where, data={"x": "y"}, content_type="multipart/form-data")
    assert empty.status_code == 400
    assert boss_api.post(f"{where}?dryrun=true", data=b"x").status_code == 400
    nobody = boss_api.post("/api/v1/grants/import", data=b"", content_type="text/csv")
    assert nobody.status_code == 404


def test_nobody_imports_beyond_their_reach(api: Api) -> None:
    row = f"99,网格,grid,{world.FOREIGN}"
    assert send(api("community_secretary", at=world.HOME), row).status_code == 403
    near = api("district_admin", at=world.CHENGGUAN)
    hidden = send(near, row)
    assert (hidden.status_code, hidden.json["errors"][0]["column"]) == (422, "parent_code")
    beyond = send(near, "99,新省,province,")
    assert (beyond.status_code, beyond.json["errors"][0]["column"]) == (422, "parent_code")
    assert AuditEntry.select().where(AuditEntry.outcome == "denied").count() == 2
    taken = send(near, f"{world.QILIHE},冒名,subdistrict,{world.CHENGGUAN}")
    assert taken.status_code == 422
    assert Community.select().count() == 8
