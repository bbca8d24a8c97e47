"""Behind a proxy: one on this machine is believed who asks, anybody else only how."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.services.instance import Instance

CODE = "/verify/AAAA-AAAA-AAAA-AAAA"


@pytest.fixture
def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


def asked(client: FlaskClient, path: str, peer: str, **heads: str) -> int:
    told = {name.replace("_", "-"): value for name, value in heads.items()}
    return client.get(path, headers=told, environ_overrides={"REMOTE_ADDR": peer}).status_code


@pytest.mark.once
def test_who_misses_too_often_waits_alone_and_nobody_can_speak_for_another(client: FlaskClient):
    https = {"X_Forwarded_Proto": "https"}
    for _miss in range(20):
        assert asked(client, CODE, "127.0.0.1", X_Forwarded_For="9.9.9.9", **https) == 404
    assert asked(client, CODE, "127.0.0.1", X_Forwarded_For="9.9.9.9", **https) == 429
    assert asked(client, CODE, "127.0.0.1", X_Forwarded_For="8.8.8.8", **https) == 404
    assert asked(client, CODE, "127.0.0.1", **https) == 404
    for _miss in range(20):  # a stranger who pretends to be many is one
        asked(client, CODE, "203.0.113.7", X_Forwarded_For=f"7.7.7.{_miss}", **https)
    assert asked(client, CODE, "203.0.113.7", X_Forwarded_For="6.6.6.6", **https) == 429


@pytest.mark.once
def test_without_https_only_this_machine_is_served_also_through_a_proxy(client: FlaskClient):
    assert asked(client, "/sign-in", "127.0.0.1") == 200
    plain = {"X_Forwarded_For": "9.9.9.9", "X_Forwarded_Proto": "http"}
    assert asked(client, "/sign-in", "127.0.0.1", **plain) == 403
    assert asked(client, "/sign-in", "203.0.113.7", X_Forwarded_For="127.0.0.1") == 403
    secure = plain | {"X_Forwarded_Proto": "https"}
    assert asked(client, "/sign-in", "127.0.0.1", **secure) == 200
