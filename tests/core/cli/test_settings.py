"""Settings of plugins on the command line: set with day and basis, shown, explained."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from lifang.plugins.setting import Setting
from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN, FOREIGN, HOME, QILIHE
from tests.core.cli.conftest import Command
from tests.core.lifecycle.dial import turn_on

token: Setting[str] = Setting("token", str, "接口密钥", default="", secret=True)
BASIS = ("--basis", "兰政办发〔2026〕8号")


@pytest.fixture(autouse=True)
def probe(instance: Instance) -> None:
    hours: Setting[int] = Setting(
        "day_hours", int, "每日上限", default=8, minimum=1, unit="小时", presets={"lax": 12}
    )
    turn_on(instance, hours, token, id="probe")


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
    assert [(one["key"], one["value"]) for one in told] == [("day_hours", "6"), ("token", "")]
    assert told[0]["layers"][0]["from_date"] == "2026-09-01"
    shown = lifang("plugin", "config", "probe", "--at", HOME)
    assert shown.code == 0
    assert "每日上限" in shown.out


def test_wrong_words_are_refused_with_what_would_be_right(lifang: Command) -> None:
    config = ("plugin", "config", "probe")
    cases = {
        ("day_hours", "--at", HOME): (2, "应写成 名称=值"),
        ("day_hours=0", "--at", HOME): (2, "「每日上限」应为整数，不小于 1"),
        ("hours=1", "--at", HOME): (2, "没有设置「hours」；已知的：day_hours、token"),
        ("day_hours=1",): (2, "请用 --at 说明在哪个社区"),
        ("day_hours=1", "--at", HOME, "--from", "morgen"): (2, "--from 应是日期"),
        ("--preset", "none", "--at", HOME): (2, "没有预设「none」；已知的：lax"),
        ("day_hours=1", "--at", "1"): (2, "没有代码为「1」的社区"),
    }
    for words, (code, sentence) in cases.items():
        said = lifang(*config, *words, *BASIS)
        assert (said.code, sentence in said.err) == (code, True), (words, said.err)
    said = lifang(*config, "day_hours=1", "--at", HOME)
    assert (said.code, "请写明依据" in said.err) == (2, True)
    assert lifang("settings", "explain", "nothing", "--at", HOME).code == 4


def test_what_was_said_when_and_by_whom_and_what_comes_is_told(lifang: Command) -> None:
    put = ("plugin", "config", "probe", "--at", CHENGGUAN, *BASIS)
    look = lifang(*put, "day_hours=6", "--dry-run")
    assert (look.code, look.out.splitlines()[1].split("\t")[2:]) == (0, ["8", "6"])
    assert not SettingRow.select().exists()
    assert (
        lifang(*put, "--preset", "lax", "--dry-run", "--json").json["preview"][0]["after"] == "12"
    )
    for said, since in (("6", "2026-07-01"), ("5", "2026-07-01"), ("4", "2036-01-01")):
        words = ("--from", since, "--approved-by", "王主任")
        assert lifang(*put, f"day_hours={said}", *words).code == 0
    why = lifang("settings", "explain", "day-hours", "--at", HOME).out
    assert (
        "→ 城关区 620102000000  自 2026-07-01 起：5；依据：兰政办发〔2026〕8号；批准：王主任\n"
        in why
    )
    assert "起：6；" in why
    assert "未采用：同一社区后来另有规定" in why
    assert "+ 城关区 620102000000  自 2036-01-01 起：4" in why
    told = lifang("settings", "history", "day_hours", "--at", HOME)
    assert [line.split("\t")[4] for line in told.out.splitlines()[1:]] == ["4", "5", "6"]
    items = lifang("settings", "history", "day_hours", "--at", HOME, "--json").json["items"]
    assert [(one["lost"], one["approved_by"]) for one in items] == [
        ("upcoming", "王主任"), ("", "王主任"), ("later", "王主任")
    ]  # fmt: skip


def test_a_secret_comes_by_a_pipe_and_is_shown_to_nobody(
    lifang: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-secret\n"))
    put = ("plugin", "config", "probe", "--at", HOME, *BASIS)
    said = lifang(*put, "token=-")
    assert said.code == 0, said.err
    told = said.out + lifang("settings", "explain", "token", "--at", HOME).out
    told += lifang("settings", "history", "token", "--at", HOME, "--json").out
    assert "***" in told
    assert "canary" not in told
    assert SettingRow.get().sealed is not None


def test_a_districts_settings_leave_and_come_as_files(lifang: Command, tmp_path: Path) -> None:
    lifang("plugin", "config", "probe", "day_hours=6", "--at", HOME, *BASIS)
    file = tmp_path / "settings.toml"
    assert lifang("settings", "export", str(file), "--at", CHENGGUAN).code == 0
    assert "[[settings]]" in file.read_text("utf-8")
    take = ("settings", "import", str(file), "--at", QILIHE)
    look = lifang(*take, "--dry-run")
    assert "预览，没有写入：新增 1" in look.out
    assert len(SettingRow.select()) == 1
    done = lifang(*take)
    assert (done.code, "已导入：新增 1" in done.out) == (0, True), done.err
    there = lifang("settings", "explain", "day_hours", "--at", FOREIGN, "--json").json
    assert there["value"] == "6"
    file.write_text(file.read_text("utf-8").replace('"6"', '"0"'), "utf-8")
    look = lifang(*take, "--dry-run")
    assert (look.code, "第 1 项 value：「每日上限」应为整数，不小于 1" in look.out) == (2, True)
    refused = lifang(*take)
    assert (refused.code, "什么都没有导入" in refused.err) == (2, True)
    assert lifang("settings", "import", str(tmp_path / "none.json"), "--at", QILIHE).code == 6
    assert '"settings"' in lifang("settings", "export", "--at", HOME).out
