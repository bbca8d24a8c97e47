"""Whatever is told twice, from the start, or after a month off: the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle.switching import switch
from lifang.testing import world
from lifang_dual_reporting.models import (
    Post,
    PostClaim,
    ServiceEntry,
    ServiceRating,
    UnitActivity,
    UnitTask,
)
from lifang_dual_reporting.plugin import plugin
from lifang_dual_reporting.resources import unit_tasks
from lifang_dual_reporting.services.post import close, give_up, reopen
from lifang_dual_reporting.services.suspension import resume, suspend

TABLES = (Post, PostClaim, ServiceEntry, ServiceRating, UnitActivity, UnitTask)
PASSING = {"version", "updated_at", "code", "created_at"}
RECORD = "volunteer_points.service_record"


def rows() -> list[Any]:
    """Everything that is kept of service, without what each writing changes."""
    told = [(one.__name__, row) for one in TABLES for row in one.select().order_by(one.id).dicts()]
    return [(name, {k: v for k, v in row.items() if k not in PASSING}) for name, row in told]


def half_a_year(corner: Any, step: Callable[[], None]) -> None:
    """From May on: posts are taken, left and taken again, hours come in, tasks are issued."""
    corner.set("chengcheng")
    unit = world.organization(corner.instance, "示例供水公司")
    one, two = corner.reports("李强", skills="书法"), corner.reports("赵敏")
    post = corner.post()
    corner.claim(post, one)
    corner.claim(post, two)
    rated = corner.served(one)
    corner.rate(rated, world.person(corner.instance, "王芳"), 4)
    corner.events.deliver()
    step()
    hear(corner, one, unit)
    step()
    turn_over(corner, post, one, two)
    for month in ("2026-06", "2026-07"):
        task = {"organization": unit.id, "community": one.community_id, "month": month}
        lf.write(unit_tasks, "create", corner.worker, task | {"content": "清理楼道"})


def hear(corner: Any, one: Any, unit: Any) -> None:
    """Others tell of hours, of which some are taken back, and of a project."""
    told = {
        "person": one.person_id, "community": one.community_id, "minutes": 60, "day": "2026-05-15",
        "start": corner.at(7, day=15).isoformat(), "end": corner.at(8, day=15).isoformat(),
        "title": "清洁家园", "source": None,
    }  # fmt: skip
    corner.told_elsewhere(f"{RECORD}.confirmed", 1, **told)
    gone = told | {
        "start": corner.at(5, day=15).isoformat(),
        "end": corner.at(6, day=15).isoformat(),
    }
    corner.told_elsewhere(f"{RECORD}.confirmed", 2, **gone)
    corner.told_elsewhere(f"{RECORD}.voided", 2, **gone)
    done = {"organization": unit.id, "title": "照明", "day": "2026-05-12", "people": 8}
    corner.told_elsewhere("co_building.project.done", 3, **done)


def turn_over(corner: Any, post: Any, one: Any, two: Any) -> None:
    """Who held a post is ill and comes back; the post is closed and opened, and taken again."""
    secretary = world.caller(corner.instance, "community_secretary", at=world.HOME)
    lf.act(suspend, corner.now(one), secretary, cause="illness", since=lf.today())
    corner.events.deliver()
    lf.act(resume, corner.now(one), secretary)
    lf.act(close, post, corner.worker)
    corner.events.deliver()
    lf.act(reopen, post, corner.worker)
    corner.claim(post, corner.now(two))
    waits = corner.claim(post, corner.now(one))
    lf.act(give_up, PostClaim.get(PostClaim.state == "held"), corner.worker)
    corner.events.deliver()
    assert corner.now(waits).state == "held"


def pass_summer(corner: Any) -> None:
    for month in (6, 7):
        corner.clock.move_to(corner.at(1, day=10, month=month))
        corner.look()
        corner.events.deliver()
    assert [one.state for one in UnitTask.select().order_by(UnitTask.id)] == ["missed", "issued"]
    assert corner.events.letters() == []


def test_told_twice_and_from_the_start_everything_stays_as_it_is(corner: Any) -> None:
    corner.events.deliver()
    half_a_year(corner, lambda: None)
    pass_summer(corner)
    before = rows()
    kinds = {name: sum(one == name for one, _row in before) for name, _row in before}
    assert kinds == {
        "Post": 1, "PostClaim": 4, "ServiceEntry": 3, "ServiceRating": 1, "UnitActivity": 1,
        "UnitTask": 2,
    }  # fmt: skip
    heard = {type for one in plugin.handlers for type in one.types}
    for event in corner.events.published():
        day = str(event.data.get("date", "-10"))
        if event.type in heard and day.endswith("-10"):
            corner.events.again(event)
    assert rows() == before
    corner.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    corner.events.deliver()
    assert rows() == before
    assert corner.events.letters() == []


@pytest.fixture
def off(corner: Any) -> Callable[[], None]:
    """Switches the plugin off, and on again the next time; others tell on meanwhile."""
    state = {"on": True}

    def turn() -> None:
        state["on"] = not state["on"]
        history = "resume" if state["on"] else None
        switch(corner.boss, "dual_reporting", at=world.CHENGGUAN, on=state["on"], history=history)
        corner.look()
        corner.events.deliver()

    return turn


def test_what_was_told_while_it_was_off_counts_when_it_is_on_again(
    corner: Any, off: Callable[[], None]
) -> None:
    corner.events.deliver()
    half_a_year(corner, off)
    pass_summer(corner)
    entries = sorted((one.source or "", one.minutes, one.state) for one in ServiceEntry.select())
    assert entries == [
        ("", 120, "confirmed"),
        (f"{RECORD}/1", 60, "confirmed"),
        (f"{RECORD}/2", 60, "voided"),
    ]
    assert [one.source for one in UnitActivity.select()] == ["co_building.project/3"]
    assert ServiceEntry.get(ServiceEntry.source.is_null()).stars == 4.0
