"""Behind a proxy: one on this machine, or one that was named, is believed who asks; nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.services.instance import Instance

CODE = "/verify/AAAA-AAAA-AAAA-AAAA"


NEAR, OFFICE, STRANGER = "127.0.0.1", "10.9.0.7", "203.0.113.7"
HTTPS = {"X_Forwarded_Proto": "https"}


@pytest.fixture
def client(instance: Instance) -> FlaskClient:
    return serving(instance)


def serving(instance: Instance, **told: object) -> FlaskClient:
    instance.settings = replace(instance.settings, **told)  # type: ignore[arg-type]  # of any kind
    return create_app(instance).test_client()


def asked(client: FlaskClient, path: str, peer: str, **heads: str) -> int:
    told = {name.replace("_", "-"): value for name, value in heads.items()}
    return client.get(path, headers=told, environ_overrides={"REMOTE_ADDR": peer}).status_code


@pytest.mark.once
def test_who_misses_too_often_waits_alone_and_nobody_can_speak_for_another(instance: Instance):
    client = serving(instance, trusted_proxies=("10.9.0.0/24", "2001:db8::5"), allow_http=True)
    for proxy in (NEAR, OFFICE, "::ffff:10.9.0.8", "2001:db8::5"):
        who = {"X_Forwarded_For": f"9.9.9.{len(proxy)}", **HTTPS}
        for _miss in range(20):
            assert asked(client, CODE, proxy, **who) == 404, proxy
        assert asked(client, CODE, proxy, **who) == 429
        assert asked(client, CODE, proxy, X_Forwarded_For="8.8.8.8", **HTTPS) == 404
        assert asked(client, CODE, proxy, **HTTPS) == 404
    added = {
        "X_Forwarded_For": "6.6.6.6, 9.9.9.9",
        **HTTPS,
    }  # what a client says, the proxy adds to
    assert asked(client, CODE, NEAR, **added) == 429
    for stranger in (STRANGER, "10.9.1.7", "2001:db8::6"):
        for _miss in range(20):  # a stranger who pretends to be many is one
            asked(client, CODE, stranger, X_Forwarded_For=f"7.7.7.{_miss}", **HTTPS)
        assert asked(client, CODE, stranger, X_Forwarded_For="6.6.6.6", **HTTPS) == 429


@pytest.mark.once
def test_without_https_only_this_machine_is_served_also_through_a_proxy(client: FlaskClient):
    assert asked(client, "/sign-in", "127.0.0.1") == 200
    plain = {"X_Forwarded_For": "9.9.9.9", "X_Forwarded_Proto": "http"}
    assert asked(client, "/sign-in", "127.0.0.1", **plain) == 403
    assert asked(client, "/sign-in", "203.0.113.7", X_Forwarded_For="127.0.0.1") == 403
    secure = plain | {"X_Forwarded_Proto": "https"}
    assert asked(client, "/sign-in", "127.0.0.1", **secure) == 200


@pytest.mark.once
def test_only_a_proxy_that_was_named_can_say_that_somebody_came_over_https(instance: Instance):
    client, who = serving(instance, trusted_proxies=(OFFICE,)), {"X_Forwarded_For": "9.9.9.9"}
    assert asked(client, "/sign-in", OFFICE, **who, **HTTPS) == 200
    assert asked(client, "/sign-in", OFFICE, **who, X_Forwarded_Proto="http") == 403
    assert asked(client, "/sign-in", OFFICE) == 403
    for spoofed in ({}, who, {"X_Forwarded_For": NEAR}, {"Forwarded": "for=127.0.0.1;proto=https"}):
        assert asked(client, "/sign-in", STRANGER, **spoofed, **HTTPS) == 403
    assert asked(serving(instance, trusted_proxies=()), "/sign-in", OFFICE, **HTTPS) == 403
