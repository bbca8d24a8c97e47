"""How far a contract is: what was done, measured against what was promised and the time gone by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import lifang as lf
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.models import (
    Contract,
    Indicator,
    MonthlyReport,
    Progress,
    ServiceLog,
)
from lifang_agency_contracts.services.filling import same_contract


@dataclass(frozen=True)
class Measured:
    """One indicator at the end of a month; shares are hundredths of a percent, rounded half up."""

    of_month: int
    so_far: int
    completion: int
    behind: int
    light: str


def measure(indicator: Indicator, contract: Contract, month: str, caller: lf.Caller) -> Measured:
    """Count an indicator's accepted services up to the end of a month, and judge how far it is.

    What was rendered with a lapsed certificate does not count. `behind` is negative where the
    service is ahead of time.
    """
    first, after = span(month, caller)
    so_far = done(indicator, ServiceLog.start < after)
    of_month = done(indicator, ServiceLog.start < after, ServiceLog.start >= first)
    share, gone = Fraction(so_far, indicator.target), elapsed(contract, month)
    light = light_of(share, gone, contract)
    return Measured(of_month, so_far, _hundredths(share), _hundredths(gone - share), light)


def done(indicator: Indicator, *when: Any) -> int:
    """How much of an indicator was done, of what was accepted and rendered by the qualified."""
    counted: Any = (
        ServiceLog.indicator == indicator.id,
        ServiceLog.state == "accepted",
        ServiceLog.lapsed == False,  # noqa: E712 – SQL
        ServiceLog.removed_at.is_null(),
    )
    return policies.total(ServiceLog.quantity, *counted, *when)


def elapsed(contract: Contract, month: str) -> Fraction:
    """Which share of a contract's months has gone by when a month is over."""
    assert contract.starts_on and contract.ends_on  # noqa: S101 – a running contract has its term
    first = contract.starts_on.year * 12 + contract.starts_on.month
    whole = contract.ends_on.year * 12 + contract.ends_on.month - first + 1
    year, number = map(int, month.split("-"))
    gone = year * 12 + number - first + 1
    return Fraction(min(max(gone, 0), whole), whole)


def light_of(share: Fraction, gone: Fraction, contract: Contract) -> str:
    """Green where a service keeps up with time, yellow where it lags, red beyond the limit.

    Red too where most of the time is gone and too little done (settings `late_time`, `late_done`).
    """
    place, on = contract.community_id, contract.signed_on
    limit = Fraction(settings.behind_limit(place, on), 100)
    most, least = (
        Fraction(one(place, on), 100) for one in (settings.late_time, settings.late_done)
    )
    if gone - share > limit or (gone >= most and share < least):
        return "red"
    return "yellow" if gone > share else "green"


def span(month: str, caller: lf.Caller) -> tuple[dt.datetime, dt.datetime]:
    """The moments at which a month begins and is over."""
    first = dt.date.fromisoformat(f"{month}-01")
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return policies.midnight(first, caller), policies.midnight(after, caller)


def _hundredths(share: Fraction) -> int:
    return int((share * 20_000 + 1) // 2)


def count(line: Progress, caller: lf.Caller) -> None:
    """A line of the table says what is counted, whoever asks for it; nobody types it."""
    report = MonthlyReport.get_by_id(line.report_id)
    indicator = Indicator.get_by_id(line.indicator_id)
    same_contract(report, indicator)
    contract = Contract.get_by_id(report.contract_id)
    line.provider = contract.provider
    if report.state != "draft":
        return
    found = measure(indicator, contract, report.month, caller)
    line.target, line.of_month, line.so_far = indicator.target, found.of_month, found.so_far
    line.completion, line.behind, line.light = found.completion, found.behind, found.light
