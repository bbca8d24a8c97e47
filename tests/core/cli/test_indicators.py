"""Figures on a terminal, and exports in a plugin's own format."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.cli.conftest import Command
from tests.core.mechanisms import tally


@pytest.fixture
def tallied(instance: Instance, clock: Clock) -> Instance:
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    tally.open_tally(instance)
    tally.enrol(instance, world.HOME, "2026-10-01")
    tally.serve(instance, world.HOME, "2026-11-10", 90)
    return instance


def test_an_indicator_is_shown_by_place_and_by_month(
    tallied: Instance, lifang: Command, tmp_path: Path
) -> None:
    assert "tally.per_head\t人均服务时长\t小时\t已锁定的服务" in lifang("indicators", "list").out
    show = ("indicators", "show", "tally.per_head", "--within", "620102000000")
    told = lifang(*show, "--period", "2026-11", "--by", "community")
    assert told.code == 0
    assert told.err.splitlines() == ["已锁定的服务", "数据截至 2026-11-30 12:00"]
    assert told.out.splitlines() == [
        "地方\t2026-11\t分子 / 分母\t上期\t比上期",
        "城关区\t1.50 小时\t1.5 / 1\t0.00 小时\t+1.50",
        "畅家巷社区\t1.50 小时\t1.5 / 1\t0.00 小时\t+1.50",
        "张家园社区\t—\t0 / 0\t—\t—",
    ]
    months = lifang(*show, "--period", "2026-Q4", "--by", "month").out.splitlines()
    assert months == [
        "地方\t2026-10\t2026-11\t2026-12",
        "城关区\t0.00 小时 0 / 1\t1.50 小时 1.5 / 1\t—",
    ]
    assert lifang(*show, "--json").json["total"]["figures"][0]["value"] == 1.5
    file = tmp_path / "figures.csv"
    assert lifang(*show, "--format", "csv", "-o", str(file)).code == 0
    assert "人均服务时长（小时）" in file.read_text("utf-8-sig")
    assert lifang(*show, "--period", "2026-13").code == 2
    assert lifang("indicators", "show", "tally.nothing").code == 4


def test_a_plugins_indicators_are_shown_in_one_table(
    tallied: Instance, lifang: Command, tmp_path: Path
) -> None:
    water = world.organization(tallied, "示例供水公司")
    tally.serve(tallied, world.HOME, "2026-11-11", 30, unit=water)
    table = ("indicators", "table", "tally", "--within", "620102000000", "--period", "2026")
    told = lifang(*table, "--by", "unit")
    assert told.code == 0
    heading, total, line, rest = told.out.splitlines()
    assert heading == "单位名称\t服务次数（次）\t参与人数（人）\t参与次数\t参与率（%）\t锁定率（%）"
    assert total.startswith("城关区\t2\t") and line.startswith("示例供水公司\t1\t")
    assert rest.startswith("没有单位的\t1\t")
    assert "「人均服务时长」的记录不属于单位，不在表中" in told.err
    months = lifang(*table, "--by", "month").out.splitlines()
    assert months[0].startswith("月份\t服务次数（次）") and months[11].startswith("2026-11\t2\t")
    show = ("indicators", "show", "tally.count", "--unit", str(water.id), "--period", "2026")
    assert lifang(*show).out.splitlines()[1] == "示例供水公司（兰州市）\t1 次\t0 次\t+1"
    assert lifang(*table, "--json").json["rows"][0]["name"] == "城关区"
    file = tmp_path / "table.csv"
    assert lifang(*table, "--by", "below", "--format", "csv", "-o", str(file)).code == 0
    assert file.read_text("utf-8-sig").startswith("计数指标表\n城关区 2026\n")
    assert lifang("indicators", "table", "nothing").code == 4


def test_an_export_is_written_in_a_plugins_own_format(tallied: Instance, lifang: Command) -> None:
    told = lifang("tally", "services", "export", "--format", "lines")
    assert told.out.splitlines()[0] == '{"number":1,"within":null}'
    refused = lifang("tally", "services", "export", "--format", "ics")
    assert refused.code == 2
    assert "lines" in refused.err
