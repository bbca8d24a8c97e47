"""People with a browser: signed in with one role each, filling in the forms they are shown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.testing import world

REPORTS = "/p/dual-reporting/reports"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_numbers = itertools.count(1)


@dataclass
class Visitor:
    """Somebody with a browser; forms are sent with the token their page brought."""

    client: FlaskClient
    name: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def text(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status, answer.text)
        return answer.text

    def token(self) -> str:
        found = TOKEN.search(self.client.get("/account/password", follow_redirects=True).text)
        assert found is not None
        return found.group(1)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})})


Visit = Callable[..., Visitor]


@pytest.fixture
def app(instance: Instance) -> Flask:
    return create_app(instance)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app.test_client(), "")


@pytest.fixture
def visit(app: Flask, instance: Instance) -> Visit:
    """Sign somebody in: `visit("community_worker", at=CODE)`, several roles with `*roles`."""

    def make(*roles: str, at: str | None = None, **told: Any) -> Visitor:
        name = f"{roles[0]}-seen-{next(_numbers)}"  # others count callers of the API
        with instance.database.transaction():
            account = Account.create(
                name=name, person=told.get("person"), must_change=told.get("must_change", False)
            )
            for role in roles:
                if role != "resident":
                    place = Community.get(Community.code == at) if at else None
                    Grant.create(
                        account=account, role=role, community=place, organization=told.get("unit")
                    )
            secret = sign_in.open_session(account)
        client = app.test_client()
        client.set_cookie("lifang", secret, path="/")
        return Visitor(client, name)

    return make


@pytest.fixture
def administrator(visit: Visit) -> Visitor:
    return visit("platform_administrator", "security_administrator", "auditor", "district_admin")


@pytest.fixture
def worker(visit: Visit) -> Visitor:
    """A worker of the one district where the plugin is on."""
    return visit("community_worker", at=world.CHENGGUAN)


@pytest.fixture
def resident(visit: Visit, instance: Instance) -> Visitor:
    return visit("resident", person=world.person(instance, "居民甲"))


@pytest.fixture
def reporting(enable: Callable[..., None]) -> None:
    """Dual reporting is on in one district only."""
    enable("dual_reporting", at=world.CHENGGUAN)


@pytest.fixture
def li_qiang(instance: Instance) -> Person:
    return world.person(instance, "李强", phone="13800001234", citizen_id="620102198001010033")
