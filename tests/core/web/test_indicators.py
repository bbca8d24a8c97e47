"""Figures as pages: found in the menu, by place, over twelve months, with a quiet picture."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from fractions import Fraction

import pytest

import lifang as lf
from lifang.mechanisms.cells import Cell, Row
from lifang.mechanisms.figures import Table
from lifang.mechanisms.period import Period
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from lifang.web import tiles
from tests.core.mechanisms import tally
from tests.core.web.conftest import Visit, Visitor

PAGE = "/indicators/tally.per_head"


@pytest.fixture
def tallied(instance: Instance, clock: Clock) -> Instance:
    clock.move_to(dt.datetime(2026, 11, 30, 4, tzinfo=dt.UTC))
    tally.open_tally(instance)
    tally.enrol(instance, world.HOME, "2026-10-01")
    tally.serve(instance, world.HOME, "2026-11-10", 90)
    return instance


def test_figures_have_a_page_with_a_table_a_picture_and_the_command(
    tallied: Instance, worker: Visitor, resident: Visitor
) -> None:
    assert 'href="/indicators"' in worker.text("/")
    assert f'href="{PAGE}"' in worker.text("/indicators")
    page = worker.text(f"{PAGE}?within=城关区&by=community")
    assert "1.50 小时" in page and "1.5 / 1" in page and "数据截至 2026-11-30 12:00" in page
    assert (
        f"lifang indicators show tally.per_head --within {world.CHENGGUAN} --by community" in page
    )
    deeper = re.search(rf'href="({PAGE}\?within={world.HOME}[^"]*)"', page)
    assert deeper is not None and "畅家巷社区" in worker.text(deeper[1].replace("&amp;", "&"))
    assert page.count('scope="row">20') == 12  # a line for each month beside the picture
    files = re.findall(r'href="(/api/v1/indicators[^"]+format=csv)"', page)
    assert worker.get(files[0].replace("&amp;", "&")).status_code == 200

    assert 'href="/indicators"' not in resident.text("/me")
    resident.text(PAGE, status=404)
    worker.text(f"{PAGE}?period=2026-13", status=400)
    worker.text(f"{PAGE}?colour=red", status=400)
    worker.text("/indicators/tally.nothing", status=404)


@pytest.fixture
def water(tallied: Instance) -> lf.Organization:
    """A company of which somebody served."""
    made = world.organization(tallied, "示例供水公司")
    tally.serve(tallied, world.HOME, "2026-11-11", 30, unit=made)
    return made


def test_gaps_are_a_map_of_tiles(
    tallied: Instance, water: lf.Organization, worker: Visitor
) -> None:
    tally.serve(tallied, world.NEIGHBOUR, "2026-11-11", 30, state="noted")
    world.community(tallied, "新区社区", code="620102001009")
    page = worker.text(f"/indicators/tally.rate?within={world.CHENGGUAN}&by=community")
    [picture] = re.findall("<svg class=.tile-map.*?</svg>", page, re.DOTALL)
    assert picture.count('<rect width="112"') == 3
    assert not re.search("<script|<style|style=|onload", picture)
    for said in ("✓ 达到目标 95.00%", "△ 未达到目标 95.00%，差多少", "100.00%", "✓ 达到<",
                 "△ 差 95.00", "— 没有数值<"):  # fmt: skip
        assert said in picture, said
    assert "「锁定率的分母」为「全部服务」：城关区 2026-11-30 的规定" in page
    tile = re.search(rf'<a href="([^"]*within={world.NEIGHBOUR}[^"]*)">\s*<g class="short"', page)
    assert tile is not None and "张家园社区" in worker.text(tile[1].replace("&amp;", "&"))
    assert "达到平均数 1 次" in worker.text("/indicators/tally.count?by=community")
    assert "达到整体水平 2.00 小时" in worker.text(f"{PAGE}?by=community")


@pytest.mark.once
def test_a_figure_is_held_against_the_goal_before_it_is_rounded() -> None:
    asked = lf.Indicator("tally.gap", "率", tally.locked, digits=0, goal=95, better="higher")
    fewer = replace(asked, better="lower", goal=None)
    exact = {"甲": Fraction(949, 10), "乙": Fraction(95), "丙": None, "丁": Fraction(80)}
    rows = tuple(
        Row(name, name, (Cell(one and asked.rounded(one), exact=one),))
        for name, one in exact.items()
    )
    month = Period.read("2026-11")
    table = Table(
        asked, month, (month,), "now", lf.now(), Row("", "", (Cell(),)), rows, False, None, ()
    )
    drawn = [tiles.drawn(one, lambda row: None) for one in (table, replace(table, indicator=fewer))]
    assert [[(tile.figure, tile.word) for tile in one.tiles] for one in drawn if one] == [
        [("95", "△ 差 <1"), ("95", "✓ 达到"), ("—", "— 没有数值"), ("80", "△ 差 15")],
        [("95", "△ 差 5"), ("95", "△ 差 5"), ("—", "— 没有数值"), ("80", "✓ 达到")],
    ]  # fmt: skip


def test_a_plugins_indicators_are_one_table_and_an_organization_sees_its_own(
    tallied: Instance, water: lf.Organization, worker: Visitor, visit: Visit
) -> None:
    assert 'href="/indicators/table/tally"' in worker.text("/indicators")
    table = worker.text("/indicators/table/tally?by=unit&period=2026")
    assert 'scrolls" tabindex="0" role="region" aria-label="表格：' in table
    assert "计数指标表" in table and "「人均服务时长」的记录不属于单位，不在表中" in table
    assert table.index("城关区</th>") < table.index("示例供水公司</a>") < table.index("没有单位的")
    assert "lifang indicators table tally --period 2026 --by unit" in table
    deeper = re.search(r'href="(/indicators/table/tally\?unit=[^"]*)"', table)
    assert deeper is not None
    assert "示例供水公司（城关区）" in worker.text(deeper[1].replace("&amp;", "&"))
    files = re.findall(r'href="(/api/v1/indicators/table[^"]+format=xlsx)"', table)
    assert worker.get(files[0].replace("&amp;", "&")).status_code == 200
    assert "2026-03</th>" in worker.text("/indicators/table/tally?by=month&period=2026")

    liaison = visit("unit_liaison", unit=water)
    assert "示例供水公司（兰州市）" in liaison.text("/indicators/tally.count?period=2026")
    assert "示例供水公司（兰州市）" in liaison.text(f"/indicators/tally.count?unit={water.id}")
    assert liaison.get(f"/indicators/tally.count/chart.svg?unit={water.id}").status_code == 200
    other = world.organization(tallied, "示例供电公司")
    assert liaison.get(f"/indicators/tally.count?unit={other.id}").status_code in (404, 422)
    assert "示例供水公司" in liaison.text("/indicators/table/tally")
    liaison.text(PAGE, status=404)


def test_the_picture_runs_nothing_and_brings_nothing_along(
    tallied: Instance, worker: Visitor, stranger: Visitor
) -> None:
    answer = worker.get(f"{PAGE}/chart.svg?within={world.HOME}&period=2026")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search("<script|<style|style=|href", answer.text)
    assert re.findall(r'<rect [^>]*height="([\d.]+)"', answer.text).count("0.0") == 11
    assert "2026-11" in answer.text and "2026-12" in answer.text
    assert stranger.get(f"{PAGE}/chart.svg").status_code == 303
