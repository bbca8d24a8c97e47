"""A year ends in the same figures, however often it is told, and whatever was off meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifang.lifecycle import switching
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.plugin import plugin
from plugins.dual_reporting.tests.district import District
from plugins.dual_reporting.tests.figures import TABLES, measured, rows
from plugins.dual_reporting.tests.office import at

Figures = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
Told = tuple[str, int, range]
SHORT = ("2026-06-25", 14, range(7, 10))
"""From when on, how many people, and which months, with the end of a half-year and a quarter."""
WHOLE = ("2026-01-05", 200, range(1, 13))
LONG = (pytest.mark.trust, pytest.mark.timeout(3000))
LATE = {
    "ServiceEntry": {"confirmed_on"}, "Report": {"ended_on"},
    "Feedback": {"sent_on", "receipt_due", "minutes"},
}  # fmt: skip
"""Days on which the plugin itself did something: where it was off, on the day it is on again. A
sheet that is sent then also says what has become known meanwhile."""
known: dict[Told, Figures] = {}


def opened(instance: Any, clock: Clock, told: Told) -> District:
    clock.move_to(at(told[0]))
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    district = District(instance, Events(world.boss(instance)), clock)
    district.events.deliver()
    return district


def figures_of(district: District) -> Figures:
    assert district.events.letters() == []
    return rows(), rows(but=LATE), measured(district.boss)


@pytest.fixture(params=[SHORT, pytest.param(WHOLE, marks=LONG)])
def told(request: pytest.FixtureRequest) -> Told:
    return request.param


@pytest.fixture
def plain(told: Told, clock: Clock, tmp_path: Path) -> Figures:
    """The figures of the year as it is told once, in an instance of its own."""
    if told not in known:
        for instance in world.new_instance(tmp_path / "plain", planted=True):
            district = opened(instance, clock, told)
            district.play(*told[1:])
            known[told] = figures_of(district)
    return known[told]


@pytest.fixture
def district(plain: Figures, instance: Any, clock: Clock, told: Told) -> District:
    return opened(instance, clock, told)


def test_told_twice_again_and_from_the_start_a_year_ends_in_the_same_figures(
    district: District, plain: Figures, told: Told
) -> None:
    with district.events.twice():
        district.play(*told[1:])
    assert all(plain[0][one.__name__] for one in TABLES), "every table has rows"
    assert figures_of(district) == plain
    itself = district.boss.served_by("dual_reporting")
    for event in district.events.published():
        for heard in plugin.handlers:
            if event.type in heard.types:
                with district.instance.database.transaction():
                    heard.react(event, itself)
    district.events.deliver()
    assert figures_of(district) == plain
    district.events.tell_past("dual_reporting", at=world.CHENGGUAN)
    district.events.deliver()
    assert figures_of(district) == plain


def test_off_for_a_month_and_on_again_a_year_ends_in_the_same_figures(
    district: District, plain: Figures, told: Told
) -> None:
    def off(holiday: Callable[[], None]) -> None:
        boss = world.boss(district.instance)
        switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=False)
        holiday()
        switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=True, history="resume")
        district.look()
        district.events.deliver()

    district.play(*told[1:], august=off)
    assert figures_of(district)[1:] == plain[1:]
    left = Report.get(Report.transfer_asked_on == "2026-07-31")
    assert (left.state, str(left.transfer_due)) == ("transferred", "2026-08-07")
    assert str(left.ended_on) == "2026-08-08", "as if the plugin had been on"
