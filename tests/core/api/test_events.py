"""The event bus over HTTP: the same events, deliveries and deeds as pages and commands have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import lifang as lf
from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import EventRow, Retry
from lifang.services import accounts, event_log, letters
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.events.listeners import HEARD, listen, say

EVENTS = "/api/v1/events"
FRAIL = "probe.frail"


@on(HEARD)
def frail(event: Event, caller: Caller) -> None:
    if event.data["bad"]:
        raise lf.Dead("cannot stand it")


@pytest.fixture
def broken(instance: Instance, boss: Caller) -> list[int]:
    """Three dead letters, and one event that was told; the positions of the letters."""
    listen(instance, frail, at=[world.CITY])
    for subject in (1, 2, 3):
        say(boss, subject, at=world.HOME, bad=True)
    say(boss, 4, at=world.FOREIGN, bad=False)
    assert drain(instance)
    return [row.pos for row in Retry.select().order_by(Retry.pos)]


def states() -> list[str]:
    return [row.state for row in Retry.select().order_by(Retry.pos)]


def told(things: Any) -> Any:
    """Things as JSON carries them."""
    return json.loads(json.dumps([event_log.told(one) for one in things]))


def walk(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    more = "&" if "?" in path else "?"
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(path + (f"{more}cursor={cursor}" if cursor else "")).json
        found += page["items"]
        cursor = page["next"]
    return found


def test_events_are_listed_newest_first_page_by_page_and_narrowed(
    boss_api: FlaskClient, boss: Caller, broken: list[int]
) -> None:
    whole = told(event_log.list_events(boss))
    assert [one["position"] for one in whole] == sorted(
        (row.pos for row in EventRow.select()), reverse=True
    )
    assert walk(boss_api, f"{EVENTS}?limit=3") == whole
    assert walk(boss_api, EVENTS) == whole
    for query, asked in {
        f"type={HEARD}": {"type": HEARD},
        "about=core.thing/2": {"about": "core.thing/2"},
        f"within={world.QILIHE}": {"within": world.QILIHE},
        f"before={broken[1]}": {"before": broken[1]},
        "since=2020-01-01&until=2020-02-01": {"since": "2020-01-01", "until": "2020-02-01"},
    }.items():
        some = told(event_log.list_events(boss, **asked))
        assert walk(boss_api, f"{EVENTS}?limit=2&{query}") == some, query
    assert len(walk(boss_api, f"{EVENTS}?type={HEARD}&before={broken[1]}")) == 1


def test_one_event_is_told_with_who_was_told_and_where_it_failed(
    boss_api: FlaskClient, broken: list[int]
) -> None:
    one = boss_api.get(f"{EVENTS}/{broken[0]}").json
    assert (one["position"], one["data"]) == (broken[0], {"bad": True})
    [step] = one["chain"]
    assert (step["subscriber"], step["state"]) == (FRAIL, "dead")
    assert step["letter"]["key"] == f"{broken[0]}@{FRAIL}"
    assert "test_events.py" in step["letter"]["stack"]
    assert boss_api.get(f"{EVENTS}/999999").status_code == 404
    assert boss_api.get(f"{EVENTS}/{broken[0]}?x=1").status_code == 400


def test_the_lag_tells_who_is_how_far_and_why(boss_api: FlaskClient, broken: list[int]) -> None:
    found = boss_api.get(f"{EVENTS}/lag").json
    [one] = found["items"]
    assert (one["name"], one["state"], one["dead"], one["behind"]) == (FRAIL, "live", 3, 0)
    assert "3 个死信" in one["why"][0]
    assert found["next"] is None


def test_letters_are_listed_by_state_and_page_by_page(
    boss_api: FlaskClient, boss: Caller, broken: list[int]
) -> None:
    whole = told(letters.letters(boss, letters.Wanted()))
    assert [one["event"]["position"] for one in whole] == broken[::-1]
    assert walk(boss_api, f"{EVENTS}/dead?limit=2") == whole
    assert walk(boss_api, f"{EVENTS}/dead?limit=1&subscriber={FRAIL}&plugin=probe") == whole
    for query in ("state=waiting", "subscriber=x", "plugin=x", "type=x", "until=2020-01-01"):
        assert walk(boss_api, f"{EVENTS}/dead?{query}") == [], query


def test_a_replay_is_looked_at_first_and_then_done(
    boss_api: FlaskClient, broken: list[int]
) -> None:
    path, named = f"{EVENTS}/{broken[0]}/actions/replay", {"subscriber": FRAIL}
    plan = boss_api.post(f"{path}?dry_run=true", json=named).json["preview"]
    assert plan["number"] == 1 and "不会重复计入" in plan["sentences"][0]
    assert states() == ["dead"] * 3
    assert boss_api.post(path, json=named).json == {"verb": "replay", "done": 1}
    assert states() == ["waiting", "dead", "dead"]
    entry = AuditEntry.get(AuditEntry.verb == "replay")
    assert (entry.outcome, entry.source) == ("done", "api")


def test_changed_data_is_replayed_to_one(
    boss_api: FlaskClient, instance: Instance, broken: list[int]
) -> None:
    path = f"{EVENTS}/{broken[0]}/actions/replay"
    for wrong in ([], "x", None, 7):
        answer = boss_api.post(path, json={"subscriber": FRAIL, "data": wrong})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "data"), wrong
    done = boss_api.post(path, json={"subscriber": FRAIL, "data": {"bad": False}})
    assert done.json == {"verb": "replay", "done": 1}
    assert drain(instance)
    assert Retry.select().count() == 2
    again = boss_api.post(path, json={"subscriber": FRAIL})
    assert again.status_code == 409 and "已经处理过" in again.json["detail"]
    many = {"filter": {}, "input": {"data": {"bad": False}}}
    assert boss_api.post(f"{EVENTS}/actions/replay", json=many).status_code == 422
    assert states() == ["dead", "dead"]


def test_many_are_replayed_by_their_keys_or_by_a_filter(
    boss_api: FlaskClient, broken: list[int]
) -> None:
    path = f"{EVENTS}/actions/replay"
    looked = boss_api.post(path, json={"filter": {}, "dry_run": True}).json["preview"]
    assert (looked["number"], states()) == (3, ["dead"] * 3)
    named = {"ids": [f"{broken[0]}@{FRAIL}", f"{broken[2]}@{FRAIL}", "7@nobody"]}
    assert boss_api.post(path, json=named).json == {"verb": "replay", "done": 2}
    assert states() == ["waiting", "dead", "waiting"]
    none = {"filter": {"subscriber": "x"}}
    assert boss_api.post(path, json=none).json == {"verb": "replay", "done": 0}
    rest = {"filter": {"subscriber": FRAIL, "since": "2020-01-01"}}
    assert boss_api.post(path, json=rest).json == {"verb": "replay", "done": 1}
    waiting = {"filter": {"state": "waiting"}, "input": {"reason": "重复登记"}}
    done = boss_api.post(f"{EVENTS}/actions/skip", json=waiting)
    assert done.json == {"verb": "skip", "done": 3}
    assert {row.reason for row in Retry.select()} == {"重复登记"}


def test_thousands_of_keys_are_refused_or_found_and_break_nothing(
    boss_api: FlaskClient, broken: list[int]
) -> None:
    for number, status in ((5_000, 200), (5_001, 400)):
        keys = [f"{place}@s{place}" for place in range(number - 1)] + [f"{broken[0]}@{FRAIL}"]
        body = {"ids": keys, "dry_run": True}
        answer = boss_api.post(f"{EVENTS}/actions/replay", json=body)
        assert answer.status_code == status
        assert status != 200 or answer.json["preview"]["number"] == 1


def test_a_letter_is_given_up_for_a_reason(boss_api: FlaskClient, broken: list[int]) -> None:
    path = f"{EVENTS}/{broken[0]}/actions/skip"
    for reason in ({}, {"reason": " "}, {"reason": 7}):
        refused = boss_api.post(path, json={"subscriber": FRAIL, **reason})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "reason")
    told = {"subscriber": FRAIL, "reason": "重复登记"}
    assert boss_api.post(path, json=told).json == {"verb": "skip", "done": 1}
    [letter] = boss_api.get(f"{EVENTS}/dead?state=skipped").json["items"]
    assert letter["reason"] == "重复登记"


BODIES: list[tuple[Any, int, str | None]] = [
    ({}, 422, "ids"),
    ({"ids": [], "filter": {}}, 422, "ids"),
    ({"ids": []}, 422, None),
    ({"ids": ["x"]}, 400, None),
    ({"ids": [7]}, 422, "ids"),
    ({"filter": []}, 422, "filter"),
    ({"filter": {"x": "1"}}, 422, "x"),
    ({"filter": {"type": 1}}, 422, "type"),
    ({"filter": {"state": "gone"}}, 400, None),
    ({"filter": {"since": "soon"}}, 400, None),
    ({"filter": {}, "input": 7}, 422, "input"),
    ({"filter": {}, "input": {"x": 1}}, 422, "x"),
    ({"filter": {}, "dry_run": "yes"}, 422, "dry_run"),
    ({"filter": {}, "y": 1}, 422, "y"),
]


@pytest.mark.parametrize(("body", "status", "field"), BODIES)
@pytest.mark.once
def test_what_is_not_said_rightly_is_refused_by_name(
    boss_api: FlaskClient, broken: list[int], body: Any, status: int, field: str | None
) -> None:
    answer = boss_api.post(f"{EVENTS}/actions/replay", json=body)
    assert answer.status_code == status
    assert [one["field"] for one in answer.json["errors"]] == ([field] if field else [])
    assert states() == ["dead"] * 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?nonsense=1", 400), ("?limit=0", 400), ("?limit=1001", 400), ("?cursor=x", 400),
        ("?before=-1", 400), ("?type=a&type=b", 400), ("?since=soon", 400),
        ("?since=0001-01-01", 400), ("?until=9999-12-31", 400), ("?within=999999999999", 422),
        ("/dead?cursor=x", 400), ("/dead?state=gone", 400), ("/lag?x=1", 400),
        ("/0", 404), ("/9223372036854775808", 404), ("/x", 404), ("/7/history", 404),
    ],
)  # fmt: skip
@pytest.mark.once
def test_no_address_is_read_otherwise_than_it_was_meant(
    boss_api: FlaskClient, broken: list[int], path: str, status: int
) -> None:
    answer = boss_api.get(f"{EVENTS}{path}")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_a_copy_of_a_request_is_answered_like_the_first(
    boss_api: FlaskClient, instance: Instance, broken: list[int]
) -> None:
    path, key = f"{EVENTS}/actions/replay", {"Idempotency-Key": "one"}
    first = boss_api.post(path, json={"filter": {}}, headers=key)
    assert first.json == {"verb": "replay", "done": 3}
    assert drain(instance)
    assert states() == ["dead"] * 3, "they failed again"
    again = boss_api.post(path, json={"filter": {}}, headers=key)
    assert again.json == first.json and states() == ["dead"] * 3
    other = boss_api.post(path, json={"filter": {"type": "x"}}, headers=key)
    assert (other.status_code, other.json["detail"][:4]) == (409, "这个 I")


def test_who_may_not_see_events_is_told_so_and_the_try_is_on_record(
    api: Api, app: Flask, broken: list[int]
) -> None:
    worker, stranger = api("community_worker", at=world.HOME), app.test_client()
    auditor = api("auditor", at=world.CHENGGUAN)
    one = f"{EVENTS}/{broken[0]}"
    for path in (EVENTS, one, f"{EVENTS}/lag", f"{EVENTS}/dead"):
        assert stranger.get(path).status_code == 401
        assert worker.get(path).status_code == 403
    assert auditor.get(one).status_code == 200
    assert auditor.get(f"{EVENTS}/lag").status_code == 403
    seen = auditor.get(f"{EVENTS}?type={HEARD}").json["items"]
    assert [event["position"] for event in seen] == broken[::-1], "and nothing of elsewhere"
    assert auditor.get(f"{EVENTS}/{broken[2] + 1}").status_code == 404
    for client in (worker, auditor):
        told = {"subscriber": FRAIL, "reason": "x"}
        assert client.post(f"{one}/actions/skip", json=told).status_code == 403
    denied = AuditEntry.select().where(AuditEntry.outcome == "denied", AuditEntry.verb == "skip")
    assert denied.count() == 2
    assert states() == ["dead"] * 3


def test_a_narrowed_token_sees_and_does_what_it_was_narrowed_to(
    app: Flask, instance: Instance, broken: list[int]
) -> None:
    with instance.database.transaction():
        Grant.create(account=Account.create(name="boss"), role="platform_administrator")
    boss = world.boss(instance)

    def client(*scope: str) -> FlaskClient:
        made = app.test_client()
        secret = accounts.create_token(boss, "boss", days=1, scope=scope)
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return made

    path, every = f"{EVENTS}/actions/replay", {"filter": {}}
    assert client("people:read").get(EVENTS).status_code == 403
    for reader in (client("read"), client("events:read")):
        assert reader.get(EVENTS).status_code == 200
        assert reader.post(path, json=every).status_code == 403
    assert client("read", "events:replay").post(path, json=every).json["done"] == 3
    skip = {"filter": {"state": "waiting"}, "input": {"reason": "x"}}
    skipper = client("read", "events:replay")
    assert skipper.post(f"{EVENTS}/actions/skip", json=skip).status_code == 403


def test_a_browser_must_show_its_token_for_what_changes_anything(
    app: Flask, api: Api, instance: Instance, broken: list[int]
) -> None:
    account, password = accounts.create_account(
        world.boss(instance), "chief", role="platform_administrator", at=None
    )
    type(account).update(must_change=False).execute()
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    csrf = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"name": "chief", "password": password, "csrf_token": csrf}
    assert client.post("/sign-in", data=form).status_code in (302, 303)
    assert client.get(EVENTS).status_code == 200
    answer = client.post(f"{EVENTS}/actions/replay", json={"filter": {}})
    assert answer.status_code == 403 and states() == ["dead"] * 3
