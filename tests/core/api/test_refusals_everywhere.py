"""Every address that takes a body refuses what could be misread, whatever the noun: R28."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.builtin.households import household_members, households
from lifang.builtin.people import memberships
from lifang.resources.fields import FieldSpec
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.test_refusals import AMBIGUOUS, NO_RECORDS

JSON = "application/json"
HAN = re.compile("[\u4e00-\u9fff]")
UNSAFE = {"POST", "PATCH", "PUT", "DELETE"}


@pytest.fixture
def everywhere(instance: Instance, enable: Any, boss_api: FlaskClient) -> list[tuple[str, str]]:
    """Every method and address that takes a body, over a world with a record of every noun."""
    enable("dual_reporting", at=world.CITY)
    boss, home = world.boss(instance), {"code": world.HOME}
    person, unit = world.person(instance, "李强"), world.organization(instance, "畅家巷党支部")
    write(memberships, "create", boss, {"person": person.id, "organization": unit.id})
    house = write(households, "create", boss, {"number": "1", "community": home})
    write(household_members, "create", boss, {"household": house.id, "person": person.id})
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    write(reports, "create", boss, {"person": person.id, "community": home})
    return list(_addresses(instance, boss_api))


def _addresses(instance: Instance, client: FlaskClient) -> Iterator[tuple[str, str]]:
    for rule in client.application.url_map.iter_rules():
        if not rule.rule.startswith("/api/") or re.search("import|attachments|plugins$", rule.rule):
            continue
        for method in sorted(UNSAFE & set(rule.methods or ())):
            if "noun" not in rule.arguments:
                yield from _of_no_noun(method, rule.rule)
            for one in instance.registry if "noun" in rule.arguments else ():
                plugin = None if one.plugin == "core" else one.plugin.replace("_", "-")
                if (plugin is not None) != ("plugin" in rule.arguments):
                    continue
                for action in one.actions if "action" in rule.arguments else [""]:
                    told = {"noun": one.noun.replace("_", "-"), "plugin": plugin,
                            "record:id": "1", "action": action.replace("_", "-")}  # fmt: skip
                    yield method, re.sub("<([^>]+)>", lambda m, t=told: str(t[m[1]]), rule.rule)


def _of_no_noun(method: str, rule: str) -> Iterator[tuple[str, str]]:
    """The addresses of the event bus and of plugins, a verb at a time."""
    path = rule.replace("<record:id>", "1").replace("<id>", "dual-reporting")
    for verbs in re.findall(r"<any\(([^)]+)\)", path) or [""]:
        for verb in verbs.split(", "):
            yield method, re.sub("<any[^>]+>", verb, path)


def refused(client: FlaskClient, method: str, path: str, **told: Any) -> int:
    """Send something that must be refused: with a sentence, as a problem, within a second."""
    took = []
    for _turn in range(3):
        started = time.perf_counter()
        headers = {"If-Match": '"1"', **told.get("headers", {})}
        answer = client.open(path, method=method, **{**told, "headers": headers})
        took.append(time.perf_counter() - started)
        if took[-1] < 1:
            break
    what = (method, path, str(told)[:300], answer.status_code, answer.text[:300])
    assert 400 <= answer.status_code < 500, what
    assert answer.mimetype == "application/problem+json", what
    assert HAN.search(answer.json["detail"]), what
    assert min(took) < 1, what
    return answer.status_code


Some = Callable[[Sequence[Any]], list[Any]]


@pytest.fixture(params=[4, pytest.param(1_000, marks=pytest.mark.trust)], ids=["some", "all"])
def some(request: pytest.FixtureRequest) -> Some:
    """Of what is sent everywhere, so much at each address and all of it at many: `some(KINDS)`."""
    turn = count()

    def of(things: Sequence[Any]) -> list[Any]:
        most = min(request.param, len(things))
        first = next(turn) * most
        return [things[(first + number) % len(things)] for number in range(most)]

    return of


HUGE = [
    b'{"name": "' + b"x" * 900_000 + b'"}',
    b'{"' + b"x" * 900_000 + b'": 1}',
    b'{"name": ' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    b'{"name": ' + b"9" * 900_000 + b"}",
    b'{"name": 1e' + b"9" * 900_000 + b"}",
    b"{" + b",".join(b'"f%d":1' % number for number in range(50_000)) + b"}",
    b'{"name": "' + b"\\u0041" * 150_000,
    b'{"name": ["' + b'","' * 250_000 + b'"]}',
    b" " * 1_048_577,
]


@pytest.mark.once
def test_every_address_is_tried(everywhere: list[tuple[str, str]], instance: Instance) -> None:
    assert len(everywhere) == len(set(everywhere)) > 4 * len(list(instance.registry))
    assert {"POST", "PATCH", "DELETE"} == {method for method, _path in everywhere}


@pytest.mark.once
def test_no_address_reads_what_could_be_misread(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient, some: Some
) -> None:
    for method, path in everywhere:
        if method == "DELETE":
            continue
        for raw in some([*AMBIGUOUS[1:], *NO_RECORDS]):
            refused(boss_api, method, path, data=raw, content_type=JSON)


@pytest.mark.once
def test_no_address_is_slowed_by_much(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient
) -> None:
    tried = {re.sub("/[^/]+/1", "/1", path): (method, path) for method, path in everywhere}
    bodies = [one for one in tried.values() if one[0] != "DELETE"]
    for number, (method, path) in enumerate(bodies):
        # all of them at the first address, one at each other, each of them at many
        for raw in HUGE if not number else [HUGE[number % len(HUGE)]]:
            refused(boss_api, method, path, data=raw, content_type=JSON)


KINDS = ["text/plain", "application/xml", "multipart/form-data", "application/jsonx", "", "x" * 999]


@pytest.mark.once
def test_only_json_is_taken_for_json(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient, some: Some
) -> None:
    for method, path in everywhere:
        if method == "DELETE":
            continue
        for kind in some(KINDS):
            status = refused(boss_api, method, path, data=b"{}", content_type=kind)
            assert status in (403, 404, 415), (method, path, kind)


HEADERS = [
    {"If-Match": '"' + "9" * 9_000 + '"'},
    {"If-Match": "W/\xe9"},
    {"If-Match": '"-1"'},
    {"If-Match": '"1", "2"'},
    {"Idempotency-Key": "x" * 9_000},
    {"Idempotency-Key": "\xe5"},
    {"Authorization": "Bearer " + "x" * 9_000},
    {"Authorization": "Bearer \xe9"},
    {"Authorization": "Basic eDp5"},
    {"Authorization": "Bearer"},
]


@pytest.mark.once
def test_no_header_breaks_anything(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient, some: Some
) -> None:
    for method, path in everywhere:
        for headers in [] if method == "DELETE" else some(HEADERS):
            refused(boss_api, method, path, json={"nonsense": 1}, headers=headers)


ODD: list[Any] = [
    [], {}, [[]], {"id": {}}, {"code": []}, {"code": "x" * 9_000}, {"id": 2**63 - 1}, -1, 0.5,
    2**63 - 1, -(2**63), 1e308, True, "\ud7ff" * 25_000, "a\u202eb", "\u200b", "\ufffe", "\x7f",
]  # fmt: skip


def nonsense(spec: FieldSpec) -> list[Any]:
    """What a field of no noun takes; a number may be one, and yes may be."""
    fits = {"integer": int, "number": int | float, "boolean": bool}.get(spec.kind, ())
    return [odd for odd in ODD if not isinstance(odd, fits or ())]


def test_no_field_takes_what_it_is_not(
    everywhere: list[tuple[str, str]], instance: Instance, boss_api: FlaskClient, some: Some
) -> None:
    nouns = {one.noun.replace("_", "-"): one for one in instance.registry}
    for method, path in everywhere:
        if method != "PATCH":
            continue
        resource = next(nouns[part] for part in path.split("/") if part in nouns)
        for spec in resource.fields:
            for odd in some(nonsense(spec)):
                refused(boss_api, method, path, json={spec.name: odd})


@pytest.mark.once
def test_no_input_of_an_action_takes_what_it_is_not(
    everywhere: list[tuple[str, str]], instance: Instance, boss_api: FlaskClient, some: Some
) -> None:
    nouns = {one.noun.replace("_", "-"): one for one in instance.registry}
    tried = 0
    for method, path in everywhere:
        if "/actions/" not in path or re.search("/(events|plugins)/", path):
            continue
        resource = next(nouns[part] for part in path.split("/") if part in nouns)
        for spec in resource.actions[path.rsplit("/", 1)[1].replace("-", "_")].fields:
            for odd in some(nonsense(spec)):
                refused(boss_api, method, path, json={spec.name: odd})
                tried += 1
        for when in ("x", 1, [], {}, "2026-01-01", "9999-01-01T00:00:00Z", "２０２６-01-01"):
            refused(boss_api, method, path, json={"occurred_at": when})
    assert tried


@pytest.mark.once
def test_the_number_of_fields_is_kept_to_the_field(boss_api: FlaskClient) -> None:
    for number, status in ((200, 422), (201, 400)):
        body = {f"f{one}": 1 for one in range(number)}
        assert refused(boss_api, "POST", "/api/v1/people", json=body) == status


def test_a_reason_is_kept_whole_or_refused(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient
) -> None:
    told: dict[str, Any] = {"fields": ["phone"], "reason": "核对"}
    where = "/api/v1/people/1/reveal"
    for reason in ("", " ", "里" * 401, "核\u202e对", "核\x07对"):
        assert refused(boss_api, "POST", where, json=told | {"reason": reason}) == 422
        full = {"purpose": reason}
        assert refused(boss_api, "GET", "/api/v1/people/ledger", query_string=full) == 422
    for reason in ("核对", "里" * 400, "第一行\n第二行"):
        assert boss_api.post(where, json=told | {"reason": reason}).status_code == 200


@pytest.mark.once
def test_reveal_and_search_take_what_they_name_only(
    everywhere: list[tuple[str, str]], boss_api: FlaskClient
) -> None:
    for method, path in everywhere:
        if path.endswith(("/reveal", "/search")):
            for odd in ODD:
                refused(boss_api, method, path, json={"fields": odd, "reason": odd})
                refused(boss_api, method, path, json={"fields": ["phone"], "reason": odd})
                refused(boss_api, method, path, json={"phone": odd, "cursor": odd})
                refused(boss_api, method, path, json={"phone": "13800005678", "cursor": odd})
                refused(boss_api, method, path, json={"phone": "13800005678", "limit": odd})
