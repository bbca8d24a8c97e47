"""Events on the command line: shown, followed, replayed, given up."""

from __future__ import annotations

import json
import time

import pytest

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import EventRow, Retry
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import CITY, HOME
from tests.core.cli.conftest import Command
from tests.core.events.listeners import HEARD, listen, say, switch

FRAIL = "probe.frail"


@on(HEARD)
def frail(event: Event, caller: Caller) -> None:
    if event.data["bad"]:
        raise lf.Dead("cannot stand it")


@pytest.fixture
def broken(instance: Instance, boss: Caller) -> str:
    """A dead letter; its position."""
    listen(instance, frail, at=[CITY])
    say(boss, 2, at=HOME, bad=True)
    assert drain(instance)
    return str(Retry.get().pos)


def test_one_event_is_shown_with_its_chain_and_where_it_failed(
    lifang: Command, broken: str, worker: str
) -> None:
    told = lifang("events", "show", broken)
    assert told.code == 0, told.err
    assert "cannot stand it" in told.out and "死信" in told.out and "test_events.py" in told.out
    shown = lifang("events", "show", broken, "--json").json
    assert (shown["position"], shown["type"]) == (int(broken), HEARD)
    [step] = shown["chain"]
    assert (step["subscriber"], step["state"]) == (FRAIL, "dead")
    assert step["letter"]["event"]["at"].endswith("Z")
    assert shown["related"] == []
    assert lifang("events", "show", "999999").code == 4
    assert lifang("events", "show", "x").code == 2
    assert lifang("events", "show", broken, "--as", worker).code == 3


def test_dead_letters_are_listed(lifang: Command, broken: str) -> None:
    [letter] = lifang("events", "dead", "--json").json["items"]
    assert (letter["subscriber"], letter["error"]) == (FRAIL, "cannot stand it")
    assert len(lifang("events", "dead").out.splitlines()) == 2
    assert lifang("events", "dead", "--subscriber", "x", "--json").json["items"] == []
    assert lifang("events", "dead", "--state", "waiting", "--json").json["items"] == []
    assert lifang("events", "dead", "--until", "2026-01-01", "--json").json["items"] == []
    assert lifang("events", "dead", "--since", "never").code == 2
    assert lifang("events", "dead", "--state", "gone").code == 2


def test_a_replay_is_looked_at_first_and_then_done(lifang: Command, broken: str) -> None:
    looked = lifang("events", "replay", broken, "--subscriber", FRAIL, "--dry-run")
    assert looked.code == 0 and "不会重复计入" in looked.out and "共 1 条" in looked.out
    plan = lifang("events", "replay", "--all", "--dry-run", "--json").json["preview"]
    assert plan["number"] == 1
    assert Retry.get().state == "dead"
    done = lifang("events", "replay", "--all", "--subscriber", FRAIL, "--json")
    assert done.json == {"verb": "replay", "done": 1}
    assert Retry.get().state == "waiting"
    assert AuditEntry.select().where(AuditEntry.verb == "replay").count() == 1


def test_changed_data_is_replayed(lifang: Command, instance: Instance, broken: str) -> None:
    named = ("events", "replay", broken, "--subscriber", FRAIL)
    assert lifang(*named, "--data", "[]").code == 2
    assert lifang(*named, "--data", '{"bad": false}', "--dry-run").code == 0
    assert Retry.get().state == "dead"
    done = lifang(*named, "--data", '{"bad": false}')
    assert (done.code, done.out) == (0, "1 条已排队重放\n")
    assert drain(instance)
    assert Retry.select().count() == 0
    assert json.loads(EventRow.get_by_id(int(broken)).data) == {"bad": True}
    again = lifang(*named)
    assert again.code == 5 and "已经处理过" in again.err
    [first] = lifang("events", "list", "--before", "2", "--json").json["items"]
    nobody = lifang("events", "replay", str(first["position"]), "--subscriber", FRAIL)
    assert nobody.code == 4 and "没有订阅听这种事件" in nobody.err


@pytest.mark.parametrize(
    "words",
    [(), ("--all", "1"), ("1",), ("0", "--subscriber", FRAIL), ("x", "--subscriber", FRAIL),
     ("1", "--subscriber", FRAIL, "--type", HEARD), ("--all", "--state", "gone")],
)  # fmt: skip
def test_a_replay_says_what_it_needs(lifang: Command, words: tuple[str, ...]) -> None:
    for verb in (("replay",), ("skip", "--reason", "x")):
        refused = lifang("events", *verb, *words)
        assert refused.code == 2 and refused.err, words


def test_some_or_all_are_given_up_or_replayed_in_whatever_state(
    lifang: Command, instance: Instance, boss: Caller, broken: str
) -> None:
    say(boss, 3, at=HOME, bad=True)
    say(boss, 4, at=HOME, bad=True)
    assert drain(instance)
    places = [str(row.pos) for row in Retry.select().order_by(Retry.pos)]
    some = lifang("events", "replay", *places[:2], "--subscriber", FRAIL, "--json")
    assert some.json == {"verb": "replay", "done": 2}
    assert [row.state for row in Retry.select().order_by(Retry.pos)] == [
        "waiting", "waiting", "dead"
    ]  # fmt: skip
    every = ("--all", "--state", "waiting", "--subscriber", FRAIL)
    assert "共 2 条" in lifang("events", "skip", *every, "--reason", "x", "--dry-run").out
    done = lifang("events", "skip", *every, "--reason", "重复登记")
    assert (done.code, done.out) == (0, "2 条已忽略\n")
    again = lifang("events", "replay", "--all", "--state", "skipped", "--json")
    assert again.json["done"] == 2


def test_a_letter_is_given_up_with_a_reason(lifang: Command, broken: str, worker: str) -> None:
    named = ("events", "skip", broken, "--subscriber", FRAIL)
    assert lifang(*named).code == 2
    assert lifang(*named, "--reason", " ").code == 2
    assert lifang(*named, "--reason", "x", "--as", worker).code == 3
    assert lifang(*named, "--reason", "重复登记", "--dry-run").code == 0
    assert Retry.get().state == "dead"
    done = lifang(*named, "--reason", "重复登记")
    assert (done.code, done.out) == (0, "1 条已忽略\n")
    [letter] = lifang("events", "dead", "--state", "skipped", "--json").json["items"]
    assert letter["reason"] == "重复登记"


def test_the_lag_says_why(lifang: Command, instance: Instance, broken: str) -> None:
    assert "1 个死信" in lifang("events", "lag").out
    switch("probe", CITY, on=False, instance=instance)
    [told] = lifang("events", "lag", "--json").json["items"]
    assert told["state"] == "paused"
    assert "没有在任何地方启用" in told["why"][0]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_new_events_are_followed_until_broken_off(
    lifang: Command, boss: Caller, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    say(boss, 1)
    turns = iter([lambda: say(boss, 2), lambda: say(boss, 3, type="core.thing.seen"), None])

    def meanwhile(_seconds: float) -> None:
        turn = next(turns)
        if turn is None:
            raise KeyboardInterrupt
        turn()

    monkeypatch.setattr(time, "sleep", meanwhile)
    told = lifang("events", "tail", "--type", HEARD, *form)
    assert told.code == 130
    [line] = told.out.splitlines()
    assert "core.thing" in line
    if form:
        assert json.loads(line)["subject"] == 2


def test_a_tail_waits_for_a_database_that_is_away_and_ends_with_its_rights(
    lifang: Command, boss: Caller, instance: Instance, monkeypatch: pytest.MonkeyPatch, worker: str
) -> None:
    from lifang.kit.errors import Busy
    from lifang.store.database import Database

    away = [True]

    def mend(_database: Database) -> None:
        if away:
            raise Busy("它不在")

    turns = iter([away.clear, lambda: None, lambda: say(boss, 1), None])

    def meanwhile(_seconds: float) -> None:
        turn = next(turns)
        if turn is None:
            raise KeyboardInterrupt
        turn()

    monkeypatch.setattr(time, "sleep", meanwhile)
    monkeypatch.setattr(type(instance.database), "mend", mend)
    told = lifang("events", "tail")
    assert told.code == 130
    assert "它不在" in told.err and "core.thing/1" in told.out
    assert lifang("events", "tail", "--as", worker).code == 3


def test_a_subscription_is_paused_and_resumed_and_wrong_words_are_refused(
    lifang: Command, broken: str
) -> None:
    assert lifang("events", "pause", FRAIL).code == 2
    assert lifang("events", "pause", FRAIL, "--reason", "对账").out.startswith(
        "已暂停「probe.frail」"
    )
    assert lifang("events", "pause", FRAIL, "--reason", "对账").code == 5
    assert "暂停" in lifang("events", "lag").out
    both = lifang("events", "resume", FRAIL, "--skip", "--restart")
    assert (both.code, both.err.strip()) == (2, "错误：--skip、--restart 只能选一个")
    told = lifang("events", "resume", FRAIL, "--skip", "--json")
    assert told.json == {"name": FRAIL, "state": "live"}
    assert lifang("events", "resume", "nobody").code == 4
