"""What is seen where a plugin is on, where it is off, and when it is gone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.app.http import create_app
from lifang.checking.deep.rows import CANARY, filled
from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, hit, rule
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.lifecycle import switching

CORE_PAGES = ("/", "/communities", "/people", "/organizations", "/admin/plugins", "/admin/audit",
              "/admin/events", "/me", "/api/openapi.json")  # fmt: skip

_numbers = itertools.count(1)


def client_of(subject: Subject, *roles: str, at: str | None = None) -> FlaskClient:
    """A browser of somebody who holds roles at a community, or everywhere."""
    app = create_app(subject.instance)
    with subject.instance.database.connection(), subject.instance.database.transaction():
        account = Account.create(name=f"checker{next(_numbers)}", must_change=False)
        node = Community.get(Community.code == at) if at else None
        for role in roles:
            Grant.create(account=account, role=role, community=node)
        secret = sign_in.open_session(account)
    client = app.test_client()
    client.set_cookie("lifang", secret, path="/")
    return client


def _addresses(subject: Subject) -> Iterator[str]:
    """Where the plugin's nouns and its desk are, in pages and in the interface."""
    area = subject.plugin.id.replace("_", "-")
    yield from (f"/p/{area}", f"/api/v1/desks/{area}")
    for one in subject.plugin.resources:
        noun = one.noun.replace("_", "-")
        row = subject.made.get(one.model)
        for base in (f"/p/{area}/{noun}", f"/api/v1/{area}/{noun}"):
            yield base
            if row is not None:
                yield f"{base}/{row.id}"


@rule("LF730", tier=2, deep=True)
def off_leaves_no_trace(subject: Subject) -> Hits:
    """On in one district and off in the other, the other's administrator finds no trace of it."""
    filled(subject)
    there = client_of(subject, "district_admin", at=subject.off)
    here = client_of(subject, "district_admin", at=subject.on)
    area = subject.plugin.id.replace("_", "-")
    mark = re.compile(rf"/(p|v1|plugins)/{area}\b|{CANARY}")
    for page in ("/", "/people", "/communities", "/api/openapi.json"):
        answer = there.get(page)
        if answer.status_code == 200 and (found := mark.search(answer.text)):
            yield hit(subject.spot(), where=f"{page}: {found.group()}")
    for address in _addresses(subject):
        off, on = there.get(address).status_code, here.get(address).status_code
        if off not in (403, 404) or on >= 500:
            yield hit(subject.spot(), where=f"{address}: {off}, {on}")


@rule("LF731", tier=2, deep=True)
def core_pages_survive_without_it(subject: Subject) -> Hits:
    """Off everywhere and not loaded, the core's pages still answer, and old records with them."""
    filled(subject)
    instance, id = subject.instance, subject.plugin.id
    pages = [*CORE_PAGES, *_about_people()]
    switching.switch(subject.boss, id, at=subject.on, on=False)
    instance.plugins.refresh()
    loaded = instance.plugins.loaded.pop(id, None)
    instance.registry.drop(id)
    try:
        client = client_of(subject, *FIRST_ADMINISTRATOR)
        for page in pages:
            answer = client.get(page)
            if answer.status_code not in (200, 302, 404):
                yield hit(subject.spot(), page=page, status=answer.status_code)
    finally:
        _back(subject, loaded)


def _about_people() -> list[str]:
    found: Any = Person.select(Person.id).limit(3)
    return [f"/people/{one.id}{tail}" for one in found for tail in ("", "/history")]


def _back(subject: Subject, loaded: Any) -> None:
    """Let the plugin be where it was."""
    plugins = subject.instance.plugins
    for resource in subject.plugin.resources:
        if not subject.instance.registry.owns(resource):
            subject.instance.registry.add(subject.plugin.id, resource)
            resource.above = subject.instance.registry.above(resource)
    if loaded is not None:
        plugins.loaded[subject.plugin.id] = loaded
    switching.switch(subject.boss, subject.plugin.id, at=subject.on, on=True)
    plugins.refresh()
