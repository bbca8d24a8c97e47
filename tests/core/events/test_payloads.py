"""What an event tells is judged when it is published and read as of today ever after."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest

import lifang as lf
from lifang.app.instance import open_instance
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.payloads import demand_chains
from lifang.events.tables import EventRow, Retry
from lifang.kit.errors import Invalid, NotReady
from lifang.lifecycle import switching
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import Stop
from lifang.services import event_log, letters, resending
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.letters import Wanted
from lifang.testing import world
from lifang.testing.world import CITY, HOME
from tests.core.events.listeners import listen, say, waiting
from tests.core.events.packages import install

LOCKED = "probe.record.locked"


class First(ma.Schema):
    points = ma.fields.Integer(strict=True, required=True)
    note = ma.fields.String()


class Second(ma.Schema):
    minutes = ma.fields.Integer(strict=True, required=True)
    note = ma.fields.String()


def in_minutes(data: dict[str, Any]) -> dict[str, Any]:
    data["minutes"] = data.pop("points") * 60
    return data


first = lf.payload(LOCKED, First)
second = lf.payload(LOCKED, Second, version=2, upcasters={1: in_minutes})
third = lf.payload(
    LOCKED, Second, version=3, upcasters={1: in_minutes, 2: lambda data: {**data, "note": "3"}}
)


class Told(list[tuple[int, dict[str, Any]]]):
    """What a handler was told: version and data."""

    def __init__(self) -> None:
        @on(LOCKED)
        def hears(event: Event, caller: Caller) -> None:
            self.append((event.version, dict(event.data)))

        self.hears = hears


@pytest.fixture
def told() -> Told:
    return Told()


def upgrade(instance: Instance, declared: Any) -> None:
    """What installing another version of the plugin comes to."""
    instance.plugins.payloads[LOCKED] = declared


def replay_all(boss: Caller) -> None:
    resending.carry_out(boss, "replay", Wanted())


def test_data_that_is_not_as_declared_fails_the_transaction_and_names_event_and_field(
    instance: Instance, boss: Caller, told: Told
):
    listen(instance, told.hears, at=[CITY], payloads=[first])
    before = EventRow.select().count()
    for wrong in ({"points": "3"}, {}, {"points": 3, "pionts": 4}, {"points": 3, "note": 5}):
        with pytest.raises(Invalid, match=LOCKED) as refused:
            say(boss, 1, type=LOCKED, **wrong)
        assert [error.field for error in refused.value.errors] == [
            {"pionts": "pionts", "note": "note"}.get(list(wrong)[-1] if wrong else "", "points")
        ]
    assert EventRow.select().count() == before
    say(boss, 1, type=LOCKED, points=3)
    assert drain(instance)
    assert told == [(1, {"points": 3})]
    assert EventRow.get(EventRow.type == LOCKED).ver == 1


def test_an_action_whose_data_is_wrong_leaves_nothing_behind(instance: Instance, boss: Caller):
    person = world.person(instance, "李强")
    kept = instance.plugins.payloads["core.person.moved"]
    instance.plugins.payloads["core.person.moved"] = lf.payload("core.person.moved", First)
    told = {"community": {"code": world.FOREIGN}, "date": "2026-01-01"}
    with pytest.raises(Invalid, match="core.person.moved"):
        write(people, "move", boss, told, int(person.id))
    instance.plugins.payloads["core.person.moved"] = kept
    assert EventRow.select().where(EventRow.type == "core.person.moved").count() == 0
    write(people, "move", boss, told, int(person.id))
    moved = EventRow.get(EventRow.type == "core.person.moved")
    assert set(json.loads(moved.data)) == {"old", "new", "date", "community"}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (second, (2, {"minutes": 180, "note": "x"})),
        (third, (3, {"minutes": 180, "note": "3"})),
    ],
)
def test_what_was_told_long_ago_is_read_as_of_today(
    instance: Instance, boss: Caller, told: Told, today: Any, expected: Any
):
    listen(instance, told.hears, at=[CITY], payloads=[first])
    say(boss, 1, type=LOCKED, points=3, note="x")
    upgrade(instance, today)
    say(boss, 1, type=LOCKED, minutes=7)
    assert drain(instance)
    assert told == [expected, (today.version, {"minutes": 7})]
    old = EventRow.select().where(EventRow.type == LOCKED).order_by(EventRow.pos).first()
    assert (old.ver, json.loads(old.data)) == (1, {"points": 3, "note": "x"}), "the log stays"
    shown = event_log.find_event(boss, int(old.pos))
    assert (shown.version, shown.data, shown.unreadable) == (*expected, None)


def test_an_event_newer_than_the_program_is_parked_until_that_is_upgraded(
    instance: Instance, boss: Caller, told: Told
):
    listen(instance, told.hears, at=[CITY], payloads=[second])
    say(boss, 1, type=LOCKED, minutes=60)
    upgrade(instance, first)
    say(boss, 2, type=LOCKED, points=5)
    assert drain(instance)
    assert told == [(1, {"points": 5})], "the others flow"
    [(position, state, _tries)] = waiting("probe.hears")
    assert state == "parked"
    assert "版本 2 比这里认识的 1 新" in (Retry.get().error or "")
    shown = event_log.find_event(boss, position)
    assert shown.data == {"minutes": 60}
    assert shown.unreadable is not None
    del instance.plugins.payloads[LOCKED]
    replay_all(boss)
    assert drain(instance)
    assert waiting("probe.hears")[0][1] == "parked", "undeclared, one version is known"
    upgrade(instance, third)
    replay_all(boss)
    assert drain(instance)
    assert told[1:] == [(3, {"minutes": 60, "note": "3"})]
    assert waiting("probe.hears") == []


def test_while_its_plugin_is_not_loaded_an_event_is_told_as_it_is_kept(
    instance: Instance, boss: Caller, told: Told
):
    instance.plugins.payloads[LOCKED] = second
    listen(instance, told.hears, at=[CITY], plugin="other")
    say(boss, 1, type=LOCKED, minutes=60)
    del instance.plugins.payloads[LOCKED]
    assert drain(instance)
    assert told == [(2, {"minutes": 60})]


def test_outside_transactions_too_it_is_read_as_of_today_or_parked(
    instance: Instance, boss: Caller, told: Told
):
    @on(LOCKED, mode="ext")
    def sends(event: Event, caller: Caller) -> None:
        told.append((event.version, dict(event.data)))

    listen(instance, sends, at=[CITY], payloads=[first])
    say(boss, 1, type=LOCKED, points=3)
    upgrade(instance, second)
    assert drain(instance)
    assert told == [(2, {"minutes": 180})]
    say(boss, 2, type=LOCKED, minutes=1)
    upgrade(instance, first)
    assert drain(instance)
    assert [state for _position, state, _tries in waiting("probe.sends")] == ["parked"]


def test_a_handler_narrowed_by_data_that_cannot_be_read_is_not_passed_over(
    instance: Instance, boss: Caller
):
    heard: list[int] = []

    @on(LOCKED, at="place")
    def there(event: Event, caller: Caller) -> None:
        heard.append(event.subject)

    class Placed(ma.Schema):
        place = ma.fields.Integer(strict=True)

    upcasters = {1: lambda data: {"place": data["where"]}}
    listen(instance, there, at=[HOME], payloads=[lf.payload(LOCKED, ma.Schema.from_dict(
        {"where": ma.fields.Integer()}))])  # fmt: skip
    home = int(lf.Community.get(lf.Community.code == HOME).id)
    other = int(lf.Community.get(lf.Community.code == world.FOREIGN).id)
    say(boss, 1, type=LOCKED, at=HOME, where=home)
    say(boss, 2, type=LOCKED, at=HOME, where=other)
    upgrade(instance, lf.payload(LOCKED, Placed, version=2))
    assert drain(instance)
    assert [state for _position, state, _tries in waiting("probe.there")] == ["parked", "parked"]
    assert "从版本 1 升级的函数没有成功：没有这个函数" in (Retry.get().error or "")
    upgrade(instance, lf.payload(LOCKED, Placed, version=2, upcasters=upcasters))
    replay_all(boss)
    assert drain(instance)
    assert heard == [1]
    assert [state for _position, state, _tries in waiting("probe.there")] == ["off"]


def test_an_upcaster_that_fails_parks_its_event_and_tells_no_value(
    instance: Instance, boss: Caller, told: Told
):
    listen(instance, told.hears, at=[CITY], payloads=[first])
    say(boss, 1, type=LOCKED, points=3, note="secret")
    say(boss, 2, type=LOCKED, points=4)

    def picky(data: dict[str, Any]) -> dict[str, Any]:
        if "note" in data:
            raise ValueError(data["note"])
        return in_minutes(data)

    upgrade(instance, lf.payload(LOCKED, Second, version=2, upcasters={1: picky}))
    assert drain(instance)
    assert told == [(2, {"minutes": 240})]
    row = Retry.get()
    assert (row.state, "secret" in str(row.__data__)) == ("parked", False)
    assert event_log.find_event(boss, int(row.pos)).data == {"points": 3, "note": "secret"}


def test_changed_data_is_judged_and_brought_up_too(instance: Instance, boss: Caller, told: Told):
    @on(LOCKED)
    def frail(event: Event, caller: Caller) -> None:
        if event.data.get("points") or event.data["minutes"] == 180:
            raise lf.Dead("not this")
        told.append((event.version, dict(event.data)))

    listen(instance, frail, at=[CITY], payloads=[first])
    say(boss, 1, type=LOCKED, points=3)
    assert drain(instance)
    [letter] = letters.letters(boss, Wanted())
    wanted = Wanted(keys=(letter.key,))
    with pytest.raises(Invalid, match="points"):
        resending.carry_out(boss, "replay", wanted, data={"points": "4"})
    resending.carry_out(boss, "replay", wanted, data={"points": 4})
    upgrade(instance, second)
    [letter] = letters.letters(boss, Wanted(keys=(letter.key,), state=None))
    assert letter.instead == {"minutes": 240}, "changed as version 1, shown as of today"
    assert drain(instance)
    assert told == [(2, {"minutes": 240})]


PACKAGE = """
import marshmallow as ma
import lifang as lf

class Locked(ma.Schema):
    minutes = ma.fields.Integer()

plugin = lf.Plugin("counter", "counter", payloads=[
    lf.payload("counter.record.locked", Locked, version={version}, upcasters={upcasters})
])
"""


def fault_of(instance: Instance, folder: Path, version: int, upcasters: str) -> str | None:
    """What is wrong with the plugin for a process that starts now; it is there whole or not."""
    text = PACKAGE.replace("{version}", str(version)).replace("{upcasters}", upcasters)
    (folder / "counter.py").write_text(text)
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    importlib.invalidate_caches()
    sys.modules.pop("counter", None)
    Stop.delete().execute()  # another version, which is tried again
    again = open_instance(instance.settings.home)
    try:
        with again.database.connection():
            fault = again.plugins.faults.get("counter")
            assert "core.person.moved" in again.plugins.payloads
            assert (fault is None) == ("counter.record.locked" in again.plugins.payloads)
            assert (fault is None) == ("counter" in again.plugins.loaded)
            return fault
    finally:
        again.close()
        instance.database.bind()


def test_a_missing_upcaster_stops_the_plugin_with_its_name_and_nobody_else(
    instance: Instance, boss: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written = PACKAGE.replace("{version}", "1").replace("{upcasters}", "{}")
    install(instance, tmp_path, monkeypatch, "counter", written)
    switching.switch(boss, "counter", at=CITY, on=True)
    say(boss, 1, type="counter.record.locked", minutes=3)
    assert fault_of(instance, tmp_path, 2, "{1: dict}") is None
    fault = fault_of(instance, tmp_path, 2, "{}")
    assert fault is not None
    assert "插件「counter」的事件 counter.record.locked 存有版本 1 的" in fault
    assert "从 1 到 2" in fault
    fault = fault_of(instance, tmp_path, 3, "{1: dict}")
    assert fault is not None
    assert "从 2 到 3" in fault
    assert fault_of(instance, tmp_path, 3, "{1: dict, 2: dict}") is None


def test_without_old_events_no_upcaster_is_missed(instance: Instance, boss: Caller, told: Told):
    bare = lf.payload(LOCKED, Second, version=2)
    demand_chains("probe", [bare])
    listen(instance, told.hears, at=[CITY], payloads=[bare])
    say(boss, 1, type=LOCKED, minutes=1)
    demand_chains("probe", [bare])
    with pytest.raises(NotReady, match="从 2 到 3"):
        demand_chains("probe", [lf.payload(LOCKED, Second, version=3, upcasters={1: dict})])


def test_a_declaration_that_cannot_be_so_is_refused_where_it_stands():
    for wrong in ({"version": 0}, {"upcasters": {1: dict}}, {"version": 2, "upcasters": {2: dict}},
                  {"keep": 0}, {"keep": "some"}, {"keep": 1.5}):  # fmt: skip
        with pytest.raises(ValueError, match=LOCKED):
            lf.payload(LOCKED, First, **wrong)
    for declared in ([lf.payload("core.person.moved", First)], [first, second]):
        with pytest.raises(ValueError, match="payloads, purposes and sheets of its own"):
            Plugin("probe", "probe", payloads=declared, folder=Path(__file__).parent)
