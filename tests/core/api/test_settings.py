"""Settings over HTTP: listed, explained, set once for every key, taken out and in as files."""

from __future__ import annotations

import io
import json

import pytest
from jsonschema import Draft202012Validator

from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, QILIHE
from tests.core.api.conftest import Api
from tests.core.lifecycle.dial import BASIS, turn_on

ADDRESS = "/api/v1/settings"
SENT = {
    "plugin": "dial",
    "at": CHENGGUAN,
    "from": "2026-07-01",
    "basis": BASIS,
    "approved_by": "区委社工部",
    "values": {"hours": "6"},
}


@pytest.fixture(autouse=True)
def dial(instance: Instance) -> None:
    turn_on(instance)


def test_set_listed_explained_with_its_history_and_once_for_every_key(api: Api):
    district = api("district_admin", at=CHENGGUAN)
    preview = district.post(f"{ADDRESS}?dry_run=true", json={**SENT, "preset": "strict-2025"})
    changes = [(one["key"], one["before"], one["after"]) for one in preview.json["preview"]]
    assert changes == [("hours", "8", "6"), ("stars", "100,300", "200,600")]
    assert not SettingRow.select().exists()
    key = {"Idempotency-Key": "once"}
    for _copy in range(2):
        answer = district.post(ADDRESS, json=SENT, headers=key)
        assert answer.status_code == 200, answer.text
        assert {one["key"]: one["value"] for one in answer.json["items"]}["hours"] == "6"
    assert len(SettingRow.select()) == 1
    worker = api("community_worker", at=HOME)
    told = worker.get(f"{ADDRESS}?plugin=dial&on=2026-06-30").json["items"]
    assert {one["key"]: one["value"] for one in told}["hours"] == "8"
    one = worker.get(f"{ADDRESS}/dial.hours?at={HOME}").json
    assert one["value"] == "6"
    layer = one["layers"][0]
    assert (layer["code"], layer["approved_by"], layer["holds"]) == (CHENGGUAN, "区委社工部", True)
    assert [said["value"] for said in one["history"]] == ["6"]


@pytest.mark.once
def test_each_refusal_is_what_it_is_elsewhere(api: Api):
    district, worker = api("district_admin", at=CHENGGUAN), api("community_worker", at=HOME)
    cases = [
        (district, {**SENT, "colour": 1}, 422, "colour"),
        (district, {**SENT, "values": {"hours": 6}}, 422, "values"),
        (district, {**SENT, "values": {"hours": "0"}}, 422, "hours"),
        (district, {**SENT, "lock": "yes"}, 422, "lock"),
        (district, {**SENT, "at": FOREIGN}, 422, "at"),
        (district, {**SENT, "at": ""}, 422, "at"),
        (district, {**SENT, "basis": ""}, 422, "basis"),
        (district, {**SENT, "approved_by": "王" * 121}, 422, "approved_by"),
        (district, {**SENT, "from": "x"}, 400, None),
        (district, {**SENT, "at": CITY}, 422, "at"),
        (district, {**SENT, "plugin": "nothing"}, 404, None),
        (worker, {**SENT, "at": HOME}, 403, None),
    ]
    for client, sent, status, field in cases:
        answer = client.post(ADDRESS, json=sent)
        assert answer.status_code == status, (sent, answer.text)
        assert field is None or answer.json["errors"][0]["field"] == field
    assert not SettingRow.select().exists()
    district.post(ADDRESS, json={**SENT, "lock": True})
    locked = district.post(ADDRESS, json={**SENT, "at": HOME})
    assert (locked.status_code, "已由「城关区」锁定" in locked.json["detail"]) == (409, True)
    for path, status in (
        (f"{ADDRESS}?at={FOREIGN}", 422), (f"{ADDRESS}?on=x", 400), (f"{ADDRESS}?colour=1", 400),
        (f"{ADDRESS}/dial.nothing", 404), (f"{ADDRESS}?plugin=nothing", 404),
        (f"{ADDRESS}/export?at={HOME}", 403), (f"{ADDRESS}/export?format=xls", 400),
    ):  # fmt: skip
        assert worker.get(path).status_code == status, path


@pytest.mark.once
def test_a_district_leaves_as_a_file_and_comes_whole_or_not_at_all(api: Api):
    city = api("district_admin", at=CITY)
    city.post(ADDRESS, json=SENT)
    sent = city.get(f"{ADDRESS}/export?at={CHENGGUAN}&format=csv")
    assert sent.mimetype == "text/csv"
    assert "attachment" in sent.headers["Content-Disposition"]
    into = f"{ADDRESS}/import?at={QILIHE}"
    plan = city.post(f"{into}&dry_run=true", data=sent.data, content_type="text/csv").json
    assert (plan["counts"]["new"], plan["wrong"], len(SettingRow.select())) == (1, [], 1)
    form = {"file": (io.BytesIO(sent.data), "settings.csv")}
    assert city.post(into, data=form).json["counts"]["new"] == 1
    assert city.get(f"{ADDRESS}/dial.hours?at={FOREIGN}").json["value"] == "6"
    line = {"plugin": "dial", "key": "hours", "place": ".", "since": "2026-01-01", "basis": "x"}
    wrong = json.dumps({"settings": [{**line, "value": "99"}]})
    refused = city.post(into, data=wrong, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json["wrong"][0]["row"] == 1
    assert refused.json["errors"][0]["field"] == "1.value"
    assert city.post(into, data=b"nothing", content_type="text/csv").status_code == 400
    assert len(SettingRow.select()) == 2


@pytest.mark.once
def test_what_is_described_is_what_is_answered(api: Api):
    district = api("district_admin", at=CHENGGUAN)
    district.post(ADDRESS, json=SENT)
    described = district.get("/api/openapi.json").json
    for path in ("", "/{key}", "/export", "/import"):
        assert f"{ADDRESS}{path}" in described["paths"]
    for path, schema in (
        (f"{ADDRESS}?at={HOME}", "SettingList"), (f"{ADDRESS}/dial.hours", "SettingInFull"),
    ):  # fmt: skip
        made = {"$ref": f"#/components/schemas/{schema}", "components": described["components"]}
        Draft202012Validator(made).validate(district.get(path).json)
