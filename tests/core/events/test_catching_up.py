"""Where a plugin is new or was off, its handlers are told of the past as somebody chose."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from lifang.app.dispatcher import Dispatcher as Server
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.publish import publish
from lifang.events.tables import Catchup, EventRow, Retry, Subscription
from lifang.kit import clock
from lifang.kit.errors import Invalid
from lifang.services.delivery import Part, dispatcher_of, drain, lag
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, FOREIGN, HOME, NEIGHBOUR, QILIHE
from tests.core.events.chronicle import (
    STREET,
    Switch,
    last_month,
    replayed,
    told,
)
from tests.core.events.listeners import HEARD, Note, say


@pytest.mark.parametrize(
    ("history", "expected"),
    [(None, []), ("now", []), ("start", [1, 4]), ("2027-09-01", [4]), ("2030-01-01", [])],
)
def test_a_plugin_switched_on_today_is_told_of_the_past_of_that_place_once(
    instance: Instance, boss: Caller, turn: Switch, history: str | None, expected: list[int]
):
    last_month(boss)
    with time_machine.travel(dt.datetime(2027, 10, 5, 9, tzinfo=dt.UTC)):
        turn(HOME, history=history)
        say(boss, 5, at=HOME)
        say(boss, 6, at=NEIGHBOUR)
        assert drain(instance)
        assert told() == [*expected, 5]
        assert replayed() == expected
        say(boss, 7, at=HOME)
        assert drain(instance)
        assert told() == [*expected, 5, 7]
        assert replayed() == expected
    assert lag(instance)[0].parts == ()


def test_the_second_place_is_told_of_its_own_past_and_the_first_is_not_disturbed(
    instance: Instance, boss: Caller, turn: Switch
):
    last_month(boss)
    turn(HOME)
    say(boss, 5, at=HOME)
    assert drain(instance)
    turn(QILIHE, history="start")
    assert drain(instance)
    assert told() == [5, 3]
    turn(STREET, history="start")
    assert drain(instance)
    assert told() == [5, 3, 2], "home has a switch of its own, and its past was laid aside"


def test_live_events_queue_behind_the_past_of_their_place_and_others_do_not(
    instance: Instance, boss: Caller, turn: Switch
):
    turn(QILIHE)
    with instance.database.transaction():
        home = int(Community.get(Community.code == HOME).id)
        for subject in range(1, 501):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss, communities=[home])
    assert drain(instance)
    turn(HOME, history="start")
    say(boss, 500, at=HOME)
    say(boss, 900, at=FOREIGN)
    dispatcher = dispatcher_of(instance)
    assert dispatcher.step()
    assert dispatcher.step()
    assert 900 in told(), "who is up to date waits for nobody"
    assert 1 < len(told()) < 402
    [_left] = [one for one in lag(instance) if one.name == "chronicle.left"]
    [chronicle] = [one for one in lag(instance) if one.name == "chronicle.chronicle"]
    [part] = chronicle.parts
    assert part == Part(HOME, "畅家巷社区", "telling", part.position, 501 - len(told()) + 1)
    dispatcher.release()
    assert drain(instance)
    assert [one for one in told() if one != 900] == [*range(1, 501), 500]
    rows = Note.select(Note.seq).where(Note.agg == "core.thing/500").order_by(Note.id)
    assert [row.seq for row in rows] == [1, 2]
    assert 500 in replayed()
    assert len(replayed()) == 500, "the live one is not muted"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (None, [1, 2]),
        ("resume", [1, 2]),
        ("skip", [1]),
        ("restart", [1, 1, 2]),
        ("2020-01-01", [1, 1, 2]),
    ],
)
@pytest.mark.parametrize("others", [1, 0])
def test_off_and_on_again_tells_what_was_passed_over_or_not_as_chosen(
    instance: Instance, boss: Caller, turn: Switch, history: str, expected: list[int], others: int
):
    turn(HOME)
    if others:
        turn(QILIHE)
    say(boss, 1, at=HOME)
    assert drain(instance)
    turn(HOME, on=False)
    say(boss, 2, at=HOME)
    say(boss, 3, at=NEIGHBOUR)
    say(boss, 4, at=FOREIGN)
    assert drain(instance)
    assert told() == [1] + [4] * others
    [chronicle, _left] = lag(instance)
    assert [(one.state, one.code, one.behind) for one in chronicle.parts] == [
        ("off", HOME, others)
    ], "while it is off everywhere, the subscription itself waits"
    turn(HOME, history=history)
    say(boss, 5, at=HOME)
    assert drain(instance)
    at_home = [one for one in told() if one != 4]
    assert at_home[:-1] == expected or sorted(at_home) == sorted([*expected, 5])
    assert at_home[-1] == 5 or others
    assert told().count(4) == others
    assert told().count(3) == 0
    assert lag(instance)[0].parts == ()


def test_what_was_skipped_stays_skipped_until_a_restart(
    instance: Instance, boss: Caller, turn: Switch
):
    turn(CHENGGUAN)
    turn(HOME, on=False)
    say(boss, 1, at=HOME)
    assert drain(instance)
    turn(HOME, history="skip")
    turn(HOME, on=False)
    say(boss, 2, at=HOME)
    turn(HOME)
    assert drain(instance)
    assert told() == [2]
    turn(HOME, on=False)
    turn(HOME, history="restart")
    assert drain(instance)
    assert told() == [2, 1, 2]


def test_off_amid_its_past_it_goes_on_there_later(instance: Instance, boss: Caller, turn: Switch):
    turn(QILIHE)
    with instance.database.transaction():
        home = int(Community.get(Community.code == HOME).id)
        for subject in range(1, 501):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss, communities=[home])
    assert drain(instance)
    turn(HOME, history="start")
    dispatcher = dispatcher_of(instance)
    assert dispatcher.step()
    assert dispatcher.step()
    dispatcher.release()
    turn(HOME, on=False)
    some = len(told())
    assert 0 < some < 500
    assert drain(instance)
    assert len(told()) == some
    turn(HOME, history="resume")
    assert drain(instance)
    assert told() == list(range(1, 501))


def test_a_handler_with_at_is_told_the_past_of_that_place_only(
    instance: Instance, boss: Caller, turn: Switch, place_id: Callable[[str], int]
):
    for subject, old in enumerate((HOME, FOREIGN), start=1):
        say(boss, subject, at=HOME, old=place_id(old))
    turn(HOME, history="start")
    assert drain(instance)
    assert told("left") == [1]


def test_a_place_with_a_switch_of_its_own_keeps_what_it_missed_from_above(
    instance: Instance, boss: Caller, turn: Switch
):
    turn(CHENGGUAN)
    turn(QILIHE)
    turn(CHENGGUAN, on=False)
    say(boss, 1, at=HOME)
    say(boss, 2, at=NEIGHBOUR)
    assert drain(instance)
    turn(HOME)
    assert drain(instance)
    assert told() == [1]
    turn(CHENGGUAN)
    assert drain(instance)
    assert told() == [1, 2]


def test_a_failure_in_the_past_holds_back_its_record_and_is_not_forgotten(
    instance: Instance, boss: Caller, turn: Switch, monkeypatch: pytest.MonkeyPatch
):
    say(boss, 1, at=HOME, frail="CHRONICLE_CURED")
    say(boss, 1, at=HOME)
    say(boss, 2, at=HOME)
    turn(HOME, history="start")
    assert drain(instance)
    assert told() == [2]
    monkeypatch.setenv("CHRONICLE_CURED", "1")
    Retry.update(next_at=clock.now()).execute()
    assert drain(instance)
    assert told() == [2, 1, 1]
    assert replayed() == [2, 1, 1]


def test_a_switch_between_looking_and_telling_is_noticed(
    instance: Instance, boss: Caller, turn: Switch
):
    turn(HOME)
    say(boss, 1, at=HOME)
    dispatcher = dispatcher_of(instance)
    gather = dispatcher._gather

    def slow():
        audience = gather()
        dispatcher._gather = gather
        turn(HOME, on=False)
        return audience

    dispatcher._gather = slow
    assert dispatcher.step()
    assert told() == []
    turn(HOME)
    assert drain(instance)
    dispatcher.release()
    assert told() == [1]


@pytest.mark.parametrize("dies_at", [1, 250])
def test_killed_amid_the_past_the_next_worker_goes_on_and_tells_each_once(
    instance: Instance,
    boss: Caller,
    turn: Switch,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    dies_at: int,
):
    turn(QILIHE)
    with instance.database.transaction():
        home = int(Community.get(Community.code == HOME).id)
        for subject in range(1, 301):
            publish(HEARD, f"core.thing/{subject}", {}, caller=boss, communities=[home])
    text = (tmp_path / "chronicle.py").read_text()
    once = tmp_path / "died"
    text = text.replace(
        'if os.environ.get("CHRONICLE_DIES") == str(event.subject):\n'
        '        os.environ.pop("CHRONICLE_DIES")',
        f"from pathlib import Path\n    once = Path({str(once)!r})\n"
        f"    if event.subject == {dies_at} and not once.exists():\n        once.touch()",
    )
    (tmp_path / "chronicle.py").write_text(text)
    assert drain(instance)
    turn(HOME, history="start")
    with Server(instance.settings.home):
        until = time.monotonic() + 150
        while set(range(1, 301)) - set(told()) and time.monotonic() < until:
            say(boss, 900, at=FOREIGN)
            time.sleep(0.5)
    assert once.exists(), "it was killed"
    at_home = [one for one in told() if one != 900]
    assert at_home == list(range(1, 301))
    assert Retry.select().count() == 0
    assert drain(instance)
    assert Catchup.select().where(Catchup.to_pos.is_null()).count() == 0
    assert told().count(900) == EventRow.select().where(EventRow.agg == "core.thing/900").count()


def test_a_day_that_is_none_is_refused_and_nothing_switched(
    instance: Instance, boss: Caller, turn: Switch
):
    with pytest.raises(Invalid, match="不是 start、now 或日期"):
        turn(HOME, history="last month")
    assert Subscription.select().count() == 0
    turn(HOME, history="2026-09-01")
    assert Subscription.select().count() == 2
