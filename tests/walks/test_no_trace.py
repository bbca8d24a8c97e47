"""On in one district and off in the next: there everything of a plugin, here not a trace of it.

Staff, a resident and a unit's liaison of the next district ask every address of the map and every
noun, before any plugin was installed and again when all are at work next door; the two answers are
one, and so is the help of every command. Then each plugin's own addresses, with every verb, are
asked and answer like those that were never there. What people of the first district are shown is
looked up in the plugins' declarations.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lifang.access import sign_in
from lifang.access.callers import caller_for
from lifang.access.roles import included
from lifang.app.http import create_app
from lifang.cli.main import COMMANDS
from lifang.entities.account import Account, Grant
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.plugins.manager import discover
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command, Said, lifang  # noqa: F401 – a fixture
from tests.walks.test_matrix import faceless, legible

PLUGINS = ("agency_contracts", "dual_reporting", "nats_bridge", "volunteer_points", "webhooks")
STAFF = ("subdistrict_admin", "auditor")
NEVER = ("never-installed", "things")
"""An area and a noun that no plugin has: what is off answers like them."""

Told = dict[str, tuple[int, str]]


@dataclass
class Somebody:
    """A member of staff or a resident of one district, with a browser, a token and a terminal."""

    app: Flask
    account: Account
    people: tuple[int, ...]
    web: FlaskClient = field(init=False)
    api: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.web, self.api = self.app.test_client(), self.app.test_client()
        self.web.set_cookie("lifang", sign_in.open_session(self.account), path="/")
        secret = sign_in.open_token(self.account, days=1)
        self.api.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        """The status and the text of an answer, without what differs from request to request."""
        if path.startswith("/api/"):
            answer = self.api.open(path, method=method, json={} if method != "GET" else None)
        elif method == "GET":
            answer = self.web.get(path)
        else:
            page = self.web.get("/account/password").text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            answer = self.web.open(path, method=method, data={"csrf_token": token})
        text = legible(answer.get_data()).replace(f'value="{path}"', 'value="PATH"')
        return answer.status_code, faceless(text)


def somebody(instance: Instance, app: Flask, name: str, at: str, *roles: str) -> Somebody:
    """An account with roles at a place, for a unit there, or of somebody who lives there."""
    people = tuple(world.person(instance, f"{name}{n}", at=at).id for n in "甲乙")
    unit = world.organization(instance, f"{name}单位", at=at)
    with instance.database.transaction():
        person = None if roles else Person.get_by_id(people[0])
        account = Account.create(name=name, person=person, must_change=False)
        node = Community.get(Community.code == at)
        while node.kind != "district":
            node = Community.get_by_id(node.parent_id)
        for role in roles:
            where = {"organization": unit} if role == "unit_liaison" else {"community": node}
            Grant.create(account=account, role=role, **where)
        return Somebody(app, account, people)


def everything(one: Somebody, instance: Instance) -> Told:
    """What the core's own addresses answer, each noun, search, export and job among them."""
    core = [r for r in instance.registry if r.plugin == CORE]
    nouns = [r.noun.replace("_", "-") for r in core]
    paths: list[str] = []
    for rule in one.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(MACHINE):
            continue
        if rule.arguments <= {"noun", "record", "area", "form"} and "area" not in rule.arguments:
            some = nouns if rule.arguments == {"noun"} else ("people", "organizations")
            paths += {filled(rule.rule, noun, one.people[0]) for noun in some}
    for noun in ("people", "organizations", "communities"):
        paths += [f"/api/v1/{noun}{query}" for query in QUERIES]
        paths += [f"/api/v1/{noun}/export?format={kind}" for kind in ("csv", "json", "xlsx")]
    return {path: one.ask(path) for path in sorted({*paths, "/indicators?by=district"})}


DESKS = ("/p/<plugin>", "/api/v1/desks/<plugin>")
MACHINE = ("/healthz", "/readyz", "/metrics", "/assets", "/documents", "/verify")
QUERIES = ("?q=\u7532", "?count=true", "?sort=-created_at", f"?within={world.FOREIGN}")


def filled(rule: str, noun: str, record: object, area: str = "") -> str:
    """An address of the map with a noun, a record and an area in it, and the rest at hand."""
    told = {"noun": noun, "record": record, "area": area, "plugin": area, "form": "csv"}
    return re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda one: str(told.get(one[1], 1)), rule)


@pytest.fixture
def app(instance: Instance) -> Flask:
    return create_app(instance)


@pytest.fixture
def here(instance: Instance, app: Flask) -> Somebody:
    """Staff of the district in which everything will be on."""
    return somebody(instance, app, "此处", world.HOME, *STAFF)


@pytest.fixture
def there(instance: Instance, app: Flask) -> Somebody:
    """Staff of the next one, in which nothing is."""
    return somebody(instance, app, "别处", world.FOREIGN, *STAFF)


@pytest.fixture
def all_there(instance: Instance, app: Flask, there: Somebody) -> tuple[Somebody, ...]:
    """Staff of the next district, somebody who lives there, and who acts for a unit there."""
    resident = somebody(instance, app, "居民", world.FOREIGN)
    return there, resident, somebody(instance, app, "联络", world.FOREIGN, "unit_liaison")


def differing(one: tuple[int, str], other: tuple[int, str]) -> list[str]:
    """The lines in which two answers are not the same, to be read at once."""
    lines = [f"{status}\n{text}".replace(">", ">\n").splitlines() for status, text in (one, other)]
    return [line for line in difflib.ndiff(*lines) if line[0] in "+-"]


def open_all(instance: Instance, here: Somebody) -> list[Plugin]:
    """Switch on whatever this repository has, and let it begin its work."""
    assert set(discover()) >= set(PLUGINS)
    for plugin in PLUGINS:
        world.enable(instance, plugin, at=world.CHENGGUAN)
    boss = world.boss(instance)
    reports: Any = instance.registry.find("dual_reporting", "reports")
    write(reports, "create", boss, {"person": here.people[0], "community": {"code": world.HOME}})
    endpoints: Any = instance.registry.find("webhooks", "endpoints")
    told = {"name": "平台", "address": "https://hook.invalid/", "types": "core.person.moved"}
    write(endpoints, "create", boss, told | {"community": {"code": world.CHENGGUAN}})
    drain(instance)
    return [instance.plugins.loaded[plugin] for plugin in PLUGINS]


@pytest.mark.once
def test_nothing_that_is_asked_next_door_tells_that_a_plugin_is_on_here(
    instance: Instance, here: Somebody, all_there: tuple[Somebody, ...]
) -> None:
    changing = ("/", "/people", "/sheets", "/api/v1/indicators", "/api/openapi.json")
    before = [everything(one, instance) for one in all_there]
    ours = [here.ask(path) for path in changing]
    open_all(instance, here)
    for one, told in zip(all_there, before, strict=True):
        after = everything(one, instance)
        assert after.keys() == told.keys() and len(after) > 100
        for path, answer in after.items():
            assert differing(answer, told[path]) == [], f"{path} {one.account.name}"
    for path, answer in zip(changing, ours, strict=True):
        assert here.ask(path) != answer, path


def ways(app: Flask, *, plugin: str, noun: str, record: int) -> dict[tuple[str, str], str]:
    """Every address that leads to a plugin's noun or its desk, by its rule and verb."""
    return {
        (rule.rule, verb): filled(rule.rule, noun, record, plugin)
        for rule in app.url_map.iter_rules()
        if rule.arguments & {"area", "plugin"} and not rule.defaults
        if "noun" in rule.arguments or rule.rule in DESKS
        for verb in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


def dashed(*names: str) -> dict[str, str]:
    return dict(zip(("plugin", "noun"), (name.replace("_", "-") for name in names), strict=True))


@pytest.mark.once
@pytest.mark.parametrize(
    "whole", [False, pytest.param(True, marks=pytest.mark.trust)], ids=["some", "all"]
)
def test_every_address_of_a_plugin_that_is_off_answers_like_one_that_was_never_there(
    instance: Instance, app: Flask, here: Somebody, all_there: tuple[Somebody, ...], *, whole: bool
) -> None:
    plugins = open_all(instance, here)
    told = ways(app, **dashed(*NEVER), record=1)
    for one in all_there:
        never = {way: one.ask(path, way[1]) for way, path in told.items()}
        assert len(never) > 40 and {status for status, _text in never.values()} == {404}
        for plugin in plugins:
            for resource in plugin.resources if whole else plugin.resources[:1]:
                for way, path in ways(app, **dashed(plugin.id, resource.noun), record=1).items():
                    assert differing(one.ask(path, way[1]), never[way]) == [], path


def helped(lifang: Command, plugins: tuple[str, ...]) -> dict[str, Said]:  # noqa: F811 – the fixture
    """What the command line explains of itself, of each noun, and of plugins."""
    dashed = [plugin.replace("_", "-") for plugin in plugins]
    words = [
        (),
        *((name,) for name in (*COMMANDS, *dashed)),
        *((name, "things") for name in dashed),
    ]
    words += [
        ("consents", "create"),
        ("people", "list"),
        ("indicators", "list"),
        ("plugin", "list"),
    ]
    return {" ".join(said): lifang(*said, "--help") for said in words}


@pytest.mark.once
def test_help_knows_a_plugin_where_it_is_on_for_whoever_asks(
    instance: Instance, here: Somebody, all_there: tuple[Somebody, ...],
    monkeypatch: pytest.MonkeyPatch, lifang: Command,  # noqa: F811 – the fixture
) -> None:  # fmt: skip
    everybody, told = (here, *all_there), []
    for opened in (False, True):
        if opened:
            open_all(instance, here)
        for one in everybody:
            monkeypatch.setenv("LIFANG_AS", one.account.name)
            told.append(helped(lifang, PLUGINS))
    before, after = told[: len(everybody)], told[len(everybody) :]
    assert before[1:] == after[1:]
    assert {told[0][""].code, told[0]["people"].code} == {0}
    for plugin in PLUGINS:
        area = plugin.replace("_", "-")
        assert [one[area].code for one in after] == [0, 4, 4, 4]
        assert [one[f"{area} things"].code for one in after] == [2, 4, 4, 4]
    monkeypatch.delenv("LIFANG_AS")
    leaf = ("dual-reporting", "reports", "list", "--help", "--as")
    assert [lifang(*leaf, one.account.name).code for one in everybody] == [0, 4, 4, 4]


def shown(plugin: Plugin) -> list[str]:
    """The nouns of a plugin that its declaration lets our staff read all of."""
    roles = included(STAFF[0])
    return [
        one.noun.replace("_", "-")
        for one in plugin.resources
        if not one.confidential and any("tree" in one.roles.get(role, {}).get("read", ())
                                        for role in roles)
    ]  # fmt: skip


@pytest.mark.once
def test_where_it_is_on_each_plugin_stands_in_menu_interface_figures_and_commands(
    instance: Instance, here: Somebody, there: Somebody, monkeypatch: pytest.MonkeyPatch,
    lifang: Command,  # noqa: F811 – the fixture
) -> None:  # fmt: skip
    plugins, seen = open_all(instance, here), 0
    for one, on in ((here, True), (there, False)):
        home = one.ask("/")[1]
        described = one.ask("/api/openapi.json")[1]
        figures = one.ask("/api/v1/indicators")[1] + one.ask("/api/v1/sheets")[1]
        cards = instance.plugins.cards(caller_for(instance, one.account, source="web"))
        assert bool(cards) is on
        assert all((card.title in home) is on for card in cards)
        monkeypatch.setenv("LIFANG_AS", one.account.name)
        for plugin in plugins:
            area = plugin.id.replace("_", "-")
            desk = on and plugin.desk is not None
            assert (f'href="/p/{area}"' in home) is desk, plugin.id
            assert {one.ask(path.replace("<plugin>", area))[0] for path in DESKS} == (
                {200} if desk else {404}
            )
            said = lifang("desk", area)
            assert (said.code, said.out == "") == ((0, False) if desk else (4, True)), plugin.id
            for noun in shown(plugin):
                seen += on
                assert (f'"/p/{area}/{noun}"' in home) is on, noun
                assert (f"/{area}/{noun}" in described) is on, noun
                assert one.ask(f"/api/v1/{area}/{noun}")[0] == (200 if on else 404), noun
                said = lifang(area, noun, "list")
                assert (said.code, said.out == "") == ((0, False) if on else (4, True)), noun
            told = (*plugin.indicators, *plugin.sheets)
            assert all((f'"{name}"' in figures) is on for name in told)
    assert seen >= 25
