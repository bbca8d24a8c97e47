"""The clocks of the law: thirty days to sign, two working days to publish, seven to file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang_agency_contracts.services import contract


def told(deal: Any, name: str) -> list[dict[str, Any]]:
    deal.events.deliver()
    return [dict(one.data) for one in deal.events.published(f"agency_contracts.contract.{name}")]


def test_thirty_days_after_the_award_it_is_to_be_signed_and_two_days_before_that_is_told(
    deal: Any, clock: Any
) -> None:
    made = deal.procured(notice="2026-03-02")
    assert made.sign_due == dt.date(2026, 4, 1)
    clock.move_to(deal.at("2026-03-29", 23))
    assert told(deal, "sign_warned") == []
    clock.move_to(deal.at("2026-03-30", 0))
    [warning] = told(deal, "sign_warned")
    assert (warning["due"], warning["left"]) == ("2026-04-01", 2)
    clock.move_to(deal.at("2026-04-01", 23))
    assert told(deal, "sign_overdue") == []
    clock.move_to(deal.at("2026-04-02", 0))
    assert len(told(deal, "sign_overdue")) == 1
    with pytest.raises(lf.Conflict, match="已超过签订期限 2026-04-01"):
        deal.sign(made, "2026-04-02")
