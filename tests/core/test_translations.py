"""Everything people read is there in English: nothing missing, nothing left over, nothing half."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.access.roles import FIRST_ADMINISTRATOR, ROLES
from lifang.app.http import create_app
from lifang.builtin.accounts import accounts
from lifang.builtin.places import communities
from lifang.builtin.plugin import plugin as core
from lifang.checking import deep, rules  # noqa: F401 – declares the rules
from lifang.checking.rule import RULES
from lifang.cli.frame import Context
from lifang.entities.account import Account, Grant
from lifang.entities.organization import Organization
from lifang.kit.words import _, _p, using
from lifang.plugins.manager import discover
from lifang.plugins.plugin import Plugin
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.visitors import account, session
from lifang_agency_contracts.plugin import plugin as agency_contracts
from lifang_dual_reporting.plugin import plugin as dual_reporting
from lifang_mail_notices.plugin import plugin as mail_notices
from lifang_nats_bridge.plugin import plugin as nats_bridge
from lifang_volunteer_points.plugin import plugin as volunteer_points
from lifang_webhooks.plugin import plugin as webhooks
from tests.core.commanded import helps, lines_of, shell, understood
from tests.core.crawl import Page, asking, walk
from tests.core.needed import needed
from tests.core.spoken import SPOKEN

CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef]")
"""Chinese characters, and the punctuation that goes with them."""

Message = tuple[str | None, str]
"""A sentence as a catalogue knows it: its context, if it has one, and its Chinese."""

PLUGINS = (core, agency_contracts, dual_reporting, mail_notices, nats_bridge, volunteer_points,
           webhooks)  # fmt: skip
KEYWORDS = {"_": None, "n_": None, "_p": ((1, "c"), 2)}


@cache
def extracted(plugin: Plugin) -> dict[Message, str]:
    """The sentences marked in a distribution's code and templates, each with its file."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    found = extract_from_dir(plugin.folder, methods, keywords=KEYWORDS)
    told: dict[Message, str] = {}
    for file, _line, message, _comments, context in found:
        assert isinstance(message, str)
        told.setdefault((context, message), file)
    return told


def declared(plugin: Plugin) -> dict[Message, str]:
    """The labels of a plugin's declarations, each with where it was found."""
    told: dict[Message, str] = {(None, plugin.label): plugin.id}
    for resource in plugin.resources:
        told |= {(context, resource.label): resource.noun for context in (None, "plural")}
        specs = list(resource.fields)
        for one in resource.actions.values():
            told[None, one.label] = f"{resource.noun}.{one.name}"
            specs += one.fields
        for spec in specs:
            labels = [spec.label, spec.help, *(label for _value, label in spec.choices)]
            told |= {(None, label): f"{resource.noun}.{spec.name}" for label in labels if label}
        labels = [*(one.label for one in resource.formats.values()), *resource.attachments.values()]
        told |= {(None, label): resource.noun for label in labels if CHINESE.search(label)}
    for one in plugin.indicators.values():
        labels = [one.label, one.unit, *one.notes]
        told |= {(None, label): one.name for label in labels if CHINESE.search(label)}
    told |= {(None, label): one.name for one in plugin.sheets.values() for label in one.words}
    for setting in plugin.settings.values():
        labels = [setting.label, setting.help, setting.unit, *setting.choices.values()]
        told |= {(None, label): setting.name for label in labels if label}
    told |= {(None, label): "a preset" for label in plugin.presets.values()}
    told |= {(None, label): "the desk" for label in on_the_desk(plugin)}
    for one in (*plugin.purposes.values(), *plugin.notices.values()):
        told |= {(None, label): one.name for label in (one.label, one.text)}
    if plugin is core:
        told |= {(None, label): "a role" for label in ROLES.values()}
        told |= {(None, text): one.id for one in RULES.values() for text in (one.says, one.why)}
    return told | {(None, label): where for label, where in SPOKEN.get(plugin.id, {}).items()}


def on_the_desk(plugin: Plugin) -> Iterator[str]:
    """The words of a plugin's panels."""
    for one in plugin.desk.panels if plugin.desk else ():
        yield from filter(None, (one.label, one.empty, one.unit, *(one.choose or ())[:1]))


@cache
def catalogue(plugin: Plugin) -> dict[Message, str]:
    """A distribution's English."""
    (file,) = (plugin.folder / "locale/en/LC_MESSAGES").glob("*.po")
    with file.open("rb") as stream:
        read = read_po(stream, locale="en", abort_invalid=True)
    assert not any(message.fuzzy for message in read if message.id), f"{file}: fuzzy entries"
    return {(one.context, str(one.id)): str(one.string) for one in read if one.id}


def wanted(plugin: Plugin) -> dict[Message, str]:
    return declared(plugin) | extracted(plugin)


def entries(missing: Iterable[Message]) -> str:
    """What somebody pastes into a catalogue."""
    lines = []
    for context, message in missing:
        lines += [f'msgctxt "{context}"'] if context else []
        lines += ['msgid "{}"'.format(message.replace('"', r"\"")), 'msgstr ""', ""]
    return "\n".join(lines)


def places(sentence: str) -> list[tuple[str, str]]:
    """The values a sentence has a place for, and how each is written."""
    parts = string.Formatter().parse(sentence)
    return sorted((name, form or "") for _text, name, form, _as in parts if name is not None)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
def test_every_sentence_and_every_label_is_translated(plugin):
    known = catalogue(plugin) | catalogue(core)
    missing = [message for message in wanted(plugin) if not known.get(message)]
    assert not missing, f"not in English yet:\n\n{entries(missing)}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
def test_a_translation_is_english_and_has_the_places_of_its_sentence(plugin):
    for (_context, message), told in catalogue(plugin).items():
        assert told, message
        assert not CHINESE.search(told), told
        assert places(told) == places(message), told


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
def test_no_translation_is_left_over(plugin):
    said_by_the_core = set() if plugin is core else set(wanted(core))
    assert set(catalogue(plugin)) - (wanted(plugin).keys() - said_by_the_core) == set()


def test_one_word_of_ours_has_one_english_word_in_every_distribution():
    """The core's wording wins, so a plugin that repeats a sentence would never be heard; and where
    two plugins say the same, only one of them is."""
    said: dict[Message, tuple[str, str]] = {}
    for plugin in PLUGINS[1:]:
        assert not set(catalogue(core)) & set(catalogue(plugin)), plugin.id
        for message, english in catalogue(plugin).items():
            other, before = said.setdefault(message, (plugin.id, english))
            assert before == english, (message, other, before, plugin.id, english)


def test_everything_an_instance_declares_is_told_in_english(instance, enable):
    for plugin in PLUGINS[1:]:
        enable(plugin.id, at=world.CHENGGUAN, **needed(plugin.id))
    assert instance.plugins.loaded.keys() == {one.id for one in PLUGINS}
    with using("en"):
        for plugin in instance.plugins.loaded.values():
            for context, label in declared(plugin):
                told = _p(context, label) if context else _(label)
                assert not CHINESE.search(told), f"{plugin.id}: {label}"


def test_a_heading_speaks_of_many_and_falls_back_to_one():
    with using("en"):
        assert (_("人员"), _p("plural", "人员")) == ("Person", "People")
        assert _p("plural", "日期") == "Date"
    with using("zh"):
        assert _p("plural", "人员") == "人员"


# Pages and commands, in a world whose data are not Chinese: what is Chinese there is ours.


@pytest.fixture
def somewhere(empty_instance: Instance) -> Instance:
    """A city, a district and a community in it, with somebody who reports there."""
    boss = world.boss(empty_instance)
    above = None
    for code, name, kind in (
        (world.CITY, "City", "city"),
        (world.CHENGGUAN, "District", "district"),
        (world.HOME, "Home", "community"),
    ):
        told: dict[str, Any] = {"code": code, "name": name, "kind": kind}
        write(communities, "create", boss, told | ({"parent": {"code": above}} if above else {}))
        above = code
    for plugin in PLUGINS[1:]:
        world.enable(empty_instance, plugin.id, at=world.CHENGGUAN, **needed(plugin.id))
    person = world.person(empty_instance, "Li Qiang", phone="13800001234")
    unit = world.organization(empty_instance, "Library", no_uscc_reason="a branch")
    reports = empty_instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    data = {"person": person.id, "organization": unit.id, "community": {"code": world.HOME}}
    made = write(reports, "create", world.boss(empty_instance), data)
    with using("en"):  # a paper stays as it was issued
        write(reports, "accept", world.boss(empty_instance), {}, made.id)
    write(reports, "create", world.boss(empty_instance), data | {"person": int(
        world.person(empty_instance, "Wang Fang").id)})  # fmt: skip
    write(accounts, "create", world.boss(empty_instance), {"name": "li", "person": person.id})
    return empty_instance


@pytest.fixture
def app(somewhere: Instance) -> Flask:
    return create_app(somewhere)


@pytest.fixture
def reader(app: Flask, somewhere: Instance) -> FlaskClient:
    """An administrator of everything who reads English."""
    with somewhere.database.transaction():
        account = Account.create(name="reader", must_change=False)
        for role in FIRST_ADMINISTRATOR:
            Grant.create(account=account, role=role)
        secret = sign_in.open_session(account)
    client = app.test_client()
    client.set_cookie("lifang", secret, path="/")
    client.set_cookie("lang", "en", path="/")
    return client


@cache
def told_as_they_are() -> tuple[str, ...]:
    """What packages say of themselves, and defaults that are compared with what records say."""
    summaries = (found.summary for found in discover().values())
    texts = (str(one.default) for plugin in PLUGINS for one in plugin.settings.values())
    return ("中文", "里坊 Lifang", *summaries, *(text for text in texts if CHINESE.search(text)))


def english(text: str) -> str:
    """Nothing Chinese but the way back to it, our own name, and what packages say of themselves."""
    rest = text
    for known in told_as_they_are():
        rest = rest.replace(known, "")
    found = [line.strip() for line in rest.splitlines() if CHINESE.search(line)]
    assert not found, found
    return text


def visitor(app: Flask, instance: Instance, role: str, **told: Any) -> FlaskClient:
    """Somebody of one role who reads English."""
    holder = account(instance, role, **told)
    client = app.test_client()
    client.set_cookie("lifang", session(instance, holder), path="/")
    client.set_cookie("lang", "en", path="/")
    return client


WITHOUT = frozenset({"/account/password"})
"""Pages that no command can do: a password is typed by whoever it belongs to. Those about calls of
the API tell the calls."""


@pytest.mark.once
def test_every_page_speaks_english_is_built_to_be_heard_and_names_its_command(reader, somewhere):
    seen, lines = set(), {}
    for path, answer, page in walk(asking(reader), "/"):
        assert answer.status == 200, path
        assert '<html lang="en"' in answer.text, path
        english(answer.text)
        assert list(page.complaints()) == [], path
        kind = re.sub(r"\d+", "1", urlsplit(path).path)
        seen.add(kind)
        if "document.css" not in answer.text:  # what is printed has nothing around it
            lines.setdefault(kind, set()).update(lines_of(answer.text))
    without = {path for path, told in lines.items() if not told}
    assert {path for path in without if not path.startswith("/api/")} == WITHOUT
    understood(*shell(somewhere), sorted(set().union(*lines.values())))
    assert {
        "/", "/communities", "/people", "/people/new", "/people/1", "/people/1/history",
        "/people/import", "/communities/import", "/people/1/edit", "/people/1/remove",
        "/people/1/actions/move", "/organizations/1",
        "/affiliations/1", "/admin/plugins", "/admin/audit", "/admin/accounts/new",
        "/admin/accounts/1/password", "/admin/grants/1", "/account/password",
        "/p/dual-reporting/reports", "/p/dual-reporting/reports/1/actions/accept",
        "/p/dual-reporting/reports/1/actions/end",
    } <= seen  # fmt: skip


BEGINNINGS = ("/", "/me", "/inbox/kinds", "/p/dual-reporting", "/p/volunteer-points",
              "/p/agency-contracts", "/sheets", "/indicators", "/people/1")  # fmt: skip


@pytest.mark.once
def test_whoever_chose_english_reads_it_on_the_desks_and_in_refusals(app, somewhere):
    people = somewhere.registry.find("core", "people")
    assert people is not None
    unit, person = Organization.get_by_id(1), people.model.get_by_id(1)
    told: dict[str, dict[str, Any]] = {
        "community_worker": {"at": world.HOME}, "unit_liaison": {"unit": unit},
        "resident": {"person": person}, "auditor": {},
    }  # fmt: skip
    for role, where in told.items():
        get, statuses = asking(visitor(app, somewhere, role, **where)), set[int]()
        for path in (*BEGINNINGS, "/admin/settings", "/people?nonsense=1", "/people/import"):
            answer = get(path)
            english(answer.text)
            assert list(Page(answer.text).complaints()) == [], (role, path)
            statuses.add(answer.status)
        assert {200, 404} <= statuses, role


def test_signing_in_and_being_refused_speak_english(app, reader):
    stranger = app.test_client()
    page = stranger.get("/sign-in", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert "Sign in to Lifang" in english(page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    form = {"csrf_token": token.group(1), "name": "nobody", "password": "wrong-wrong"}
    asked = {"Accept-Language": "en"}
    assert "Not signed in" in english(stranger.post("/sign-in", data=form, headers=asked).text)
    assert "Not found" in english(reader.get("/people/999").text)
    assert "Please sign in" in english(stranger.get("/api/v1/people", headers=asked).text)


def test_forms_blame_in_english(reader):
    token = re.search(r'name="csrf_token" value="([^"]+)"', reader.get("/people/new").text)
    assert token is not None
    told = {"csrf_token": token.group(1), "phone": "123", "citizen_id": "12", "community": "x"}
    assert reader.post("/people/new", data=told).status_code == 422
    english(reader.post("/people/new", data=told).text)
    english(reader.post("/admin/accounts/new", data=told).text)
    english(reader.post("/admin/plugins/dual-reporting/enable", data=told | {"at": "y"}).text)
    english(reader.post("/people/1/reveal", data=told | {"fields": "phone"}).text)
    page = reader.post("/people/1/reveal", data=told | {"fields": "phone", "reason": "call"}).text
    assert "Sensitive data are shown below" in english(page)


def test_the_api_is_described_in_english(reader):
    described = reader.get("/api/openapi.json").text
    assert "List: People" in english(described)


def test_the_help_of_every_command_speaks_english(somewhere, monkeypatch):
    monkeypatch.setenv("LIFANG_LANG", "en")
    root, session = shell(somewhere)
    with Context(root, info_name="lifang", obj=session) as context:
        told = dict(helps(root, context))
        group = root.get_command(context, "dual-reporting")
        assert group is not None
        told |= helps(
            group, Context(group, info_name="dual-reporting", parent=context, obj=session)
        )
    assert "Communities" in told["lifang"]
    assert "Date of birth" in told["lifang people create"]
    assert "Accept" in told["lifang dual-reporting reports"]
    for text in told.values():
        english(text)


def test_a_command_started_by_somebody_english_speaks_english(tmp_path):
    """The whole way in, with the language the environment asks for."""
    import subprocess
    import sys

    environment = {"PATH": os.environ["PATH"], "LANG": "en_GB.UTF-8", "LIFANG_HOME": str(tmp_path)}
    lifang = Path(sys.executable).parent / "lifang"
    for words, said in ((["--help"], "Exit codes"), (["people", "list"], "There is no Lifang")):
        done = subprocess.run(
            [lifang, *words], capture_output=True, text=True, check=False, env=environment
        )
        assert said in english(done.stdout + done.stderr)
