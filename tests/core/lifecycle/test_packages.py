"""Packages that come over HTTP and by page: held against a hash, looked at first, never a path."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.entities.account import Account, Grant
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.visitors import Api, account, token
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import Machine, sha256, wheel
from tests.core.lifecycle.test_catalogue import SHELF, VERSIONS, write

BASE = "/api/v1/plugins"
STOOL = """
    import lifang as lf

    plugin = lf.Plugin("stool", "凳子")
"""
SENT = """
import json, os, sys
from pathlib import Path
from lifang.app.http import create_app
from lifang.app.instance import open_instance

instance = open_instance()
client = create_app(instance).test_client()
client.environ_base["HTTP_AUTHORIZATION"] = "Bearer " + sys.argv[1]
with Path(sys.argv[2]).open("rb") as file:
    sent = (file, Path(sys.argv[2]).name)
    answer = client.post(sys.argv[4], data={"file": sent, "hash": sys.argv[3]})
shown = client.get("/api/v1/plugins/stool").json
print(json.dumps([answer.status_code, answer.headers.get("Location"), shown]))
"""


@pytest.fixture
def owner(app: Flask, instance: Instance) -> FlaskClient:
    """A client of who runs the instance, as a program and with a browser."""
    with instance.database.transaction():
        made = Account.create(name="owner", must_change=False)
        for role in FIRST_ADMINISTRATOR:
            Grant.create(account=made, role=role)
        secret = sign_in.open_session(made)
    client = app.test_client()
    client.set_cookie("lifang", secret, path="/")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, made)}"
    return client


def sent(path: Path, **more: str) -> dict[str, Any]:
    return {"file": (path.open("rb"), path.name), **more}


@pytest.mark.once
def test_a_wheel_that_is_sent_is_held_against_its_hash_and_looked_at_first(
    instance: Instance,
    owner: FlaskClient,
    api: Api,
    tmp_path: Path,
) -> None:
    first = shelf.first(tmp_path)
    hash = f"sha256:{sha256(first)}"
    seen = owner.post(f"{BASE}?dry_run=true", data=sent(first, hash=hash)).json["preview"]
    assert (seen["id"], seen["version"], seen["sha256"]) == ("shelf", "1.0", sha256(first))
    assert "shelf" not in [one["id"] for one in owner.get(BASE).json["items"]]
    for path, data, status in (
        (BASE, sent(first), 422),
        (BASE, sent(first, hash=f"sha256:{'0' * 64}"), 409),
        (BASE, {"file": (first.open("rb"), "../shelf.whl"), "hash": hash}, 422),
        (BASE, {"hash": hash}, 422),
        (f"{BASE}/dual-reporting/actions/upgrade", sent(first, hash=hash), 404),
    ):
        answer = owner.post(path, data=data, content_type="multipart/form-data")
        assert answer.status_code == status, (data, answer.json)
    for source in (str(first), str(tmp_path), ".", "plugins/webhooks", "nothing-there"):
        assert owner.post(BASE, json={"source": source}).status_code in (404, 422), source
    district = api("district_admin", at=world.QILIHE)
    assert district.post(BASE, data=sent(first, hash=hash)).status_code == 403
    page = owner.get("/admin/plugins/bring").text
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": csrf, "hash": hash, "look": "yes"}
    looked = owner.post("/admin/plugins/bring", data=sent(first, **form))
    assert looked.status_code == 200 and sha256(first) in looked.text
    assert "shelf" not in [one["id"] for one in owner.get(BASE).json["items"]]


@pytest.mark.once
def test_a_wheel_that_is_sent_is_installed_and_the_next_one_upgrades_it(
    instance: Instance, machine: Machine, tmp_path: Path
) -> None:
    secret = token(instance, account(instance, "platform_administrator"))

    def post(path: Path, address: str) -> tuple[int, str | None, dict[str, Any]]:
        told = [secret, str(path), f"sha256:{sha256(path)}", address]
        done = subprocess.run(
            [str(machine.python), "-P", "-c", SENT, *told],
            env=machine.environment(instance.settings.home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        status, location, shown = json.loads(done.stdout.splitlines()[-1])
        return status, location, shown

    status, location, shown = post(wheel(tmp_path, "stool", "1.0", {"plugin.py": STOOL}), BASE)
    assert (status, location) == (201, f"{BASE}/stool")
    assert (shown["state"], shown["version"]) == ("installed", "1.0")
    assert machine.version("lifang-stool") == "1.0"
    second = wheel(tmp_path, "stool", "2.0", {"plugin.py": STOOL})
    assert post(second, BASE)[0] == 409
    status, _none, shown = post(second, f"{BASE}/stool/actions/upgrade")
    assert (status, shown["state"], shown["version"]) == (200, "installed", "2.0"), shown
    assert machine.version("lifang-stool") == "2.0"
    assert [one["verb"] for one in shown["deeds"]][:2] == ["upgrade", "install"]


def test_what_the_catalogue_has_is_offered(
    instance: Instance, owner: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert owner.get(f"{BASE}/catalogue").json["items"] == []
    folder = write(tmp_path / "catalogue", SHELF + VERSIONS)
    settings = dataclasses.replace(instance.settings, catalogue=folder)
    monkeypatch.setattr(instance, "settings", settings)
    [offer] = owner.get(f"{BASE}/catalogue?q=shelf").json["items"]
    assert (offer["id"], offer["here"]) == ("shelf", None)
    assert owner.get(f"{BASE}/catalogue?q=nothing").json["items"] == []
    page = owner.get("/admin/plugins").text
    assert "插件目录里还有" in page and 'href="/admin/plugins/bring?source=shelf"' in page
    (folder / "shelf.toml").write_text("nonsense")
    assert owner.get(f"{BASE}/catalogue").status_code == 422
    assert "写法有误" in owner.get("/admin/plugins").text


def test_a_bundle_is_looked_at_then_installed_and_switched_on(
    instance: Instance, owner: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = '[starter]\nlabel = { zh = "起步", en = "Starter" }\nplugins = ["dual_reporting"]\n'
    folder = write(tmp_path / "catalogue", told, "bundles.toml")
    settings = dataclasses.replace(instance.settings, catalogue=folder)
    monkeypatch.setattr(instance, "settings", settings)
    address, asked = f"{BASE}/actions/bundle", {"bundle": "starter", "at": world.CHENGGUAN}
    assert owner.post(address, json={"bundle": "starter"}).status_code == 422
    assert owner.post(address, json={**asked, "bundle": "all"}).status_code == 404
    [step] = owner.post(f"{address}?dry_run=true", json=asked).json["preview"]["steps"]
    assert (step["plugin"], step["fetch"], step["enable"]) == ("dual_reporting", False, True)
    assert 'href="/admin/plugins/bundle?bundle=starter"' in owner.get("/admin/plugins").text
    page = owner.get("/admin/plugins/bundle?bundle=starter").text
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": csrf, **asked}
    looked = owner.post("/admin/plugins/bundle", data={**form, "look": "yes"})
    assert looked.status_code == 200 and "dual_reporting" in looked.text
    assert owner.get(f"{BASE}/dual-reporting").json["state"] == "available"
    done = owner.post("/admin/plugins/bundle", data=form)
    assert done.headers["Location"] == "/admin/plugins?done=bundle"
    assert "组合已安装并启用" in owner.get("/admin/plugins?done=bundle").text
    assert owner.get(f"{BASE}/dual-reporting").json["switches"][0]["code"] == world.CHENGGUAN
