"""Whoever asks from outside the pages – a program, a command, a file – is told in one language."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.app.http import create_app
from lifang.builtin.people import people
from lifang.entities.account import Account
from lifang.entities.community import Community
from lifang.http.known_problems import KINDS
from lifang.kit import clock
from lifang.kit.errors import title_of
from lifang.kit.words import _, _p, using
from lifang.mechanisms import inbox
from lifang.mechanisms.notices import Notice, NoticeRow
from lifang.resources import schema
from lifang.services import columns, reading, uploads
from lifang.services.accounts import first_administrator
from lifang.services.importing import failing_lines, import_table
from lifang.services.instance import Instance
from lifang.services.outcomes import Problems
from lifang.testing import faults, world
from lifang.testing.commands import hands_on, say
from lifang.testing.visitors import account, token
from lifang_dual_reporting.services import entering
from lifang_mail_notices.sending import written
from tests.core.spoken import CHINESE, astray, peopled
from tests.core.test_translations import PLUGINS, places, told_as_they_are

pytestmark = pytest.mark.once

PEOPLE, REPORTS = "/api/v1/people", "/api/v1/dual-reporting/reports"
PLUGIN = "/api/v1/plugins/dual-reporting"
Client = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A world whose data are English, with every plugin on."""
    for instance in world.new_instance(tmp_path_factory.mktemp("spoken") / "home"):
        peopled(instance, PLUGINS[1:])
        first_administrator(instance, "boss", home_code=world.CITY, system_user=os.getuid())
        yield instance


@pytest.fixture(scope="module")
def app(somewhere: Instance) -> Flask:
    return create_app(somewhere)


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """What is asked for; what has nothing to do with a request speaks it, too."""
    with using(request.param):
        yield request.param


@pytest.fixture
def client(app: Flask, somewhere: Instance, language: str) -> Client:
    """A program that asks in the language, with a token of some roles or without one."""

    def make(*roles: str) -> FlaskClient:
        made = app.test_client()
        made.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if roles:
            secret = token(somewhere, account(somewhere, *roles))
            made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return made

    return make


def address(resource: Any) -> str:
    plugin = "" if resource.plugin == "core" else resource.plugin.replace("_", "-") + "/"
    return f"/api/v1/{plugin}{resource.noun.replace('_', '-')}"


def other(language: str) -> str:
    return "en" if language == "zh" else "zh"


@contextmanager
def held(instance: Instance, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else writes, for longer than anybody waits."""
    lane: Any = instance.database._lane  # type: ignore[attr-defined]
    there, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lane.hold():
            there.set()
            done.wait(30)

    other = threading.Thread(target=hold, daemon=True)
    other.start()
    assert there.wait(30)
    patch.setattr(lane, "_timeout", 0.01)
    yield
    done.set()
    other.join()
    patch.undo()


def refusals(app: Flask, client: Client, patch: pytest.MonkeyPatch) -> Iterator[TestResponse]:
    """Every kind of problem, each by doing what leads to it."""
    boss, stranger = client(*FIRST_ADMINISTRATOR), client()
    yield boss.post(PEOPLE, data="{", content_type="application/json")
    yield stranger.get(PEOPLE)
    yield boss.get("/api/v1/accounts/export")
    yield boss.get(f"{PEOPLE}/999")
    yield boss.put(PEOPLE)
    yield boss.post(f"{REPORTS}/1/actions/accept", json={})
    yield boss.patch(f"{PEOPLE}/1", json={"name": "x"}, headers={"If-Match": '"99"'})
    yield boss.post(PEOPLE, data=b" " * 1_048_577, content_type="application/json")
    yield boss.post(PEOPLE, data="x", content_type="text/plain")
    yield boss.post(PEOPLE, json={"nme": "x", "sex": 7})
    yield boss.patch(f"{PEOPLE}/1", json={"name": "x"})
    misses = [stranger.get("/api/v1/verify/0000-0000-0000") for _miss in range(21)]
    yield misses[-1]
    new = {"name": "x", "community": {"code": world.HOME}}
    with held(app.extensions["lifang"], patch):
        yield boss.post(PEOPLE, json=new)
    report = {"person": 2, "community": {"code": world.HOME}}
    with faults.fault(entering.complete, raises=RuntimeError("broken")):
        failing = [boss.post(REPORTS, json=report) for _time in range(6)]
    yield failing[0]
    yield failing[-1]
    assert boss.post(f"{PLUGIN}/actions/release", json={}).status_code == 200
    with patch.context() as broken:
        broken.setattr(reading, "find", lambda *_told: {}["nothing"])
        yield boss.get(PEOPLE)


def test_every_problem_of_the_api_is_told_in_the_language_that_was_asked_for(
    app: Flask, client: Client, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}
    for answer in refusals(app, client, monkeypatch):
        told = answer.json
        assert answer.mimetype == "application/problem+json"
        seen[told["code"]] = told["status"]
        assert told["title"] == title_of(told["status"])
        said = [told["title"], told["detail"], *(one["message"] for one in told["errors"])]
        for sentence in said:
            assert astray(sentence, language) == []
            assert language == "en" or CHINESE.search(sentence), said
    assert seen == {code: one.status for code, one in KINDS.items()}


WRONG = ([], "###")
"""What no field takes; most kinds have a sentence of their own for each."""


def test_every_field_that_is_told_wrongly_is_blamed_in_one_language(
    somewhere: Instance, client: Client, language: str
) -> None:
    boss, told = client(*FIRST_ADMINISTRATOR), list[str]()
    for resource in somewhere.registry:
        names = [spec.name for spec in schema.create_fields(resource)]
        bodies = [dict.fromkeys(names, wrong) for wrong in WRONG]
        asked = [(address(resource), body) for body in bodies]
        asked += [
            (f"{address(resource)}/1/actions/{name}", {**dict.fromkeys(taken, "###"), "nme": 1})
            for name, action in resource.actions.items()
            if (taken := [spec.name for spec in action.fields])
        ]
        for path, body in asked:
            answer = boss.post(path, json=body, headers={"If-Match": '"1"'})
            assert 400 <= answer.status_code < 500, (path, answer.text)
            errors = answer.json["errors"]
            told += [answer.json["detail"], *(one["message"] for one in errors)]
    assert len(told) > 500
    assert astray("\n".join(told), language) == []


ALONE = ("name", "kind", "roles", "rule", "why", "reason", "stack", "error")
"""What only programs go by, and what somebody's code said when it failed."""


def words_of(answer: Any) -> Iterator[str]:
    """What an answer says to people."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from words_of(value) if key not in ALONE else ()
    elif isinstance(answer, list):
        for value in answer:
            yield from words_of(value)
    elif isinstance(answer, str):
        yield answer


def test_what_is_listed_for_programs_has_its_labels_in_their_language(
    client: Client, language: str
) -> None:
    boss = client(*FIRST_ADMINISTRATOR, "auditor")
    paths = ["plugins", "plugins/dual-reporting", "settings", "events/lag", "inbox/kinds", "me",
             "people/1/history"]  # fmt: skip
    paths += [f"desks/{plugin.id.replace('_', '-')}" for plugin in PLUGINS[1:] if plugin.desk]
    for noun in ("sheets", "indicators"):
        where = f"within={world.HOME}&period=2026"
        listed = boss.get(f"/api/v1/{noun}").json["items"]
        assert len(listed) > 5
        paths += [noun, *(f"{noun}/{one['name']}?{where}" for one in listed)]
    asked = [f"/api/v1/{path}" for path in paths]
    for path in [*asked, "/api/openapi.json"]:
        answer = boss.get(path)
        assert answer.status_code < 500, (path, answer.text)
        said = "\n".join(words_of(answer.json))
        for known in told_as_they_are():
            said = said.replace(known, "")
        assert astray(said, language) == [], path


def test_what_leaves_as_a_file_is_headed_in_one_language(
    somewhere: Instance, client: Client, language: str
) -> None:
    boss, files = client(*FIRST_ADMINISTRATOR), 0
    for resource in somewhere.registry:
        told = boss.get(f"{address(resource)}/ledger?format=csv")
        if told.status_code == 200:
            files += 1
            assert astray(told.text.replace("\u3000", ""), language) == [], resource.id
    assert files > 30
    where = f"within={world.HOME}&format=xlsx"
    named = boss.get("/api/v1/sheets").json["items"][0]["name"]
    asked = [f"{PEOPLE}/export?format=xlsx", f"{PEOPLE}/ledger", f"/api/v1/sheets/{named}?{where}",
             f"/api/v1/indicators/table/dual-reporting?period=2026&{where}"]  # fmt: skip
    for path in asked:
        answer = boss.get(path)
        assert answer.status_code == 200, (path, answer.text)
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        rows = book.get_sheet_by_index(0).to_python()
        said = [*book.sheet_names, *(str(cell) for row in rows for cell in row)]
        assert astray("\n".join(said).replace("\u3000", ""), language) == [], path


def test_a_template_in_either_language_is_taken_in_by_either(
    somewhere: Instance, language: str
) -> None:
    nouns = [one for one in somewhere.registry if "import" in set().union(*one.roles.values())]
    assert len(nouns) > 10
    for resource in nouns:
        [file] = uploads.template(resource, "csv")
        [head] = csv.reader([file.decode("utf-8-sig")])
        assert astray("\n".join(head), language) == [], resource.id
        with using(other(language)):
            problems = Problems()
            matched = columns.match(resource, tuple(head), problems)
        assert problems.errors == [], resource.id
        assert set(matched.values()) == {one.name for one in schema.create_fields(resource)}
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(uploads.template(people, "xlsx"))))
    assert book.sheet_names == [_p("plural", "人员")]
    boss = world.boss(somewhere)
    for sex in ("女", "Female"):
        rows = f"{_('姓名')},{_('性别')},{_('居住社区')}\nZhao Min,{sex},{world.HOME}\n".encode()
        told = import_table(boss, people, io.BytesIO(rows), dry_run=True)
        assert (told["created"], told["errors"]) == (1, []), sex
    assert entering.political_status(_("群众")) == "群众"
    rows = f"{_('姓名')},{_('性别')},{_('居住社区')}\nZhao Min,###,{world.HOME}\n".encode()
    told = import_table(boss, people, io.BytesIO(rows), dry_run=True)
    head, line = failing_lines(io.BytesIO(rows), told["errors"])
    assert head[-1] == _("错误")
    assert astray("\n".join([*head, *line, told["errors"][0]["expected"]]), language) == []


def test_every_notice_and_its_mail_are_in_the_language_of_who_gets_them(
    somewhere: Instance, language: str
) -> None:
    reader = Account.get(Account.name == "li")
    home = Community.get(Community.code == world.HOME)
    kinds = [kind for plugin in PLUGINS for kind in plugin.notices.values()]
    with somewhere.database.transaction():
        NoticeRow.delete().execute()
        for kind in kinds:
            values = json.dumps({name: 7 for name, _form in places(kind.text)})
            NoticeRow.insert(
                kind=kind.name, record="core.person/1", who=f"core.person/{reader.person_id}",
                key="7", data=values, community=home, at=clock.now(),
            ).execute()  # fmt: skip
    caller = world.caller(somewhere, "resident", person=reader.person)
    items = inbox.items(caller, limit=inbox.MOST)
    assert {item.kind for item in items} == {kind.name for kind in kinds}
    for item in items:
        mail = written(Notice.Message(
            "7", item.kind, item.title, item.text, None, language, home, int(reader.id),
            "li@example.cn", clock.now(),
        ), "ABCD2345")  # fmt: skip
        said = f"{mail['Subject']}\n{mail.get_content()}"
        assert astray(said, language) == [], item.kind
        assert language == "en" or CHINESE.search(mail["Subject"])


SLIPS = (
    ("peple", "list"), ("people", "lst"), ("people", "list", "--nme", "x"), ("people", "show"),
    ("people", "show", "1", "2"), ("people", "list", "--limit", "x"), ("people", "list", "--limit"),
    ("people", "list", "--json=1"), ("people", "export", "--format", "pdf"),
    ("people", "show", "abc"), ("people", "show", "999"), ("people", "show", "1", "--as", "nobody"),
    ("people", "create", "--name", "Zhao"), ("people", "update", "1", "--sex", "x"),
    ("people", "import", "missing.csv"), ("people", "export", "-o", "missing/people.csv"),
    ("communities", "tree", "999"), ("accounts", "grant", "li", "--role", "x", "--at", world.HOME),
    ("plugin", "show", "nothing"), ("plugin", "enable", "webhooks", "--at", "999"),
    ("plugin", "config", "webhooks", "--at", "999"), ("settings", "explain", "x.y"),
    ("settings", "import", "missing.csv"), ("indicators", "show", "x"), ("sheets", "show", "x"),
    ("events", "show", "999"), ("events", "replay", "999"), ("audit", "show", "--since", "x"),
    ("calendar", "import", "missing.csv"), ("documents", "verify", "x"), ("desk", "x"),
    ("dual-reporting", "reports", "accept", "1"), ("dual-reporting", "reports", "lst"),
    ("dual-reporting", "nothing"), ("nothing", "list"), ("privacy", "export", "999"),
    ("keys", "import", "no-text"),
)  # fmt: skip
DOES = (
    ("doctor",), ("plugin", "list"), ("plugin", "show", "webhooks"), ("events", "lag"),
    ("people", "show", "1"), ("audit", "verify"), ("inbox", "kinds"), ("settings", "show"),
    ("sheets", "list"), ("indicators", "list"), ("dual-reporting", "reports", "list"),
    ("sheets", "show", "dual_reporting.register", "--within", world.HOME),
    *(("desk", plugin.id) for plugin in PLUGINS[1:] if plugin.desk),
)  # fmt: skip


def test_what_a_command_says_and_refuses_is_in_one_language(
    somewhere: Instance, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no-text").write_bytes(b"\x9d\xff")
    for words in SLIPS:
        said = say(hands_on(somewhere), *words)
        assert said.code in (2, 3, 4, 5, 6), (words, said)
        assert astray(said.out + said.err, language) == [], words
        assert language == "en" or CHINESE.search(said.err), words
    for words in DOES:
        said = say(hands_on(somewhere), *words)
        told = said.out + said.err
        for known in told_as_they_are():
            told = told.replace(known, "")
        assert astray(told, language) == [], words
