"""Moments are asked for and shown by the clock on the wall, and kept to the second."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang_dual_reporting.models import ServiceEntry
from lifang_dual_reporting.resources import reports, service_entries
from lifang_dual_reporting.services.report import accept
from tests.core.web.conftest import Visit, Visitor

ENTRIES = "/p/dual-reporting/service-entries"


@pytest.fixture
def worker(instance: Any, visit: Visit, caller: Callable[..., lf.Caller], enable: Any) -> Visitor:
    """A worker of a community that 李强, number 1, reports to."""
    enable("dual_reporting", at=world.CHENGGUAN)
    person, known = world.person(instance, "李强"), caller("community_worker", at=world.HOME)
    told = {"person": person.id, "community": {"code": world.HOME}}
    lf.act(accept, lf.write(reports, "create", known, told), known)
    return visit("community_worker", at=world.HOME)


def answers(start: str, end: str) -> dict[str, str]:
    told = {"person": "1", "community": world.HOME, "start": start, "end": end}
    return told | {"content": "楼道清洁", "nature": "voluntary"}


def test_a_form_asks_by_the_wall_clock_and_keeps_what_nobody_touched(worker: Visitor) -> None:
    assert worker.text(f"{ENTRIES}/new").count('type="datetime-local"') == 2
    made = worker.post(f"{ENTRIES}/new", answers("2026-05-16T09:00", "2026-05-16T12:30"))
    assert made.status_code in (302, 303), made.text
    entry = ServiceEntry.get()
    assert (entry.start.isoformat(), entry.minutes) == ("2026-05-16T01:00:00+00:00", 210)
    assert 'value="2026-05-16T09:00"' in worker.text(f"{ENTRIES}/{entry.id}/edit")
    assert "2026-05-16 09:00" in worker.text(f"{ENTRIES}/{entry.id}")
    assert "2026-05-16 09:00" in worker.text(f"{ENTRIES}/{entry.id}/history")
    saved = worker.post(
        f"{ENTRIES}/{entry.id}/edit",
        {"version": "1", "was-start": "2026-05-16T09:00", "start": "2026-05-16T08:30"},
    )
    assert saved.status_code in (302, 303), saved.text
    assert ServiceEntry.get().minutes == 240


def test_no_moment_is_said_plainly(worker: Visitor) -> None:
    refused = worker.post(f"{ENTRIES}/new", answers("早上九点", "2026-05-16T12:30"))
    assert refused.status_code == 422
    assert "「开始时间」须为时间，例如 2026-11-23 09:00" in refused.text


def test_a_spreadsheet_says_moments_as_it_shows_them(
    worker: Visitor, instance: Any, caller: Callable[..., lf.Caller]
) -> None:
    from lifang.services.importing import import_table

    sheet = (
        "person,community,start,end,content,nature\r\n"
        f"1,{world.HOME},2026/5/16 9:00,2026-05-16 12:30:30,楼道清洁,自愿服务\r\n"
        f"1,{world.HOME},2026-05-17T09:00:00+08:00,2026年5月17日 10:00,巡逻,duty\r\n"
    )
    known = caller("community_worker", at=world.HOME)
    done = import_table(known, service_entries, io.BytesIO(sheet.encode()))
    assert (done["created"], done["errors"]) == (2, [])
    told = [(one.start.isoformat(), one.minutes) for one in lf.each(service_entries, known)]
    assert told == [("2026-05-16T01:00:00+00:00", 210), ("2026-05-17T01:00:00+00:00", 60)]
