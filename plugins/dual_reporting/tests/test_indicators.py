"""What is reported upwards: rates of units, hours per head, claims, activities, receipts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms import figures, sheet
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.filling import Filled
from lifang.mechanisms.period import Period
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import AnnualReview, UnitActivity, UnitReport
from lifang_dual_reporting.resources import post_claims, posts, unit_reviews
from lifang_dual_reporting.services import report as reporting
from lifang_dual_reporting.services import review as yearly
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
        assert (name, figure["total"]["figures"][0]["value"]) == (name, told), figure
    shown = page("community_worker", at=world.HOME).text(
        f"/indicators/dual_reporting.completion_rate?within={world.HOME}&period=2026"
    )
    assert "94.83" in shown and "已报到人数" in shown
    command = ("indicators", "show", "dual_reporting.completion_rate", "--within", world.HOME)
    assert "94.83" in run(*command, "--period", "2026").out
    liaison = api("unit_liaison", unit=unit)
    own = liaison.get(f"{path}.completion_rate", query_string={"period": "2026"}).json
    assert own["total"]["figures"][0]["value"] == 94.83, "by the rule of where the unit sits"

    review = lf.write(unit_reviews, "create", office.secretary, {
        "organization": unit.id, "community": {"code": world.HOME}, "year": 2026,
    })  # fmt: skip
    opened = lf.act(unit_review.open, review, office.secretary)
    assert (opened.reporting_rate, opened.completion_rate) == (96.67, 94.83)
    assert opened.eligible is False, "94.83 is less than 95"
    counted = sheet.asked(office.worker, "dual_reporting.units", within=world.HOME, period="2026")
    assert list(Filled(counted).rows()) == [[1, "示例供水公司", 60, 58, 96.67, 49.9, 55, 94.83]]

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
    assert office.now(review).completion_rate == 91.67


def test_rates_are_told_month_by_month_as_they_stood(office: Office) -> None:
    office.set("xingtai", annual_hours=4)
    unit = office.unit()
    town.unit_report(unit, world.HOME, members=4)
    early, late, gone = (
        town.report(office, unit, code, name, **told)
        for code, name, told in (
            (world.HOME, "早", {}),
            (world.NEIGHBOUR, "晚", {}),
            (world.HOME, "走", {"state": "ended", "ended_on": dt.date(2026, 8, 5)}),
        )
    )
    town.serve(early, 4, "2026-05-10")
    town.serve(late, 3, "2026-06-10")
    town.serve(late, 2, "2026-07-10")
    town.serve(gone, 9, "2026-07-11")
    for one in (early, late, gone):
        town.begin(office, one)
    months = Scope(world.HOME, YEAR, ["month"])
    told = {}
    for name in ("reporting_rate", "completion_rate"):
        asked = figures.indicator(office.boss, f"dual_reporting.{name}")
        cells = figures.table(office.boss, asked, months).total.cells
        told[name] = [cell.value for cell in cells]
    assert told["reporting_rate"] == [None, None, 0, 75, 75, 75, 75, 50, 50, None, None, None]
    assert told["completion_rate"] == [
        None, None, None, 0, 33.33, 33.33, 100, 100, 100, None, None, None,
    ]  # fmt: skip
    assert value(office, "completion_rate", world.NEIGHBOUR) is None, "no unit reports there"
    assert value(office, "reporting", world.NEIGHBOUR) == 1, "but somebody does"
    assert value(office, "reporting_rate", world.CHENGGUAN) == 50
    old = UnitReport.get()
    old.ended_on, old.state = dt.date(2026, 9, 1), "ended"
    old.save()
    town.unit_report(unit, world.NEIGHBOUR, members=2).save()
    UnitReport.update(accepted_on=dt.date(2026, 9, 2)).where(UnitReport.id != old.id).execute()
    assert value(office, "reporting_rate", period=Period.read("2026-08")) == 50
    assert value(office, "reporting_rate") is None, "the unit has moved on with its people"
    assert value(office, "reporting_rate", world.NEIGHBOUR) == 100
    assert value(office, "reporting_rate", world.NEIGHBOUR, tree="then") == 100


def test_hours_claims_activities_and_receipts_are_counted(office: Office, run: Any) -> None:
    unit, none = office.unit(), office.unit("示例二局")
    town.unit_report(unit, world.HOME)
    town.unit_report(none, world.HOME)
    one, two = (town.report(office, unit, world.HOME, name) for name in ("李强", "王敏"))
    town.serve(one, 5, "2026-07-10")
    town.serve(two, 2, "2026-07-10", nature="duty")
    town.serve(two, 9, "2026-07-20", state="voided")
    post = lf.write(posts, "create", office.worker, {
        "name": "楼道清洁员", "community": {"code": world.HOME}, "category": "governance",
        "slots": 1,
    })  # fmt: skip
    for report in (one, two):  # the second waits
        told = {"post": post.id, "person": report.person_id}
        lf.write(post_claims, "create", office.worker, told)
    assert value(office, "hours_per_head") == 3.5
    assert value(office, "hours_per_head", period=Period.read("2026-Q2")) == 0
    assert value(office, "hours_per_head", period=Period.read("2026-Q1")) is None
    assert value(office, "claims", period=Period.read("2026-Q3")) == 1
    lf.act(give_up, lf.find(post_claims, office.boss, person=one.person_id), office.worker)
    assert value(office, "claims", period=Period.read("2026-Q3")) >= 1, "given up, but claimed"
    for day, state in (("2026-07-05", "confirmed"), ("2026-08-05", "confirmed"),
                       ("2026-08-06", "submitted"), ("2026-05-05", "confirmed")):  # fmt: skip
        UnitActivity.create(
            organization=unit, community=town.place(world.HOME), kind="visit", content="走访",
            day=dt.date.fromisoformat(day), people=3, state=state,
        )  # fmt: skip
    quarter = {"period": Period.read("2026-Q3")}
    assert value(office, "unit_activities", **quarter) == 2
    assert value(office, "activities_per_unit", **quarter) == 1
    assert value(office, "feedback_rate") is None, "nothing was fed back"
    for report, state in ((one, "receipted"), (two, "overdue")):
        review = town.begin(office, report)
        fed = AnnualReview.update(state=state, fed_back_on=dt.date(2026, 9, 1))
        fed.where(AnnualReview.id == review.id).execute()
    assert value(office, "feedback_rate") == 50
    table = run("indicators", "table", "dual_reporting", "--within", world.CHENGGUAN,
                "--period", "2026-Q3", "--by", "unit")  # fmt: skip
    assert "兰州市示例局" in table.out and "—" in table.out


def test_a_districts_tables_take_one_statement(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    unit = office.unit()
    town.unit_report(unit, world.HOME, members=4)
    town.begin(office, town.report(office, unit, world.NEIGHBOUR, "李强"))
    for by in ("subdistrict", "community", "unit"):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "peewee"):
            told = figures.statement(
                office.boss, "dual_reporting", Scope(world.CHENGGUAN, YEAR, [by])
            )
        asked = [one.getMessage() for one in caplog.records]
        assert sum("GROUP BY" in one for one in asked) == 1, by
        assert len(told.tables) == 8 and not told.left
    rates = {one.indicator.name: one for one in told.tables}
    assert rates["dual_reporting.reporting_rate"].rows[0].cells[0].value == 25
    assert rates["dual_reporting.completion_rate"].indicator.goal is None, "nothing is asked"


def test_who_is_judged_when_a_report_ends_counts_no_longer(office: Office) -> None:
    unit = office.unit()
    town.unit_report(unit, world.HOME, members=2)
    stays, leaves = (town.report(office, unit, world.HOME, name) for name in ("李强", "王敏"))
    for one in (stays, leaves):
        town.serve(one, 2)
    reviews = [town.begin(office, one) for one in (stays, leaves)]
    assert value(office, "completion_rate") is None, "no hours are asked: nobody has reached them"
    assert reviews[0].reached is None
    office.set(annual_hours=2)
    for one in reviews:
        yearly.count_anew(one, office.boss.served_by("dual_reporting"))
    lf.act(yearly.open, office.now(reviews[1]), office.secretary)
    assert value(office, "completion_rate") == 100
    lf.act(reporting.end, leaves, office.worker, reason="退休")
    office.events.deliver()
    assert office.now(reviews[1]).until == dt.date(2026, 9, 20)
    assert value(office, "completion_rate") == 100 and value(office, "reporting_rate") == 50
