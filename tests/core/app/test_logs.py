"""What the log tells: enough to find a request again, and nothing of anybody."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from lifang.app.http import create_app
from lifang.app.logs import Lines, Objects
from lifang.entities.account import Account
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world

PHONE, CITIZEN, PASSWORD = "13987654321", "620102198001010033", "金丝雀-pass-7788"
NAME, EMAIL = "夏侯金丝雀", "canary.mail@example.cn"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, as a server logs it where nobody looks at a terminal."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Objects())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("peewee"), "level", logging.INFO)  # `log_level` is ours
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def app(instance: Instance) -> Flask:
    return create_app(instance)


def test_nothing_of_anybody_is_logged_whatever_is_sent_and_fails(
    app: Flask, instance: Instance, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = world.boss(instance)
    _wang, password = accounts.create_account(boss, "wang", role="community_worker", at=world.HOME)
    accounts.create_account(boss, "chief", role="district_admin", at=world.CITY)
    accounts.grant(boss, "chief", role="community_worker", at=world.HOME)
    Account.update(must_change=False).execute()
    token = accounts.create_token(boss, "chief", days=9)
    client, head = app.test_client(), {"Authorization": f"Bearer {token}"}
    told = {"name": NAME, "phone": PHONE, "citizen_id": CITIZEN, "community": {"code": world.HOME}}
    assert client.post("/api/v1/people", json=told, headers=head).status_code == 201
    assert client.post("/api/v1/people", json=told, headers=head).status_code >= 400
    client.get(f"/api/v1/people?phone={PHONE}9&q={NAME}", headers=head)
    client.get("/api/v1/people", headers={"Authorization": f"Bearer {token}x"})
    client.post("/sign-in", data={"name": "wang", "password": PASSWORD})
    table = f"姓名,手机号,居住社区\n{NAME},{PHONE}x,{world.HOME}\n".encode()
    sent = {"file": (io.BytesIO(table), "人员.csv")}
    assert client.post("/api/v1/people/import", data=sent, headers=head).status_code < 500

    def fail(*given: object, **named: object) -> None:
        secret = f"password={PASSWORD} token: {token} Authorization: Bearer {token}"
        raise RuntimeError(f"Key (phone)=({PHONE}) of {CITIZEN}, {EMAIL}, {secret}")

    monkeypatch.setattr("lifang.services.reading.find", fail)
    failed = client.get("/api/v1/people", headers=head)
    assert failed.status_code == 500
    log = said.getvalue()
    for word in (PHONE, CITIZEN, PASSWORD, token, NAME, EMAIL, password):
        assert word not in log, word
    [line] = [one for one in map(json.loads, log.splitlines()) if one["level"] == "error"]
    assert line["request"] == failed.headers["X-Request-Id"] == failed.json["request_id"]
    assert (line["log"], line["account"]) == ("lifang.http", Account.get(name="chief").id)
    assert "RuntimeError: Key (phone)=(***) of ***, ***" in line["raised"]


@pytest.mark.once
def test_a_message_is_one_line_whatever_is_in_it() -> None:
    record = logging.LogRecord(
        "a", logging.INFO, "", 0, "one\nERROR %s\x9b2J\u2028", ("\ud800",), None
    )
    line = Objects().format(record)
    assert (len(line.splitlines()), json.loads(line)["message"]) == (
        1,
        "one\nERROR \ud800\x9b2J\u2028",
    )
    assert Lines("%(message)s").format(record).startswith("one\\nERROR")
    for kept in ("took 0.10 s", "第 138 行", "1764500000000000", "2026-11-30 17:20"):
        record.msg, record.args = kept, ()
        assert Lines("%(message)s").format(record) == kept
    record.msg = "postgresql://lifang:s3cret@db.example/x"
    assert "s3cret" not in Lines("%(message)s").format(record)
