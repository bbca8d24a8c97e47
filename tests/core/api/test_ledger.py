"""Spreadsheets over HTTP: the export and the ledger."""

from __future__ import annotations

import io
from typing import Any

from python_calamine import CalamineWorkbook

from lifang.entities.audit import AuditEntry
from lifang.services.exchange import FORMATS
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

PEOPLE = "/api/v1/people"


def table(raw: bytes) -> list[list[Any]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


def test_an_export_may_be_a_spreadsheet(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", phone="13800005678")
    world.person(instance, "金丝雀", at=world.FOREIGN)
    client = api("community_worker", at=world.CHENGGUAN)
    answer = client.get(f"{PEOPLE}/export?format=xlsx&q=张")
    assert answer.headers["Content-Type"] == FORMATS["xlsx"]
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    head, row = table(answer.data)
    told = dict(zip(head, row, strict=True))
    assert (told["name"], told["phone"]) == ("张近", "138****5678")
    assert (told["id"], told["community"]) == ("1", world.HOME)


def test_a_ledger_is_handed_over_as_a_file(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", phone="13800005678")
    world.person(instance, "金丝雀", at=world.FOREIGN)
    client = api("community_worker", at=world.CHENGGUAN)
    answer = client.get(f"{PEOPLE}/ledger?within={world.HOME}&sort=name")
    assert answer.headers["Content-Type"] == FORMATS["xlsx"]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="people-ledger-')
    rows = table(answer.data)
    assert rows[0][0] == "畅家巷社区人员台账"
    assert rows[3][:2] == [1, "张近"] and "138****5678" in rows[3]
    assert "金丝雀" not in str(table(client.get(f"{PEOPLE}/ledger").data))
    english = client.get(f"{PEOPLE}/ledger?within={world.HOME}", headers={"Accept-Language": "en"})
    assert table(english.data)[0][0] == "畅家巷社区 People register"


def test_a_ledger_shows_full_numbers_for_a_purpose_to_those_who_may(
    instance: Instance, api: Api
) -> None:
    world.person(instance, "张近", phone="13800005678")
    admin = api("district_admin", at=world.CHENGGUAN)
    assert "13800005678" not in str(table(admin.get(f"{PEOPLE}/ledger").data))
    full = admin.get(f"{PEOPLE}/ledger?purpose=报送民政局")
    assert "13800005678" in table(full.data)[3]
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.verb, entry.reason) == ("export_full", "报送民政局")


def test_a_ledger_is_refused_with_a_sentence(instance: Instance, api: Api) -> None:
    world.person(instance, "张近")
    worker = api("community_worker", at=world.HOME)
    refused = {
        "purpose=核对": 403,
        "purpose=": 422,
        f"within={world.FOREIGN}": 422,
        "nonsense=1": 400,
        "limit=1": 400,
        "purpose=a&purpose=b": 400,
    }
    for query, status in refused.items():
        answer = worker.get(f"{PEOPLE}/ledger?{query}")
        assert (answer.status_code, query) == (status, query)
        assert answer.json["detail"]
    assert api("grid_worker", at=world.HOME).get(f"{PEOPLE}/ledger").status_code == 403


def test_a_ledger_is_also_csv_or_json(instance: Instance, api: Api) -> None:
    world.person(instance, "张近", phone="13800005678")
    client = api("community_worker", at=world.CHENGGUAN)
    answer = client.get(f"{PEOPLE}/ledger?format=json")
    assert answer.json["rows"][0][1] == "张近"
    assert client.get(f"{PEOPLE}/ledger?format=csv").headers["Content-Type"] == FORMATS["csv"]
    assert client.get(f"{PEOPLE}/ledger?format=pdf").status_code == 400
