"""Figures as pages: found in the menu, by place, over twelve months, with a quiet picture."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock
from tests.core.mechanisms import tally
from tests.core.web.conftest import Visitor

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
