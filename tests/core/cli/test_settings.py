"""Settings of plugins on the command line: set with day and basis, shown, explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifang.plugins.plugin import Plugin
from lifang.plugins.setting import Setting
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, HOME
from tests.core.cli.conftest import Command

BASIS = ("--basis", "兰政办发〔2026〕8号")


@pytest.fixture(autouse=True)
def probe(instance: Instance) -> None:
    hours: Setting[int] = Setting(
        "day_hours", int, "每日上限", default=8, minimum=1, unit="小时", presets={"lax": 12}
    )
    instance.plugins.register(
        Plugin("probe", "探针", settings=[hours], folder=Path(__file__).parent)
    )


def test_a_setting_is_set_shown_and_explained(lifang: Command) -> None:
    put = lifang("plugin", "config", "probe", "day-hours=6", "--at", CHENGGUAN,
                 "--from", "2026-09-01", *BASIS, "--lock")  # fmt: skip
    assert put.code == 0, put.err
    assert "probe.day_hours" in put.out
    why = lifang("settings", "explain", "day_hours", "--at", HOME, "--on", "2026-09-02")
    assert (
        "→ 城关区 620102000000  自 2026-09-01 起：6；依据：兰政办发〔2026〕8号；下级不得更改"
        in why.out
    )
    assert "值：6小时" in why.out.replace(" ", "") or "6小时" in why.out
    before = lifang("settings", "explain", "day_hours", "--at", HOME, "--on", "2026-08-31")
    assert "→ 默认  8" in before.out
    assert "预设：lax  12" in before.out
    told = lifang("settings", "show", "--at", HOME, "--on", "2026-09-02", "--json").json["items"]
    assert [(one["key"], one["value"]) for one in told] == [("day_hours", "6")]
    assert told[0]["layers"][0]["from_date"] == "2026-09-01"
    shown = lifang("plugin", "config", "probe", "--at", HOME)
    assert shown.code == 0
    assert "每日上限" in shown.out


def test_wrong_words_are_refused_with_what_would_be_right(lifang: Command) -> None:
    config = ("plugin", "config", "probe")
    cases = {
        ("day_hours", "--at", HOME): (2, "应写成 名称=值"),
        ("day_hours=0", "--at", HOME): (2, "「每日上限」应为整数，不小于 1"),
        ("hours=1", "--at", HOME): (2, "没有设置「hours」；已知的：day_hours"),
        ("day_hours=1",): (2, "请用 --at 说明在哪个社区"),
        ("day_hours=1", "--at", HOME, "--from", "morgen"): (2, "--from 应是日期"),
        ("--preset", "none", "--at", HOME): (2, "没有预设「none」；已知的：lax"),
        ("day_hours=1", "--at", "1"): (2, "没有编号为「1」的社区"),
    }
    for words, (code, sentence) in cases.items():
        said = lifang(*config, *words, *BASIS)
        assert (said.code, sentence in said.err) == (code, True), (words, said.err)
    said = lifang(*config, "day_hours=1", "--at", HOME)
    assert (said.code, "请写明依据" in said.err) == (2, True)
    assert lifang("settings", "explain", "nothing", "--at", HOME).code == 4
