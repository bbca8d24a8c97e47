"""What held on a day is what holds for that day: moved, merged, split, closed, asked in masses."""

from __future__ import annotations

import datetime as dt

import pytest

from lifang.builtin import tree
from lifang.builtin.places import communities
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.errors import Conflict, NotFound, NotReady
from lifang.lifecycle import dated
from lifang.lifecycle.layers import Layer, demand_set
from lifang.plugins.setting import Setting
from lifang.services.authoring import act
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, NEIGHBOUR, QILIHE
from tests.core.lifecycle.dial import (
    BASIS,
    JULY,
    NEXT_YEAR,
    SEPTEMBER,
    checked,
    declared,
    hours,
    motto,
    node,
    put,
    turn_on,
)

FOREIGN_STREET = "620103001000"
LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture(autouse=True)
def dial(instance: Instance) -> None:
    turn_on(instance)


def decree(boss: Caller, name: str, code: str, **told: object) -> None:
    act(getattr(tree, name), node(code), boss, basis=BASIS, **told)


def lost(layers: list[Layer] | tuple[Layer, ...]) -> list[tuple[str, str | None, str]]:
    return [(one.name, one.value, one.lost) for one in layers]


def test_a_moved_place_keeps_the_rules_of_where_it_lay_for_the_days_before(boss: Caller):
    put(boss, CHENGGUAN, LONG_AGO, hours="6")
    put(boss, QILIHE, LONG_AGO, hours="3")
    today = clock.today()
    yesterday = today - dt.timedelta(days=1)
    assert hours(node(HOME), today) == 6
    decree(boss, "transfer", "620102001000", parent=node(QILIHE), date=today)
    for at in (node(HOME), int(node(HOME).id)):
        assert [hours(at, day) for day in (JULY, yesterday, today, NEXT_YEAR)] == [6, 6, 3, 3]
    told = dated.explain(boss, "hours", at=HOME, on=yesterday)
    assert [one.code for one in told.layers if one.holds] == [CHENGGUAN]
    assert hours(node(FOREIGN), yesterday) == 3


def test_a_merged_place_follows_its_successor_from_that_day_on_and_keeps_its_own_word(boss: Caller):
    put(boss, HOME, LONG_AGO, hours="2")
    put(boss, NEIGHBOUR, LONG_AGO, motto="旧", hours="5")
    put(boss, HOME, LONG_AGO, motto="新")
    today = clock.today()
    former = node(NEIGHBOUR)
    decree(boss, "merge", NEIGHBOUR, into=node(HOME), date=today)
    put(boss, HOME, today, checked="yes")
    yesterday = today - dt.timedelta(days=1)
    closed = int(former.id)
    assert [checked(closed, day) for day in (yesterday, today)] == [False, True]
    assert [hours(closed, day) for day in (yesterday, today)] == [5, 5], "its own, for its records"
    assert dated.explain(boss, "hours", at=NEIGHBOUR, on=yesterday).value == "5", "closed, yet told"


def test_the_parts_of_a_split_place_begin_with_its_rules(boss: Caller):
    put(boss, HOME, JULY, hours="2", lock=True, approved_by="街道党工委会议")
    decree(boss, "split", HOME, date=clock.today(),
           into="620102001011 畅家巷东社区\n620102001012 畅家巷西社区")  # fmt: skip
    parts = [node(code) for code in ("620102001011", "620102001012")]
    yesterday = clock.today() - dt.timedelta(days=1)
    for part in parts:
        assert [hours(part, day) for day in (yesterday, clock.today(), NEXT_YEAR)] == [2, 2, 2]
    put(boss, "620102001011", hours="9")
    assert [hours(part) for part in parts] == [9, 2]
    told = dated.explain(boss, "hours", at="620102001012", on=None)
    assert [(one.own, one.approved_by, one.locked) for one in told.layers] == [
        (True, "街道党工委会议", True)
    ]


@pytest.mark.once
def test_explaining_says_why_each_other_word_lost_and_what_comes_later(boss: Caller):
    put(boss, CITY, JULY, hours="7")
    put(boss, CHENGGUAN, JULY, hours="6")
    put(boss, HOME, JULY, hours="2")
    put(boss, HOME, JULY, hours="3", basis="更正", approved_by="王主任")
    put(boss, HOME, NEXT_YEAR, hours="4")
    told = dated.explain(boss, "dial.hours", at=HOME, on=SEPTEMBER)
    assert lost(told.layers) == [
        ("畅家巷社区", "3", ""), ("畅家巷社区", "2", "later"),
        ("城关区", "6", "nearer"), ("兰州市", "7", "nearer"),
    ]  # fmt: skip
    assert told.layers[0].approved_by == "王主任"
    assert [(one.from_date, one.value) for one in told.upcoming] == [(NEXT_YEAR, "4")]
    put(boss, HOME, SEPTEMBER, hours="")
    put(boss, CITY, SEPTEMBER, hours="7", lock=True)
    told = dated.explain(boss, "hours", at=HOME, on=SEPTEMBER)
    assert lost(told.layers) == [
        ("畅家巷社区", None, "inherits"), ("畅家巷社区", "3", "later"),
        ("畅家巷社区", "2", "later"), ("城关区", "6", "locked"),
        ("兰州市", "7", ""), ("兰州市", "7", "later"),
    ]  # fmt: skip
    assert all(one.why for one in told.layers if not one.holds)
    before = dated.explain(boss, "hours", at=HOME, on=dt.date(2026, 6, 30))
    assert (before.value, before.layers, before.decided) == ("8", (), None)
    assert [one.from_date for one in before.upcoming][:1] == [JULY]
    said = dated.history(boss, "hours", at=HOME)
    assert [one.value for one in said] == ["7", None, "4", "3", "2", "6", "7"]
    assert {one.set_by for one in said} == {boss.name}


def test_ten_thousand_calls_ask_the_database_no_more_than_one(
    boss: Caller, instance: Instance, monkeypatch: pytest.MonkeyPatch
):
    put(boss, CHENGGUAN, JULY, hours="6")
    places = [int(one.id) for one in Community.select()]
    days = [JULY + dt.timedelta(days=n) for n in range(100)]
    asked, engine = [], instance.database.engine
    kept = engine.execute_sql
    monkeypatch.setattr(engine, "execute_sql", lambda *told: asked.append(told) or kept(*told))
    values = {hours(at, day) for at in places for day in days for _again in range(13)}
    assert values == {6, 8}
    assert len(asked) <= len(places) + 3, len(asked)
    asked.clear()
    with instance.database.transaction():
        assert {hours(at) for at in places for _again in range(1000)} == {6, 8}
    assert len(asked) <= 5, asked


def test_what_is_said_is_seen_at_once_and_what_is_taken_back_never_was(
    boss: Caller, instance: Instance
):
    home, database = node(HOME), instance.database
    assert hours(home) == 8
    with pytest.raises(ZeroDivisionError), database.transaction():
        put(boss, HOME, hours="3")
        assert hours(home) == 3, "in its own transaction"
        raise ZeroDivisionError
    assert hours(home) == 8
    with database.transaction():
        with pytest.raises(ZeroDivisionError), database.transaction():
            put(boss, HOME, hours="4")
            assert hours(home) == 4
            raise ZeroDivisionError
        assert hours(home) == 8, "a savepoint that was rolled back"
        put(boss, HOME, hours="5")
        assert hours(home) == 5
    assert hours(home) == 5
    with pytest.raises(ZeroDivisionError), database.transaction():
        put(boss, HOME, hours="6")
        assert hours(home) == 6
        raise ZeroDivisionError
    put(boss, QILIHE, hours="7")  # moves the epoch to where the one taken back had moved it
    assert [hours(one) for one in (home, node(QILIHE))] == [5, 7]


def test_what_another_process_says_is_seen_with_the_next_request(boss: Caller, instance: Instance):
    home = node(HOME)
    assert hours(home) == 8
    told = "plugin, key, community_id, from_date, value, locked, basis, set_by, set_at"
    no = "0" if instance.database.name == "sqlite" else "false"
    instance.database.engine.execute_sql(
        f"INSERT INTO core_setting ({told}) SELECT 'dial', 'hours', id, '2026-07-01', '5', {no},"  # noqa: S608 – ours
        f" 'x', 'x', '2026-11-30 00:00:00' FROM core_community WHERE code = '{HOME}'"
    )
    instance.database.engine.execute_sql("UPDATE core_epoch SET value = value + 1")
    instance.plugins.refresh()
    assert hours(home) == 5


def test_without_a_default_a_plugin_is_not_switched_on_before_it_is_set(
    boss: Caller, instance: Instance
):
    office: Setting[str] = Setting("office", str, "受理单位")
    turn_on(instance, office, id="desk", at=QILIHE)
    here = node(CHENGGUAN)
    with pytest.raises(NotReady, match="「受理单位」（desk.office）还没有设置"):
        office(here)
    with pytest.raises(Conflict) as refused:
        demand_set({"office": office}, [here])
    assert refused.value.sentence == (
        "启用前须在「城关区」设置：受理单位（office）；"
        f"例如 lifang plugin config desk office=… --at {CHENGGUAN} --basis …"
    )
    told = dated.explain(boss, "office", at=CHENGGUAN, on=None)
    assert (told.value, told.required, told.decided) == ("", True, None)
    put(boss, CHENGGUAN, id="desk", office="城关区社工部")
    demand_set({"office": office}, [here, node(HOME)])
    assert office(node(HOME)) == "城关区社工部"
    with pytest.raises(Conflict):
        demand_set({"office": office}, [node(QILIHE)])


@pytest.mark.once
def test_off_somewhere_its_settings_are_no_ones_business_there(boss: Caller, instance: Instance):
    turn_on(instance, Setting("days", int, "天数", default=3), id="desk", at=QILIHE)
    worker = world.caller(instance, "community_worker", at=HOME)
    assert {one.plugin for one in dated.shown(worker, None, at=HOME, on=None)} == {"dial"}
    with pytest.raises(NotFound):
        dated.explain(worker, "desk.days", at=HOME, on=None)
    admin = world.caller(instance, "district_admin", at=CHENGGUAN)
    assert dated.explain(admin, "desk.days", at=HOME, on=None).value == "3"
    there = world.caller(instance, "community_worker", at=FOREIGN)
    assert dated.explain(there, "desk.days", at=None, on=None).value == "3"


def test_a_new_place_inherits_like_any_other_and_one_taken_back_leaves_nothing(
    boss: Caller, instance: Instance
):
    put(boss, CHENGGUAN, JULY, motto="一")
    assert motto(node(HOME)) == "一"
    told = {"code": "620102001099", "name": "新社区", "kind": "community"}
    with pytest.raises(ZeroDivisionError), instance.database.transaction():
        gone = write(communities, "create", boss, {**told, "parent": {"code": FOREIGN_STREET}})
        assert motto(int(gone.id)) == motto.default
        decree(boss, "transfer", HOME, parent=node(FOREIGN_STREET), date=clock.today())
        assert motto(node(HOME)) == motto.default
        raise ZeroDivisionError
    assert motto(node(HOME)) == "一"
    made = write(communities, "create", boss, {**told, "parent": {"code": "620102001000"}})
    assert motto(int(made.id)) == "一", "though it may have the number of the one taken back"
    assert declared().settings["motto"] is motto
