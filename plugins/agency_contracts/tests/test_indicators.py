"""What is reported upwards is counted from the records, and so the same however often."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from lifang.mechanisms import figures
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.testing import world
from lifang_agency_contracts.services.progress import light_of

YEAR = Period.read("2026")


def value(deal: Any, name: str, caller: Any = None) -> Any:
    caller = caller or deal.purchaser
    asked = figures.indicator(caller, f"agency_contracts.{name}")
    return (
        figures.table(caller, asked, Scope(within="620102001000", period=YEAR)).total.cells[0].value
    )


def test_execution_cost_and_services_are_counted_from_the_records(deal: Any, clock: Any) -> None:
    made = deal.procured()
    visits = deal.promise(made, "探访", 40)
    clock.move_to(deal.at("2026-03-20"))
    made = deal.begin(deal.sign(made, "2026-03-20"))
    deal.done(visits, deal.at("2026-03-18"), quantity=4, users=9)
    deal.log(visits, deal.at("2026-03-19"), quantity=7)  # not confirmed
    assert value(deal, "cost_per_service") == 0
    deal.pay(made, 1)
    for _again in range(2):
        assert value(deal, "services") == 4
        assert value(deal, "users") == 9
        assert value(deal, "budget_execution") == 50.0
        assert value(deal, "cost_per_service") == 60_000.00  # 240,000 yuan over four visits
        deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
        deal.events.deliver()
    with pytest.raises(Exception, match="没有"):
        value(deal, "services", deal.provider)


def test_lights_change_beyond_the_limit_and_late_in_the_term(deal: Any, clock: Any) -> None:

    made = deal.running()
    half = Fraction(1, 2)
    assert light_of(half, half, made) == "green"
    assert light_of(half - Fraction(1, 10), half, made) == "yellow"  # ten points exactly
    assert light_of(half - Fraction(1, 10) - Fraction(1, 1000), half, made) == "red"
    deal.decree(behind_limit="30")
    assert light_of(Fraction(59, 100), Fraction(79, 100), made) == "yellow"
    assert light_of(Fraction(59, 100), Fraction(80, 100), made) == "red"
    assert light_of(Fraction(60, 100), Fraction(80, 100), made) == "yellow"


def test_whoever_reads_contracts_but_no_place_is_offered_no_figures(deal: Any, caller: Any) -> None:
    """Figures are of places: a link to them would lead nowhere."""
    assert "agency_contracts.budget_execution" in [
        one.name for one in figures.indicators(deal.purchaser)
    ]
    assert figures.indicators(caller("auditor")) == []
