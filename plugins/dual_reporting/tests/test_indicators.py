"""What is reported upwards: rates of units, hours per head, claims, activities, receipts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import figures, sheet
from lifang.mechanisms.filling import Filled
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview, UnitActivity, UnitReport
from lifang_dual_reporting.resources import post_claims, posts, unit_reviews
from lifang_dual_reporting.services import unit_review
from lifang_dual_reporting.services.post import give_up
from plugins.dual_reporting.tests import town
from plugins.dual_reporting.tests.office import Office, at

YEAR = Period.read("2026")


@pytest.fixture
def office(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Office:
    clock.move_to(at("2026-09-20"))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Office(instance, Events(boss), clock)


def value(office: Office, name: str, within: str = world.HOME, **told: Any) -> Any:
    """One figure, by default of the year and of 畅家巷."""
    asked = figures.indicator(office.boss, f"dual_reporting.{name}")
    scope = Scope(within, **({"period": YEAR} | told))
    return figures.table(office.boss, asked, scope).total.cells[0].value


def test_the_rates_of_a_unit_follow_from_its_people_wherever_they_report(
    office: Office, page: Any, run: Any, api: Any
) -> None:
    office.set("xingtai")
    unit = town.waterworks(office)
    asked = {"within": world.HOME, "period": "2026"}
    worker = api("community_worker", at=world.HOME)
    path = "/api/v1/indicators/dual_reporting"
    for name, told in (("reporting_rate", 96.67), ("completion_rate", 94.83)):
        figure = worker.get(f"{path}.{name}", query_string=asked).json
        assert (name, figure["total"]["values"][0]["value"]) == (name, told), figure
    shown = page("community_worker", at=world.HOME).text(
        f"/indicators/dual_reporting.completion_rate?within={world.HOME}&period=2026"
    )
    assert "94.83" in shown and "已报到人数" in shown
    command = ("indicators", "show", "dual_reporting.completion_rate", "--within", world.HOME)
    assert "94.83" in run(*command, "--period", "2026").out
    liaison = api("unit_liaison", unit=unit)
    own = liaison.get(f"{path}.completion_rate", query_string={"period": "2026"}).json
    assert own["total"]["values"][0]["value"] == 94.83, "by the rule of where the unit sits"

    review = lf.write(unit_reviews, "create", office.secretary, {
        "organization": unit.id, "community": {"code": world.HOME}, "year": 2026,
    })  # fmt: skip
    opened = lf.act(unit_review.open, review, office.secretary)
    assert (opened.reporting_rate, opened.completion_rate) == (9667, 9483)
    assert opened.eligible is False, "94.83 is less than 95"
    counted = sheet.asked(office.worker, "dual_reporting.units", within=world.HOME, period="2026")
    assert list(Filled(counted).rows()) == [[1, "示例供水公司", 60, 58, 96.67, 50.0, 55, 94.83]]

    office.set(denominator="should_report")
    assert value(office, "completion_rate") == 91.67
    shown = page("community_worker", at=world.HOME).text(
        f"/sheets/dual_reporting.units?within={world.HOME}&period=2026"
    )
    assert "91.67" in shown and "÷应报到人数（按2026-09-20的本地规定）" in shown
    assert "91.67" in run(*command, "--period", "2026").out
    told = worker.get("/api/v1/sheets/dual_reporting.units", query_string=asked).json
    assert told["rows"][0][7] == 91.67 and "÷应报到人数" in told["note"]
    lf.act(unit_review.recount, office.now(review), office.secretary)
    assert office.now(review).completion_rate == 9167
