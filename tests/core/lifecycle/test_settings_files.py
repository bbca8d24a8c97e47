"""A district's settings leave as a file and come back as they were, there or elsewhere, or not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.kit.errors import Forbidden, Invalid, Malformed
from lifang.lifecycle import dated, settings_files
from lifang.lifecycle.settings_files import FORMATS
from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, QILIHE
from tests.core.lifecycle.dial import (
    JULY,
    NEXT_YEAR,
    SEPTEMBER,
    hours,
    motto,
    node,
    put,
    stars,
    turn_on,
)

LINE = {
    "plugin": "dial",
    "key": "hours",
    "place": ".",
    "since": "2026-07-01",
    "value": "6",
    "basis": "文件",
}


@pytest.fixture(autouse=True)
def dial(instance: Instance) -> None:
    turn_on(instance)


def lines(content: bytes) -> list[dict[str, Any]]:
    return json.loads(content)["settings"]


def file(*told: dict[str, Any]) -> bytes:
    return json.dumps({"settings": told}).encode()


def furnish(boss: Caller) -> None:
    put(boss, CHENGGUAN, JULY, preset="strict-2025", approved_by="区委社工部部长办公会")
    put(boss, CHENGGUAN, SEPTEMBER, hours="5", lock=True)
    put(boss, HOME, JULY, hours="9", basis="=街道\n请示 “甲”,'乙'")
    put(boss, HOME, NEXT_YEAR, motto="-众人\n商量；")
    put(boss, HOME, JULY, stars="")
    put(boss, HOME, JULY, checked="yes", basis="先说的")
    put(boss, HOME, JULY, checked="no", basis="后说的")


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_says_the_same_again_and_elsewhere(
    boss: Caller, instance: Instance, form: str
):
    furnish(boss)
    put(boss, CHENGGUAN, token="s3cret")
    sent = settings_files.export(boss, at=CHENGGUAN, form=form)
    again = settings_files.take_in(boss, sent, at=CHENGGUAN)
    assert again.counts == {"new": 0, "changed": 0, "same": 7, "by_hand": 1}
    assert again.wrong == ()
    rows = len(SettingRow.select())
    plan = settings_files.check(boss, sent, at=QILIHE)
    assert {one.line.place for one in plan.lines} == {".", ".001001"}
    assert plan.counts == {"new": 7, "changed": 0, "same": 0, "by_hand": 1}
    assert len(SettingRow.select()) == rows, "a look changes nothing"
    settings_files.take_in(boss, sent, at=QILIHE, name="城关区.json")
    told = lines(settings_files.export(boss, at=CHENGGUAN, form="json"))
    by_hand = [line for line in told if line.get("secret")]
    assert by_hand == [{**by_hand[0], "key": "token", "value": ""}]
    there = lines(settings_files.export(boss, at=QILIHE, form="json"))
    assert there == [line for line in told if line not in by_hand]
    for home in (HOME, FOREIGN):
        assert [hours(node(home), day) for day in (JULY, SEPTEMBER)] == [9, 5], home
        assert motto(node(home), NEXT_YEAR) == "-众人\n商量；"
        assert stars(node(home), JULY) == [200, 600]
    layer = dated.explain(boss, "stars", at=FOREIGN, on=JULY).decided
    assert layer is not None
    assert (layer.approved_by, layer.preset) == ("区委社工部部长办公会", "strict-2025")
    notes = AuditEntry.select().where(AuditEntry.noun == "setting", AuditEntry.verb == "import")
    assert {one.community for one in notes} == {node(QILIHE).id, node(FOREIGN).id}
    assert {one.reason for one in notes} == {"导入文件 城关区.json"}


@pytest.mark.once
def test_changed_words_are_told_with_before_and_after(boss: Caller):
    put(boss, HOME, JULY, hours="9")
    plan = settings_files.check(boss, file({**LINE, "place": HOME}), at=CHENGGUAN)
    [one] = plan.lines
    assert (one.state, one.before, one.line.value, one.name) == ("changed", "9", "6", "畅家巷社区")
    settings_files.take_in(boss, file({**LINE, "place": HOME}), at=CHENGGUAN)
    assert hours(node(HOME), JULY) == 6
    assert len(SettingRow.select()) == 2, "nothing is overwritten"


WRONG = [
    ({"key": "hour"}, "key", "没有设置「dial.hour」"),
    ({"place": ".009"}, "place", "「城关区」之下没有代码为「620102009」的社区"),
    ({"place": FOREIGN}, "place", f"「城关区」之下没有代码为「{FOREIGN}」的社区"),
    ({"since": "1. Juli"}, "since", "since 应是日期"),
    ({"since": ""}, "since", "请写明从哪一天起"),
    ({"value": "99"}, "value", "「每日上限」应为整数，1 到 24"),
    ({"value": 6}, "value", "「value」须为文字"),
    ({"value": "1" * 5000}, "value", "应为整数"),
    ({"locked": "maybe"}, "locked", "「locked」须为 yes 或 no"),
    ({"locked": []}, "locked", "「locked」须为 yes 或 no"),
    ({"basis": " "}, "basis", "请写明依据"),
    ({"basis": "x\u202ey"}, "basis", ""),
    ({"approved_by": "王" * 121}, "approved_by", "「批准人」最多 120 个字"),
    ({"preset": "x" * 61}, "preset", "「预设」最多 60 个字"),
    ({"colour": "red"}, "colour", "没有字段「colour」"),
]


def test_everything_wrong_is_told_by_row_and_column_and_nothing_is_written(boss: Caller):
    put(boss, CITY, JULY, motto="锁", lock=True)
    rows = [{**LINE, **told} for told, _column, _sentence in WRONG]
    good = {**LINE, "place": HOME}
    locked = {**LINE, "key": "motto", "value": "自"}
    sent = file(*rows, good, good, locked)
    plan = settings_files.check(boss, sent, at=CHENGGUAN)
    found = {one.row: one for one in plan.wrong}
    for row, (_told, column, sentence) in enumerate(WRONG, 1):
        assert found[row].column == column, found[row]
        assert sentence in found[row].message
    twice, shut = found[len(WRONG) + 2], found[len(WRONG) + 3]
    assert "写了两次" in twice.message
    assert "「口号」已由「兰州市」锁定" in shut.message
    with pytest.raises(Invalid, match="什么都没有导入") as refused:
        settings_files.take_in(boss, sent, at=CHENGGUAN)
    assert len(refused.value.errors) == len(WRONG) + 2
    assert len(SettingRow.select()) == 1


@pytest.mark.once
def test_what_is_no_such_file_is_refused_in_a_sentence(boss: Caller):
    for content in (
        b"", b"\xff\xfe", b"{}", b"[]", b'{"settings": [1]}', b'{"settings": 3}', b"plugin,key\n1",
        b"plugin,key\n1,2,3", b"a = ", b"[" * 5000, b'{"settings":' + b"[" * 100_000,
        b"x" * 9_000_000, b'plugin,key\n"1', b"settings = 3",
    ):  # fmt: skip
        with pytest.raises(Malformed):
            settings_files.check(boss, content, at=CHENGGUAN)
    with pytest.raises(Malformed, match="最多"):
        settings_files.check(boss, file(*[LINE] * 20_001), at=CHENGGUAN)


@pytest.mark.once
def test_only_who_administers_a_place_takes_its_settings_out_or_in(
    boss: Caller, instance: Instance
):
    worker = world.caller(instance, "community_worker", at=HOME)
    for deed in (
        lambda: settings_files.export(worker, at=HOME, form="json"),
        lambda: settings_files.check(worker, file(LINE), at=HOME),
        lambda: settings_files.take_in(worker, file(LINE), at=HOME),
    ):
        with pytest.raises(Forbidden):
            deed()
    district = world.caller(instance, "district_admin", at=CHENGGUAN)
    assert lines(settings_files.export(district, at=None, form="json")) == []
    with pytest.raises(Invalid, match="没有代码为"):
        settings_files.export(district, at=QILIHE, form="json")
    assert not SettingRow.select().exists()


@pytest.mark.once
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_text_holds_every_form_brings_it_back(said: str):
    line = {**LINE, "value": said, "locked": True}
    for write in (
        settings_files._as_toml,
        settings_files._as_csv,
        lambda told: file(*told),
    ):
        [told] = settings_files._read(write([line]))
        assert told["value"] == said
