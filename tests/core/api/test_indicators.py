"""Figures over HTTP, for those who may see them, and lists in formats of a plugin's own."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from lifang.entities.audit import AuditChange
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.api.conftest import Api
from tests.core.mechanisms import tally

BASE = "/api/v1/indicators"
SERVICES = "/api/v1/tally/services"


@pytest.fixture
def tallied(instance: Instance, clock: Clock) -> Instance:
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    tally.open_tally(instance)
    tally.enrol(instance, world.HOME, "2026-10-01")
    tally.serve(instance, world.HOME, "2026-11-10", 90)
    tally.serve(instance, world.NEIGHBOUR, "2026-11-10", 60)
    return instance


def test_figures_are_told_with_what_was_divided_by_what(tallied: Instance, api: Api) -> None:
    client = api("community_worker", at=world.CHENGGUAN)
    names = [one["name"] for one in client.get(BASE).json["items"]]
    assert "tally.per_head" in names
    asked = f"{BASE}/tally.per_head?within={world.CHENGGUAN}&period=2026-11&by=community"
    told = client.get(asked).json
    assert told["indicator"]["label"] == "人均服务时长"
    assert (told["period"], told["tree"], told["total"]["name"]) == ("2026-11", "now", "城关区")
    assert told["until"].startswith("2026-11-30T04:00")
    [total] = told["total"]["figures"]
    assert total == {"period": "2026-11", "value": 2.5, "numerator": 2.5, "denominator": 1,
                     "before": 0, "withheld": False}  # fmt: skip
    rows = {row["name"]: row["figures"][0]["value"] for row in told["rows"]}
    assert rows == {"畅家巷社区": 1.5, "张家园社区": None}
    dashed = client.get(f"{BASE}/tally.per-head?period=2026-Q4&by=month&by=below").json
    assert [one["period"] for one in dashed["rows"][0]["figures"]] == [
        "2026-10",
        "2026-11",
        "2026-12",
    ]


def test_what_cannot_be_asked_is_refused_with_what_can(tallied: Instance, api: Api) -> None:
    client = api("community_worker", at=world.HOME)
    for asked, status in (
        (f"{BASE}/tally.count", 200), (f"{BASE}/tally.count?by=galaxy", 400),
        (f"{BASE}/tally.count?period=2026-13", 400), (f"{BASE}/tally.count?period=2027", 400),
        (f"{BASE}/tally.count?by=district&by=grid", 400), (f"{BASE}/tally.count?tree=old", 400),
        (f"{BASE}/tally.count?format=pdf", 400), (f"{BASE}/tally.count?sort=id", 400),
        (f"{BASE}/tally.count?within={world.CHENGGUAN}", 422),
        (f"{BASE}/tally.count?within={world.FOREIGN}", 422), (f"{BASE}/tally.nothing", 404),
    ):  # fmt: skip
        assert client.get(asked).status_code == status, asked
    told = client.get(f"{BASE}/tally.count?by=galaxy").json
    assert "month" in told["detail"]
    resident = api("resident", person=world.person(tallied, "李强"))
    assert resident.get(BASE).json["items"] == []
    assert resident.get(f"{BASE}/tally.count?within={world.HOME}").status_code == 404


def rows_of(xlsx: bytes) -> int:
    return len(CalamineWorkbook.from_filelike(io.BytesIO(xlsx)).get_sheet_by_index(0).to_python())


def test_figures_are_handed_over_as_sheets(tallied: Instance, boss_api: FlaskClient) -> None:
    asked = f"{BASE}/tally.per_head?within={world.CITY}&period=2026-11&by=community"
    csv = boss_api.get(f"{asked}&format=csv")
    assert csv.mimetype == "text/csv"
    lines = csv.data.decode("utf-8-sig").splitlines()
    assert lines[2].startswith("地方,编号,统计期,数值,分子,分母")
    assert f"畅家巷社区,{world.HOME},2026-11,1.5,1.5,1,0" in lines[4]
    assert "张家园社区" in lines[5] and ",,1,0," in lines[5]
    xlsx = boss_api.get(f"{asked}&format=xlsx")
    assert rows_of(xlsx.data) == len(lines)
    described = boss_api.get("/api/openapi.json").json["paths"]
    assert f"{BASE}/{{name}}" in described


def test_a_plugins_indicators_are_told_side_by_side_by_place_and_by_organization(
    tallied: Instance, api: Api, boss_api: FlaskClient
) -> None:
    water = world.organization(tallied, "示例供水公司")
    tally.serve(tallied, world.HOME, "2026-11-11", 30, unit=water)
    table = f"{BASE}/table/tally?within={world.CHENGGUAN}&period=2026"
    client = api("community_worker", at=world.CHENGGUAN)
    told = client.get(f"{table}&by=below").json
    assert [one["name"] for one in told["columns"]][:2] == ["tally.count", "tally.per_head"]
    assert [row["name"] for row in told["rows"]] == ["城关区", "酒泉路街道"]
    assert [one["value"] for one in told["rows"][0]["figures"]][:2] == [3, 3]
    assert "锁定率：已锁定的服务，除以全部服务" in told["notes"]
    by_unit = client.get(f"{table}&by=unit").json
    assert [(row["code"], row["own"]) for row in by_unit["rows"]] == [
        (world.CHENGGUAN, False), (str(water.id), False), (world.CHENGGUAN, True),
    ]  # fmt: skip
    assert (by_unit["by"], by_unit["unit"]) == ("unit", None)
    assert client.get(f"{table}&by=month").json["by"] == "month"
    liaison = api("unit_liaison", unit=water)
    own = liaison.get(f"{BASE}/tally.count?unit={water.id}&period=2026&by=unit").json
    assert (own["unit"], own["total"]["figures"][0]["value"]) == (water.id, 1)
    assert own["total"]["name"] == "示例供水公司（兰州市）" and own["goal"] is None
    assert liaison.get(f"{BASE}/table/tally").json["rows"][0]["figures"][0]["value"] == 1
    for asked, status in (
        (f"{BASE}/tally.count?unit=water", 400), (f"{BASE}/tally.per_head?by=unit", 400),
        (f"{BASE}/tally.count?unit={'9' * 40}", 400), (f"{BASE}/table/nothing", 404),
        (f"{table}&by=below&by=month", 400), (f"{table}&format=pdf", 400),
    ):  # fmt: skip
        assert client.get(asked).status_code == status, asked
    assert liaison.get(f"{BASE}/tally.count?unit={water.id + 1}").status_code in (404, 422)
    csv = client.get(f"{table}&by=below&format=csv")
    assert csv.headers["Content-Disposition"].endswith('"tally-2026.csv"')
    lines = csv.data.decode("utf-8-sig").splitlines()
    assert lines[3].startswith("地方,编号,服务次数（次）,人均服务时长（小时）")
    assert lines[4].startswith(f"城关区,{world.CHENGGUAN},3,3.0,0,3,—,100.0")
    assert "锁定率：已锁定的服务，除以全部服务" in lines
    xlsx = client.get(f"{table}&by=below&format=xlsx")
    assert rows_of(xlsx.data) == len(lines)
    assert f"{BASE}/table/{{plugin}}" in boss_api.get("/api/openapi.json").json["paths"]


def test_a_list_goes_out_in_the_format_of_a_plugin(tallied: Instance, api: Api) -> None:
    worker = api("community_worker", at=world.HOME)
    for _n in range(3):
        tally.serve(tallied, world.HOME, "2026-11-12", 30, state="noted")
    answer = worker.get(f"{SERVICES}/export?format=lines&state=noted&within={world.HOME}")
    assert (answer.status_code, answer.mimetype) == (200, "application/jsonl")
    assert answer.headers["Content-Disposition"].endswith('services-2026-11-30.jsonl"')
    head, *lines = answer.data.decode().splitlines()
    assert head == f'{{"number":3,"within":"{world.HOME}"}}'
    assert [line.endswith('"minutes":30}') for line in lines] == [True] * 3
    everything = worker.get(f"{SERVICES}/export?format=lines").data.decode().splitlines()
    assert len(everything) == 1 + 4  # the neighbour's is out of reach
    refused = worker.get(f"{SERVICES}/export?format=ics")
    assert refused.status_code == 400 and "lines" in refused.json["detail"]
    assert api("auditor", at=world.HOME).get(f"{SERVICES}/export?format=lines").status_code == 404
    other = worker.get("/api/v1/people/export?format=lines")
    assert other.status_code == 400
    kept = AuditChange.select().where(AuditChange.field == "format", AuditChange.after == "lines")
    assert kept.count() == 2
    described = worker.get("/api/openapi.json").json["paths"][f"{SERVICES}/export"]["get"]
    assert described["parameters"][0]["schema"]["enum"] == ["csv", "xlsx", "json", "lines"]
    assert "application/jsonl" in described["responses"]["200"]["content"]
