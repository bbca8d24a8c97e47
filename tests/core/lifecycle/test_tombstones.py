"""What mentions a plugin that is off, uninstalled, missing or purged answers, and names it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.app.http import create_app
from lifang.cli.hands import Hands
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit import words
from lifang.lifecycle import removing, switching
from lifang.mechanisms import codes
from lifang.mechanisms.documents import DocumentRow
from lifang.plugins.tables import bump_epoch
from lifang.services.accounts import first_administrator
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import say
from tests.core.lifecycle.used import Package, package, use

__all__ = ["package"]  # a fixture

LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
ROLES = ("platform_administrator", "security_administrator", "auditor", "district_admin")
AUDIT = f"/admin/audit?actor=community_worker@{world.HOME}"
EVENTS = "/admin/events?type=keepsake.memory.created"


def browser(instance: Instance, app: Any, *roles: str, person: Person | None = None) -> FlaskClient:
    """Somebody signed in."""
    with instance.database.transaction():
        name = f"{(*roles, 'resident')[0]}-{Account.select().count()}"
        account = Account.create(name=name, person=person, must_change=False)
        for role in roles:
            Grant.create(account=account, role=role)
        secret = sign_in.open_session(account)
    client: FlaskClient = app.test_client()
    client.set_cookie("lifang", secret, path="/")
    return client


def crawl(client: FlaskClient, *first: str, about: str = "") -> Iterator[tuple[str, str]]:
    """A page of every kind that can be reached by links, with what it says; none breaks.

    The links of the `first` are followed, and of all that say what it is `about`.
    """
    waiting, seen = list(first), set(first)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        assert answer.status_code < 500, (path, answer.text[-2000:])
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        yield path, answer.text
        if path not in first and about not in answer.text:
            continue
        for link in LINK.findall(answer.text):
            shape = re.sub("[0-9]+", "1", link.split("?")[0])
            shape = re.sub("^(/api/docs/).+", r"\1", shape)  # one page tells of all calls
            if shape not in seen:
                seen.add(shape)
                waiting.append(link)


def ask(client: FlaskClient) -> None:
    """Ask every list and first record of the API."""
    paths = {
        re.sub("<[^>]*>", "1", rule.rule).replace("/1/1", "/1")
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/") and "GET" in (rule.methods or ()) and not rule.arguments
    }
    nouns = [one.noun.replace("_", "-") for one in client.application.extensions["lifang"].registry]
    for path in sorted(paths) + [f"/api/v1/{noun}{end}" for noun in nouns for end in ENDS]:
        answer = client.get(path)
        assert answer.status_code < 500, (path, answer.text)


ENDS = ("", "/1", "/1/history", "/1/documents", "?format=csv")


@pytest.fixture
def leave(
    instance: Instance, boss: Caller, package: Package
) -> dict[str, tuple[str, Callable[[], Any]]]:
    """How the plugin goes, step by step, and what it is called then."""
    off = {"at": world.CHENGGUAN, "on": False}
    return {
        "off": ("回忆", lambda: switching.switch(boss, "keepsake", **off)),
        "missing": ("回忆（缺软件包）", lambda: _anew(instance, package.take_away)),
        "uninstalled": ("回忆（已卸载）", lambda: removing.keep(boss, "keepsake")),
        "purged": (
            "回忆（已清除）",
            lambda: removing.purge(boss, "keepsake", keep_backup=False),
        ),
    }


def _anew(instance: Instance, change: Callable[[], None]) -> None:
    """What is seen by a process that starts after a change behind our back."""
    change()
    instance.plugins.drop("keepsake")
    with instance.database.transaction():
        bump_epoch()


@pytest.mark.once
def test_every_page_command_and_call_answers_whatever_became_of_the_plugin(
    instance: Instance, leave: dict[str, tuple[str, Callable[[], Any]]]
) -> None:
    use(instance)
    first_administrator(instance, "chief", home_code=world.CITY, system_user=os.getuid())
    app = create_app(instance)
    admin, code = browser(instance, app, *ROLES), codes.written(DocumentRow.get().code)
    teller = browser(instance, app, person=Person.get(Person.name == "李强"))
    commands = [
        ("plugin", "list"),
        ("plugin", "show", "keepsake"),
        ("audit", "verify"),
        ("events", "lag"),
        ("events", "dead"),
        ("events", "list", "--limit", "5"),
        ("jobs", "list"),
        ("consents", "list"),
        ("public-notices", "list"),
        ("documents", "list"),
        ("settings", "list"),
        ("retention", "show"),
        ("me", "show"),
    ]
    for state, (named, go) in leave.items():
        go()
        for words_of in commands:
            told = _command(instance, *words_of)
            assert told.code in (0, 2, 3, 4, 5), (state, words_of, told)
            assert "Traceback" not in told.out + told.err
        about = "" if state in ("off", "purged") else "回忆"
        pages = dict(crawl(admin, "/", AUDIT, EVENTS, "/admin/plugins", "/jobs", about=about))
        assert len(pages) > 25, state
        assert f"{named} #1" in pages[AUDIT] and f"{named} #1" in pages[EVENTS], state
        assert dict(crawl(teller, "/me", "/consents", "/notices", "/public-notices"))
        verified = app.test_client().get(f"/verify/{code}")
        assert verified.status_code == (404 if state == "purged" else 200)
        assert ("收藏证明" in verified.text) == (state != "purged")
        ask(admin)
    with words.using("en"):
        assert instance.gone.name("keepsake") == "Keepsakes (purged)"


def _command(instance: Instance, *given: str) -> Any:
    def refuse(*_given: Any, **_named: Any) -> Any:
        raise AssertionError("this command has no business with the folder")

    names = [one.name for one in fields(Hands) if one.name != "opened"]
    hands = Hands(opened=lambda: nullcontext(instance), **dict.fromkeys(names, refuse))  # type: ignore[arg-type]
    return say(lambda: hands, *given)
