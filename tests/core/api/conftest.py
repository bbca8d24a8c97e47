"""The application over a real instance, and clients that carry a token of one role each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.services.instance import Instance

Api = Callable[..., FlaskClient]
_numbers = itertools.count(1)


@pytest.fixture
def app(instance: Instance) -> Flask:
    return create_app(instance)


def account(instance: Instance, role: str, *, at: str | None = None, **told: Any) -> Account:
    """An account with one role; `unit` and `person` are records, `at` a community's code."""
    unit, person = told.get("unit"), told.get("person")
    with instance.database.transaction():
        made: Account = Account.create(name=f"{role}-{next(_numbers)}", person=person)
        if role != "resident":
            place = Community.get(Community.code == at) if at else None
            Grant.create(account=made, role=role, community=place, organization=unit)
    return made


def token(instance: Instance, holder: Account) -> str:
    with instance.database.transaction():
        return sign_in.open_token(holder, days=1)


@pytest.fixture
def api(app: Flask, instance: Instance) -> Api:
    """A client of one role: `api("community_worker", at=CODE)`."""

    def make(role: str, **where: Any) -> FlaskClient:
        client = app.test_client()
        secret = token(instance, account(instance, role, **where))
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return make


@pytest.fixture
def boss_api(app: Flask, api: Api, instance: Instance) -> FlaskClient:
    """A client that administers everything there is."""
    client = api("district_admin")
    with instance.database.transaction():
        holder = Account.select().order_by(Account.id.desc()).first()
        for role in ("security_administrator", "platform_administrator"):
            Grant.create(account=holder, role=role)
    return client
