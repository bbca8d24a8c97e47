"""Clients of the API that are tied to no single role."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lifang.entities.account import Account, Grant
from lifang.services.instance import Instance
from lifang.testing.visitors import Api as Api
from lifang.testing.visitors import account as account
from lifang.testing.visitors import token as token


@pytest.fixture
def boss_api(app: Flask, api: Api, instance: Instance) -> FlaskClient:
    """A client that administers everything there is."""
    client = api("district_admin")
    with instance.database.transaction():
        holder = Account.select().order_by(Account.id.desc()).first()
        for role in ("security_administrator", "platform_administrator"):
            Grant.create(account=holder, role=role)
    return client
