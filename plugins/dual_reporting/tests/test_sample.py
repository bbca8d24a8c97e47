"""The district of `lifang demo --reports` is one that the plugin itself might have made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.app.filling import fill
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview
from lifang_dual_reporting.services import review
from plugins.dual_reporting.tests.figures import rows
from plugins.dual_reporting.tests.office import at

HOMES = (world.HOME, world.NEIGHBOUR)
MANY = 1_300


@pytest.mark.once
def test_a_sample_district_is_counted_as_the_plugin_counts_and_shown_up_to_a_thousand(
    instance: Any, clock: Clock, page: Callable[..., Any], api: Any, run: Any
) -> None:
    clock.move_to(at("2026-11-30"))
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    boss = world.boss(instance)
    events, steps = Events(boss), set[tuple[str, bool]]()
    homes = [lf.Community.get(lf.Community.code == code) for code in HOMES]
    known = fill(boss, homes, MANY, lambda step, done, of: steps.add((step, done == of)))
    assert known["reports"] and ("服务记录", True) in steps, "each step says how far it is"
    events.deliver()
    before = rows()
    assert all(before.values()), "every table has rows"
    caller = boss.served_by("dual_reporting")
    for one in (one for one in AnnualReview.select() if one.id % 20 == 0):
        fresh = review.figures(one, caller)
        assert {name: one.__data__[name] for name in fresh} == fresh
    clock.later(days=1)
    events.deliver()
    assert rows() == before, "a day finds nothing to be put right"
    assert events.letters() == []
    home = (worker := page("community_worker", at=world.CHENGGUAN)).text("/")
    assert "1,000+" in home and 'href="/people?count=true"' in home
    assert f"{MANY:,}" in worker.text("/people?count=true"), "exact where it is asked for"
    desk = api("community_worker", at=world.CHENGGUAN).get("/api/v1/desks/dual-reporting").json
    numbers = {one["label"]: one["number"] for one in desk["panels"]}
    assert numbers["没有网格的人"] == 1_001 and numbers["待接收的报到"] == MANY // 5
    assert "1,000+" in worker.text("/p/dual-reporting")
    assert "没有网格的人（1,000+）" in run("desk", "dual-reporting").out
