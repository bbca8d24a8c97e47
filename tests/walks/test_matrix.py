"""One generated matrix: a worker of one district never meets a row of another, anywhere.

Canary names are planted in the neighbouring district for every resource; then every resource is
listed, searched, counted, exported and fetched by id through each of the three interfaces. A
foreign id must answer exactly like one that does not exist.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, memberships
from lifang.entities.account import Grant
from lifang.entities.community import Community
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, Retry
from lifang.kit import clock
from lifang.services import accounts
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world

CANARY = "金丝雀"
NOBODY = 987_654
UNSEARCHED = ("affiliations", "memberships", "households", "household-members")
SCRIPT = """
import contextlib, io, json, sys
from lifang.app.main import hands
from lifang.cli.main import run

def told(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()

for line in sys.stdin:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _side in "oe")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(hands, json.loads(line))
    print(json.dumps([code, told(out), told(err)]), flush=True)
"""


@dataclass
class Planted:
    """Where everything is: for each resource's URL the id of one row here and one there.

    `events` are the positions of an event here and one there, neither of which could be told.
    """

    instance: Instance
    ids: dict[str, tuple[Any, Any]]
    events: tuple[int, int]
    token: str
    password: str


@pytest.fixture
def planted(instance: Instance, enable: Callable[..., None]) -> Planted:
    enable("dual_reporting", at=world.CITY)
    boss = world.boss(instance)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    ids: dict[str, list[Any]] = {}
    for name, place in (("本地", world.HOME), (CANARY, world.FOREIGN)):
        person = world.person(instance, f"{name}某", at=place, phone="13812345678")
        unit = world.organization(instance, f"{name}单位", at=place)
        link = Affiliation.get(Affiliation.person == person)
        seat = write(memberships, "create", boss, {"person": person.id, "organization": unit.id,
                                                   "post": f"{name}职务"})  # fmt: skip
        home = {"code": place}
        told = {"person": person.id, "organization": unit.id, "community": home}
        report = write(reports, "create", boss, told)
        community = Community.get(Community.code == place)
        house = write(households, "create", boss, {"number": f"{name}户", "community": home})
        member = write(household_members, "create", boss, {"household": house.id,
                                                           "person": person.id})  # fmt: skip
        made = (("people", person), ("organizations", unit), ("affiliations", link),
                ("memberships", seat), ("dual-reporting/reports", report),
                ("households", house), ("household-members", member),
                ("communities", community))  # fmt: skip
        for noun, record in made:
            ids.setdefault(noun, []).append(record.id)
        if name == CANARY:
            update = instance.registry.of(Community)
            write(update, "update", boss, {"name": f"{CANARY}社区"}, community.id)
    assert affiliations.noun == "affiliations"
    account, password = accounts.create_account(
        boss, "worker", role="community_worker", at=world.CHENGGUAN
    )
    type(account).update(must_change=False).execute()
    accounts.grant(boss, "worker", role="district_admin", at=world.CHENGGUAN)
    place = Community.get(Community.code == world.CHENGGUAN)
    Grant.create(account=account, role="auditor", community=place)  # events of one district only
    token = accounts.create_token(boss, "worker", days=1)
    pairs = {noun: (here, there) for noun, (here, there) in ids.items()}
    events = [untold(int(pairs["people"][side])) for side in (0, 1)]
    return Planted(instance, pairs, (events[0], events[1]), token, password)


def untold(person: int) -> int:
    """Let the plugin's handler have failed at a person's first event; gives its position."""
    event = EventRow.get(EventRow.agg == f"core.person/{person}", EventRow.seq == 1)
    error = f"ValueError: {Person.get_by_id(person).name}"
    Retry.create(sub="dual_reporting.suggest_transfer", pos=event.pos, agg=event.agg, tries=8,
                 next_at=clock.now(), state="dead", error=error)  # fmt: skip
    return int(event.pos)


def faceless(text: str, *numbers: Any) -> str:
    """An answer without what may differ: the id that was asked for, the request's own name."""
    for number in numbers:
        text = re.sub(rf"(?<![0-9a-z]){number}(?![0-9a-z])", "ID", text)
    text = re.sub(r'"request_id": ?"[0-9a-f]+"', "", text)
    text = re.sub(r"nonce-[\w-]+|nonce=\"[^\"]+\"", "", text)
    text = re.sub(r"[0-9a-f]{16}", "", text)
    return re.sub(r'value="[\w.\-]{40,}"', "", text)


def legible(body: bytes) -> str:
    """An answer as text; of a workbook, everything that stands in it."""
    if not body.startswith(b"PK"):
        return body.decode()
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


class Api:
    def __init__(self, planted: Planted) -> None:
        self.client = create_app(planted.instance).test_client()
        self.headers = {"Authorization": f"Bearer {planted.token}"}

    def reads(self, noun: str) -> Iterator[tuple[str, int, str]]:
        for query in ("", "?limit=1000", "?count=true", "/export?format=csv", "/export?format=json",
                      "/export?format=xlsx", "/ledger",
                      "?sort=-id", "?sort=-created_at"):  # fmt: skip
            yield self.ask("GET", f"{noun}{query}")
        if noun not in UNSEARCHED:
            for q in (CANARY, "jsq", "金", "丝雀"):
                yield self.ask("GET", f"{noun}?q={q}")
        yield self.ask("GET", f"{noun}?within={world.FOREIGN}")
        yield self.ask("GET", f"{noun}?within=620199999999")
        if noun == "people":
            yield self.ask("POST", f"{noun}/search", {"phone": "13812345678"})

    def by_id(self, noun: str, number: Any) -> Iterator[tuple[str, int, str]]:
        yield self.ask("GET", f"{noun}/{number}")
        yield self.ask("GET", f"{noun}/{number}/history")
        if noun == "communities":
            yield self.ask("GET", f"{noun}/{number}/lineage")
        for verb in ("PATCH", "DELETE"):
            body = {"name": "x"} if verb == "PATCH" else None
            yield self.ask(verb, f"{noun}/{number}", body, {"If-Match": '"1"'})
        yield self.ask("POST", f"{noun}/{number}/reveal", {"fields": ["phone"], "reason": "x"})
        for action in ("move", "accept", "end", "merge", "merge?dry_run=true"):
            yield self.ask("POST", f"{noun}/{number}/actions/{action}", {})

    def bus(self) -> Iterator[tuple[str, int, str]]:
        for query in ("", "?limit=1000", "?type=core.person.created", "?since=2020-01-01",
                      f"?within={world.FOREIGN}", f"?about=core.person/{NOBODY}", "/lag",
                      "/dead", "/dead?state=waiting", "/dead?plugin=dual_reporting"):  # fmt: skip
            yield self.ask("GET", f"events{query}")
        for verb in ("replay", "skip"):
            told = {"filter": {}, "input": {"reason": "x"} if verb == "skip" else {}}
            yield self.ask("POST", f"events/actions/{verb}", {**told, "dry_run": True})

    def of_the_bus(self, position: int) -> Iterator[tuple[str, int, str]]:
        yield self.ask("GET", f"events/{position}")
        told = {"subscriber": "dual_reporting.suggest_transfer"}
        yield self.ask("POST", f"events/{position}/actions/replay", told)
        yield self.ask("POST", f"events/{position}/actions/skip", told | {"reason": "x"})

    def ask(
        self, method: str, path: str, body: Any = None, more: dict[str, str] | None = None
    ) -> tuple[str, int, str]:
        answer = self.client.open(
            f"/api/v1/{path}", method=method, json=body, headers={**self.headers, **(more or {})}
        )
        told = json.dumps(dict(answer.headers)) if answer.status_code < 400 else ""
        return f"{method} {path}", answer.status_code, legible(answer.get_data()) + told


class Web:
    def __init__(self, planted: Planted) -> None:
        self.client: FlaskClient = create_app(planted.instance).test_client()
        page = self.client.get("/sign-in").get_data(as_text=True)
        csrf = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        form = {"name": "worker", "password": planted.password, "csrf_token": csrf}
        assert self.client.post("/sign-in", data=form).status_code in (302, 303)

    @staticmethod
    def place(noun: str) -> str:
        return f"/p/{noun}" if "/" in noun else f"/{noun}"

    def reads(self, noun: str) -> Iterator[tuple[str, int, str]]:
        base = self.place(noun)
        queries = ["", f"?within={world.FOREIGN}", "?sort=-id", "?count=true"]
        if noun == "communities":
            queries = [
                "",
                f"?at={world.HOME}",
                f"?at={world.FOREIGN}",
                "?at=620199999999",
                f"?at={world.QILIHE}",
            ]
        elif noun not in UNSEARCHED:
            queries.append("?q=金")
        for query in queries:
            yield self.ask(f"{base}{query}")
        for file in ("export?format=csv", "export?format=json", "export?format=xlsx", "ledger"):
            yield self.ask(f"/api/v1/{noun}/{file}")  # where the page's own links lead
        yield self.ask("/")

    def by_id(self, noun: str, number: Any) -> Iterator[tuple[str, int, str]]:
        for tail in ("", "/history", "/edit"):
            yield self.ask(f"{self.place(noun)}/{number}{tail}")

    def bus(self) -> Iterator[tuple[str, int, str]]:
        for query in ("", "?type=core.person.created", "?show=dead", "?show=waiting",
                      "?show=subscribers"):  # fmt: skip
            yield self.ask(f"/admin/events{query}")

    def of_the_bus(self, position: int) -> Iterator[tuple[str, int, str]]:
        yield self.ask(f"/admin/events/{position}")

    def ask(self, path: str) -> tuple[str, int, str]:
        answer = self.client.get(path)
        return f"GET {path}", answer.status_code, legible(answer.get_data())


class Cli:
    def __init__(self, planted: Planted) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("LIFANG_")}
        home = str(planted.instance.settings.home)
        self.folder = planted.instance.settings.home.parent
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environ, "LIFANG_HOME": home, "LIFANG_AS": "worker", "LIFANG_LANG": "zh"},
        )
        boss = world.boss(planted.instance)
        accounts.tie(boss, "worker", system_user=os.getuid())

    def reads(self, noun: str) -> Iterator[tuple[str, int, str]]:
        words = noun.split("/")
        yield self.ask(*words, "list")
        yield self.ask(*words, "list", "--json")
        yield self.ask(*words, "list", "--within", world.FOREIGN)
        yield self.ask(*words, "export", "--format", "csv")
        yield self.ask(*words, "export", "--format", "json")
        for words_of_file in (("export", "--format", "xlsx"), ("ledger",)):
            file = self.folder / "told.xlsx"
            what, code, told = self.ask(*words, *words_of_file, "-o", str(file))
            yield what, code, told + legible(file.read_bytes())
        if noun not in UNSEARCHED:
            yield self.ask(*words, "list", "--q", "金")
        if noun == "communities":
            yield self.ask(*words, "tree")
            yield self.ask(*words, "tree", world.QILIHE)

    def by_id(self, noun: str, number: Any) -> Iterator[tuple[str, int, str]]:
        if noun == "communities":
            codes = {NOBODY: "620199999999"}
            number = codes.get(number, world.FOREIGN)
        yield self.ask(*noun.split("/"), "show", str(number))
        yield self.ask(*noun.split("/"), "history", str(number))
        if noun == "communities":
            yield self.ask(noun, "lineage", str(number))

    def bus(self) -> Iterator[tuple[str, int, str]]:
        for words in (("list",), ("list", "--json"), ("list", "--within", world.FOREIGN),
                      ("dead",), ("dead", "--json"), ("lag",), ("replay", "--all", "--dry-run"),
                      ("skip", "--all", "--reason", "x", "--dry-run")):  # fmt: skip
            yield self.ask("events", *words)

    def of_the_bus(self, position: int) -> Iterator[tuple[str, int, str]]:
        named = (str(position), "--subscriber", "dual_reporting.suggest_transfer")
        yield self.ask("events", "show", str(position))
        yield self.ask("events", "replay", *named)
        yield self.ask("events", "skip", *named, "--reason", "x")

    def ask(self, *words: str) -> tuple[str, int, str]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        code, out, err = json.loads(self.process.stdout.readline())
        return " ".join(words), code, out + err

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


ONCE = {"marks": pytest.mark.once}
"""What pages and commands ask of a database, the API asks of both."""


@pytest.fixture(params=[Api, pytest.param(Web, **ONCE), pytest.param(Cli, **ONCE)])
def interface(request: pytest.FixtureRequest, planted: Planted) -> Iterator[Any]:
    one = request.param(planted)
    yield one
    if isinstance(one, Cli):
        one.close()


def test_nothing_of_another_district_is_ever_told(planted: Planted, interface: Any) -> None:
    asked = 0
    for noun in planted.ids:
        locals_seen = False
        for what, status, told in interface.reads(noun):
            asked += 1
            assert CANARY not in told.replace("q=金", ""), what
            assert world.FOREIGN not in told.replace(what, "") or status in (2, 400, 404, 422), what
            assert status not in (500, 1), (what, told)
            if "export" in what or "ledger" in what:
                assert status in (0, 200), (what, told)
            locals_seen = locals_seen or "本地" in told or "畅家巷" in told
        assert locals_seen, f"{noun}: the worker does not even see what is here"
    assert asked >= 20


def test_a_foreign_id_answers_exactly_like_one_that_does_not_exist(
    planted: Planted, interface: Any
) -> None:
    for noun, (_here, there) in planted.ids.items():
        foreign, missing = interface.by_id(noun, there), interface.by_id(noun, NOBODY)
        for one, other in zip(foreign, missing, strict=True):
            names = (there, NOBODY, world.FOREIGN, "620199999999")
            assert one[1] == other[1], (one, other)
            assert faceless(one[2], *names) == faceless(other[2], *names), one[0]
            assert one[1] in (2, 4, 404, 422, 400), one


def test_the_event_bus_tells_of_no_other_district_either(planted: Planted, interface: Any) -> None:
    here, there = planted.events
    seen = False
    for what, status, told in interface.bus():
        assert CANARY not in told, what
        assert world.FOREIGN not in told.replace(what, "") or status in (2, 422), what
        assert status in (0, 2, 3, 200, 403, 422), (what, status, told)
        seen = seen or "本地" in told
    assert seen, "not even the dead letter that lies here"
    assert list(interface.of_the_bus(here))[0][1] in (0, 200)
    answers = zip(interface.of_the_bus(there), interface.of_the_bus(NOBODY), strict=True)
    for foreign, missing in answers:
        assert foreign[1] == missing[1] and foreign[1] in (3, 4, 403, 404), foreign
        assert faceless(foreign[2], there, NOBODY) == faceless(missing[2], there, NOBODY)


def test_every_interface_counts_the_same_rows_and_only_ours(planted: Planted) -> None:
    api, web, cli = Api(planted), Web(planted), Cli(planted)
    try:
        for noun in planted.ids:
            path = f"/api/v1/{noun}?count=true"
            told = json.loads(api.client.get(path, headers=api.headers).data)
            listed = json.loads(cli.ask(*noun.split("/"), "list", "--json")[2])["items"]
            assert told["count"] == len(told["items"]) == len(listed), noun
            if noun == "communities":  # whose page is the tree
                continue
            # a person's and an organization's place, else one row of ours each
            assert told["count"] == (2 if noun == "affiliations" else 1), noun
            page = web.ask(f"{web.place(noun)}?count=true")[2]
            assert re.search(rf"共\s*{told['count']}\s*条", page), noun
    finally:
        cli.close()
