"""Local rules are set at a node from a day on, inherited, locked, told; none is overwritten."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.lifecycle import dated, switching
from lifang.plugins.plugin import Plugin
from lifang.plugins.setting import Setting
from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, QILIHE
from tests.core.lifecycle.dial import BASIS, JULY, NEXT_YEAR, SEPTEMBER, node, turn_on
from tests.core.lifecycle.dial import put as dial_put
from tests.core.plugins.conftest import Layout
from tests.core.plugins.misbehaving import swap

hours: Setting[int] = Setting(
    "hours", int, "每日上限", default=8, minimum=1, maximum=24, unit="小时",
    presets={"lax-2024": 12, "strict-2025": 4},
)  # fmt: skip
stars: Setting[list[int]] = Setting(
    "stars", list, "星级时长", default=[100, 300], presets={"strict-2025": [200, 600]}
)
rounding: Setting[str] = Setting(
    "rounding", str, "取整", default="half", choices={"half": "半小时", "full": "整小时"}
)
checked: Setting[bool] = Setting("checked", bool, "须复核", default=False)


@pytest.fixture(autouse=True)
def probe(instance: Instance) -> None:
    turn_on(instance, hours, stars, rounding, checked, id="probe")


put = partial(dial_put, id="probe")


def test_a_value_holds_at_its_node_and_below_from_its_day_on_and_nowhere_else(boss: Caller):
    put(boss, CHENGGUAN, SEPTEMBER, hours="6")
    before, after = dt.date(2026, 8, 31), SEPTEMBER
    assert [hours(node(HOME), day) for day in (before, after, NEXT_YEAR)] == [8, 6, 6]
    assert hours(node(CHENGGUAN), after) == 6
    assert [hours(node(code), after) for code in (CITY, QILIHE, FOREIGN)] == [8, 8, 8]
    assert hours(int(node(HOME).id), after) == 6


def test_the_nearest_node_decides_and_may_inherit_again_from_a_day_on(boss: Caller):
    put(boss, CITY, JULY, hours="6")
    put(boss, HOME, JULY, hours="2")
    put(boss, HOME, SEPTEMBER, hours="")
    assert hours(node(HOME), JULY) == 2
    assert hours(node(HOME), SEPTEMBER) == 6
    assert len(SettingRow.select()) == 3, "nothing is overwritten"


def test_of_one_day_what_came_last_holds_and_what_was_said_before_is_kept(boss: Caller):
    put(boss, HOME, JULY, hours="2")
    put(boss, HOME, JULY, hours="3", basis="更正")
    assert hours(node(HOME), JULY) == 3
    assert [row.basis for row in SettingRow.select().order_by(SettingRow.id)] == [BASIS, "更正"]


def test_what_a_node_above_has_locked_is_refused_below_with_name_and_basis(boss: Caller):
    put(boss, HOME, JULY, hours="2")
    put(boss, CHENGGUAN, SEPTEMBER, hours="5", lock=True)
    assert hours(node(HOME), JULY) == 2
    assert hours(node(HOME), SEPTEMBER) == 5, "also what was said there before"
    with pytest.raises(Conflict, match=f"「每日上限」已由「城关区」锁定，依据：{BASIS}"):
        put(boss, HOME, SEPTEMBER, hours="9")
    put(boss, CHENGGUAN, NEXT_YEAR, hours="5")
    put(boss, HOME, NEXT_YEAR, hours="9")
    assert hours(node(HOME), NEXT_YEAR) == 9


def test_a_preset_sets_all_it_knows_and_says_so(boss: Caller):
    put(boss, CHENGGUAN, JULY, preset="strict-2025", rounding="full")
    assert (hours(node(HOME), JULY), stars(node(HOME), JULY)) == (4, [200, 600])
    assert rounding(node(HOME), JULY) == "full"
    told = dated.explain(boss, "hours", at=HOME, on=JULY)
    assert [(one.name, one.preset, one.holds) for one in told.layers] == [
        ("城关区", "strict-2025", True)
    ]
    assert told.presets == {"lax-2024": "12", "strict-2025": "4"}


REFUSED: list[tuple[dict[str, str], str, str]] = [
    ({"hours": "0"}, "hours", "「每日上限」应为整数，1 到 24"),
    ({"hours": "八"}, "hours", "「每日上限」应为整数，1 到 24"),
    ({"hours": "1.5"}, "hours", "「每日上限」应为整数，1 到 24"),
    ({"rounding": "up"}, "rounding", "「取整」应为half（半小时）、full（整小时）"),
    ({"checked": "maybe"}, "checked", "「须复核」应为是或否"),
    ({"stars": "1,x"}, "stars", "「星级时长」应为整数，用逗号隔开"),
    ({"hour": "1"}, "hour", "没有设置「hour」；已知的：checked、hours、rounding、stars"),
    ({}, "values", "请写明要设置什么，例如 名称=值"),
]


@pytest.mark.once
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_kept(boss: Caller):
    for said, field, sentence in REFUSED:
        with pytest.raises(Invalid) as refused:
            dated.configure(boss, "probe", said, dated.Decree(BASIS, HOME))
        assert [(one.field, one.message) for one in refused.value.errors] == [(field, sentence)]
        assert not SettingRow.select().exists()


def test_everything_wrong_is_told_at_once_and_without_a_basis_nothing_is_set(boss: Caller):
    with pytest.raises(Invalid) as refused:
        put(boss, HOME, hours="0", checked="?", basis="x")
    assert [one.field for one in refused.value.errors] == ["hours", "checked"]
    with pytest.raises(Invalid, match="请写明依据"):
        put(boss, HOME, hours="3", basis="  ")
    with pytest.raises(Invalid, match="没有预设「none」；已知的：lax-2024、strict-2025"):
        put(boss, HOME, preset="none")
    assert not SettingRow.select().exists()


def test_only_who_administers_a_node_sets_there_and_a_stranger_learns_nothing(instance: Instance):
    district = world.caller(instance, "district_admin", at=CHENGGUAN)
    put(district, HOME, hours="3")
    with pytest.raises(Invalid, match="没有代码为"):
        put(district, FOREIGN, hours="3")
    with pytest.raises(Forbidden):
        put(district, None, hours="3")
    worker = world.caller(instance, "community_worker", at=HOME)
    with pytest.raises(Forbidden):
        put(worker, HOME, hours="3")
    assert hours(node(HOME), clock.today()) == 3
    worker = world.caller(instance, "community_worker", at=HOME)
    assert dated.explain(worker, "hours", at=HOME, on=None).value == "3"
    with pytest.raises(Invalid, match="没有代码为"):
        dated.explain(worker, "hours", at=FOREIGN, on=None)


def test_each_change_is_audited_with_before_after_and_basis(boss: Caller, instance: Instance):
    from lifang.entities.audit import AuditChange, AuditEntry

    put(boss, HOME, JULY, hours="3")
    put(boss, HOME, JULY, hours="4")
    entries = list(AuditEntry.select().where(AuditEntry.noun == "setting"))
    assert [entry.reason for entry in entries] == [BASIS, BASIS]
    changes = [(one.field, one.before, one.after) for one in AuditChange.select()
               if one.field.startswith("probe.")]  # fmt: skip
    assert changes == [("probe.hours@2026-07-01", None, "3"), ("probe.hours@2026-07-01", "3", "4")]


def test_an_unknown_setting_is_answered_with_those_there_are(boss: Caller):
    with pytest.raises(NotFound, match="没有设置「day」；已知的：probe.checked、probe.hours"):
        dated.explain(boss, "day", at=HOME, on=None)


@given(st.lists(st.integers(-(10**9), 10**9), max_size=8))
def test_what_is_written_is_read_again(numbers: list[int]):
    assert stars.read(stars.written(numbers)) == numbers


@pytest.mark.once
def test_a_declaration_that_contradicts_itself_is_refused_at_once():
    for wrong in [
        Setting("Hours", int, "x", default=1),
        Setting("hours", float, "x", default=1.5),
        Setting("hours", int, "x", default=0, minimum=1),
        Setting("hours", int, "x", default=1, presets={"p": 99}, maximum=9),
        Setting("word", str, "x", default="c", choices={"a": "A"}),
    ]:
        with pytest.raises(ValueError, match="setting"):
            Plugin("probe2", "x", settings=[wrong], folder=Path(__file__).parent)


def test_a_plugin_that_lacks_a_setting_is_switched_on_once_it_is_set(
    boss: Caller, laid_out: Layout, instance: Instance
):
    office = '[days, lf.Setting("office", str, "受理单位")]'
    laid_out("desk", change=swap("plugin.py", "settings=[days]", f"settings={office}"))
    switching.install(boss, "desk")
    instance.plugins.loaded.pop("desk")  # as in a process that was started since
    instance.plugins.hooks.unregister(name="desk")
    instance.registry.drop("desk")
    with pytest.raises(Conflict, match="启用前须在「城关区」设置：受理单位（office）"):
        switching.switch(boss, "desk", at=CHENGGUAN, on=True)
    dated.configure(boss, "desk", {"office": "社工部"}, dated.Decree(BASIS, CHENGGUAN))
    with pytest.raises(Conflict, match="七里河区"):
        switching.switch(boss, "desk", at=QILIHE, on=True)
    switching.switch(boss, "desk", at=CHENGGUAN, on=True)
    one = dated.explain(boss, "desk.office", at=HOME, on=None)
    assert (one.value, one.required) == ("社工部", True)
