"""Plugins over HTTP: what is here, every move of a plugin's life, and who may make it."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from lifang.entities.community import Community
from lifang.kit import clock
from lifang.plugins.tables import Stop
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api

BASE = "/api/v1/plugins"
ONE = f"{BASE}/dual-reporting"
DEEDS = f"{ONE}/actions"


def test_a_plugin_is_installed_and_switched_over_http(
    boss_api: FlaskClient, api: Api, instance: Instance
) -> None:
    found = {one["id"]: one for one in boss_api.get(BASE).json["items"]}
    assert found["dual_reporting"]["state"] == "available"
    assert boss_api.post(f"{DEEDS}/install").json["state"] == "installed"
    assert boss_api.post(f"{DEEDS}/install").status_code == 409
    told = boss_api.post(f"{DEEDS}/enable", json={"at": world.CHENGGUAN}).json
    assert [(one["code"], one["on"]) for one in told["switches"]] == [(world.CHENGGUAN, True)]
    worker = api("community_worker", at=world.HOME)
    assert worker.get("/api/v1/dual-reporting/reports").status_code == 200
    boss_api.post(f"{DEEDS}/disable", json={"at": world.HOME})
    told = boss_api.get(ONE).json
    places = [(one["code"], one["depth"], one["on"], one["switch"]) for one in told["places"]]
    assert places == [
        (world.CITY, 0, False, None), (world.CHENGGUAN, 1, True, "on"),
        ("620102001000", 2, True, None), (world.HOME, 3, False, "off"),
    ]  # fmt: skip
    assert [one["verb"] for one in told["deeds"]] == ["disable", "enable", "install"]
    assert told["deeds"][0]["place"] == "畅家巷社区"


def test_every_refusal_says_what_would_be_right(boss_api: FlaskClient, api: Api) -> None:
    worker, district = (
        api("community_worker", at=world.HOME),
        api("district_admin", at=world.QILIHE),
    )
    assert district.post(f"{DEEDS}/install").status_code == 403
    assert district.post(f"{DEEDS}/enable", json={"at": world.QILIHE}).status_code == 409
    for nowhere in ({"at": "999"}, {"at": world.CITY, "history": "yesterday"}):
        assert boss_api.post(f"{DEEDS}/enable", json=nowhere).status_code == 422
    assert boss_api.get(ONE).json["state"] == "available"
    assert boss_api.post(f"{DEEDS}/install").status_code == 200
    for path, body, status, code in (
        (f"{BASE}/nothing/actions/enable", {}, 404, "not_found"),
        (f"{DEEDS}/fly", {}, 404, "not_found"),
        (f"{DEEDS}/install", {"at": world.CITY}, 422, "invalid"),
        (f"{DEEDS}/enable", {"at": 7}, 422, "invalid"),
        (f"{DEEDS}/enable", {"at": "999"}, 422, "invalid"),
        (f"{DEEDS}/enable", {"history": "yesterday"}, 422, "invalid"),
        (f"{DEEDS}/enable", {"lock": "yes"}, 422, "invalid"),
        (f"{DEEDS}/inherit", {}, 422, "invalid"),
        (f"{DEEDS}/suspend", {"at": world.CITY}, 422, "invalid"),
        (f"{DEEDS}/suspend", {"reason": "x", "until": "soon"}, 422, "invalid"),
        (f"{DEEDS}/resume", {"at": world.CITY}, 409, "conflict"),
        (f"{DEEDS}/enable?dry_run=perhaps", {}, 400, "malformed"),
    ):
        answer = boss_api.post(path, json=body)
        assert (answer.status_code, answer.json["code"]) == (status, code), (path, answer.json)
    for path in (BASE, ONE):
        assert worker.get(path).status_code == 403
    assert worker.post(f"{DEEDS}/enable", json={"at": world.HOME}).status_code == 403
    assert district.post(f"{DEEDS}/enable", json={"at": world.QILIHE}).status_code == 200
    assert district.post(f"{DEEDS}/enable", json={"at": world.CITY}).status_code in (403, 422)


def test_a_switch_is_locked_suspended_and_inherited_again_over_http(
    boss_api: FlaskClient, api: Api
) -> None:
    boss_api.post(f"{DEEDS}/enable", json={"at": world.CITY, "lock": True})
    district = api("district_admin", at=world.CHENGGUAN)
    refused = district.post(f"{DEEDS}/disable", json={"at": world.CHENGGUAN})
    assert refused.status_code == 409 and "兰州市" in refused.json["detail"]
    assert refused.json["reason"] == "locked"
    boss_api.post(f"{DEEDS}/enable", json={"at": world.CITY})
    asked = {"at": world.CHENGGUAN, "reason": "核对名单", "until": "2099-12-31"}
    told = district.post(f"{DEEDS}/suspend", json=asked).json
    [_city, here] = told["switches"]
    assert (here["reason"], here["on"], here["until"][:10]) == ("核对名单", False, "2099-12-31")
    assert district.get(ONE).json["places"][1]["switch"] == "suspended"
    district.post(f"{DEEDS}/resume", json={"at": world.CHENGGUAN})
    district.post(f"{DEEDS}/disable", json={"at": world.CHENGGUAN})
    told = district.post(f"{DEEDS}/inherit", json={"at": world.CHENGGUAN}).json
    assert [one["code"] for one in told["switches"]] == [world.CITY]


def test_a_plugin_is_uninstalled_kept_and_purged_over_http(
    boss_api: FlaskClient, instance: Instance, enable: Any
) -> None:
    enable("dual_reporting", at=world.CITY)
    seen = boss_api.post(f"{DEEDS}/uninstall?dry_run=true").json["preview"]
    assert "dual_reporting_report" in [one["name"] for one in seen["tables"]]
    assert boss_api.get(ONE).json["state"] == "installed"
    untyped = boss_api.post(f"{DEEDS}/uninstall", json={"how": "purge"})
    assert untyped.status_code == 422 and boss_api.get(ONE).json["state"] == "installed"
    assert boss_api.post(f"{DEEDS}/purge", json={"confirm": "dual_reporting"}).status_code == 409
    kept = boss_api.post(f"{DEEDS}/uninstall", json={"how": "export"}).json
    assert kept["state"] == "uninstalled"
    [folder] = (instance.settings.home / "exports").iterdir()
    assert list(folder.glob("*.csv"))
    asked = {"confirm": "dual-reporting", "no_backup": True}
    assert boss_api.post(f"{DEEDS}/purge", json=asked).json["state"] == "purged"
    assert boss_api.post(f"{DEEDS}/install").json["state"] == "installed"
    verbs = [one["verb"] for one in boss_api.get(ONE).json["deeds"]]
    assert verbs[:3] == ["install", "purge", "uninstall"]


def test_a_plugin_is_quarantined_and_released_over_http(
    boss_api: FlaskClient, api: Api, instance: Instance, enable: Any
) -> None:
    enable("dual_reporting", at=world.CITY)
    worker = api("community_worker", at=world.HOME)
    assert boss_api.post(f"{DEEDS}/quarantine").status_code == 422
    assert worker.post(f"{DEEDS}/quarantine", json={"reason": "x"}).status_code == 403
    told = boss_api.post(f"{DEEDS}/quarantine", json={"reason": "数据不对，先停用核对"}).json
    assert (told["state"], told["reasons"]) == ("quarantined", ["数据不对，先停用核对"])
    reports = "/api/v1/dual-reporting/reports"
    assert worker.get(reports).status_code == 404
    assert set(boss_api.get(ONE).json["actions"]) == {"release", "uninstall"}
    assert boss_api.post(f"{DEEDS}/release").json["state"] == "installed"
    assert worker.get(reports).status_code == 200
    assert boss_api.post(f"{DEEDS}/release").status_code == 409
    assert boss_api.post(f"{DEEDS}/retry").status_code == 409
    stop = {"plugin": "dual_reporting", "part": "home_cards", "rule": "errors", "why": "KeyError",
            "version": "0.1.0", "stopped_by": "plugin:dual_reporting"}  # fmt: skip
    home = Community.get(Community.code == world.HOME)
    with instance.database.transaction():
        Stop.create(community=home, stopped_at=clock.now(), **stop)
    [halt] = boss_api.get(ONE).json["running"]["halts"]
    assert (halt["part"], halt["name"], halt["why"]) == ("home_cards", "畅家巷社区", "KeyError")
    boss_api.post(f"{DEEDS}/release", json={"at": world.HOME})
    assert boss_api.get(ONE).json["running"]["halts"] == []
