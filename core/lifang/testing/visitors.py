"""People at the pages and programs at the API: accounts of one role each, and their clients."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lifang.access import sign_in
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.services.instance import Instance

Api = Callable[..., FlaskClient]
"""Makes a client of one role: `api("community_worker", at=CODE)`."""

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_numbers = itertools.count(1)


@dataclass
class Visitor:
    """Somebody with a browser; forms are sent with the token their page brought."""

    client: FlaskClient
    name: str

    def get(self, path: str) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path)

    def text(self, path: str, status: int = 200) -> str:
        """The text of a page that answers as expected."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status, answer.text)  # noqa: S101 – a test's
        return answer.text

    def token(self) -> str:
        """What a form must bring back."""
        found = TOKEN.search(self.client.get("/account/password", follow_redirects=True).text)
        assert found is not None  # noqa: S101 – a test's
        return found.group(1)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})})


Visit = Callable[..., Visitor]
"""Signs somebody in: `page("community_worker", at=CODE)`, several roles with `*roles`."""


def account(instance: Instance, *roles: str, at: str | None = None, **told: Any) -> Account:
    """An account with some roles; `unit` and `person` are records, `at` a community's code."""
    unit, person = told.get("unit"), told.get("person")
    changing = told.get("must_change", False)
    with instance.database.transaction():
        made: Account = Account.create(
            name=f"{roles[0]}-{next(_numbers)}", person=person, must_change=changing
        )
        for role in roles:
            if role != "resident":
                place = Community.get(Community.code == at) if at else None
                Grant.create(account=made, role=role, community=place, organization=unit)
    return made


def token(instance: Instance, holder: Account) -> str:
    """A token of the API, good for a day."""
    with instance.database.transaction():
        return sign_in.open_token(holder, days=1)


def session(instance: Instance, holder: Account) -> str:
    """The secret of a browser that is signed in, for the cookie `lifang`."""
    with instance.database.transaction():
        return sign_in.open_session(holder)
