"""Monthly reports: every indicator is counted, and what is far behind is told."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_agency_contracts import settings
from lifang_agency_contracts.models import Contract, Indicator, MonthlyReport
from lifang_agency_contracts.resources.service import progress
from lifang_agency_contracts.services.progress import span

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@lf.action("报送", moves={"draft": "submitted"})
def submit(report: MonthlyReport, caller: lf.Caller) -> lf.Data:
    """Report a month: every indicator is counted, and what is far behind is told."""
    if span(report.month, caller)[1] > lf.now():
        raise lf.Conflict(_("{month} 还没有结束，不能报送", month=report.month))
    report.submitted_on = lf.today()
    contract = Contract.get_by_id(report.contract_id)
    mine = Indicator.contract == report.contract_id, Indicator.removed_at.is_null()
    for indicator in Indicator.select().where(*mine).order_by(Indicator.id):
        told = {"report": report.id, "indicator": indicator.id}
        line = lf.write(progress, "create", caller, told)
        if line.light == "red":
            lf.tell(
                contract, caller, "indicator_behind",
                indicator=int(indicator.id), label=indicator.name, month=report.month,
                completion=line.completion, behind=line.behind,
            )  # fmt: skip
    return {"contract": report.contract_id, "month": report.month}


@lf.action("月报缺报", event="report_missing")
def miss(contract: Contract, caller: lf.Caller, *, month: Annotated[str, "月份"]) -> None:
    """A month's report was not sent in time."""
    contract.missing_month = month


@lf.action("审阅", moves={"submitted": "accepted"})
def accept(report: MonthlyReport, caller: lf.Caller) -> None:
    """The purchaser has read a month's report."""


def demand_month(report: MonthlyReport, caller: lf.Caller) -> None:
    """A report is of one month of its contract's term, and due early in the next."""
    contract = Contract.get_by_id(report.contract_id)
    first, last = contract.starts_on, contract.ends_on
    if first is None or last is None:
        raise lf.Conflict(_("合同还没有签订，不能报送月报"))
    known = MONTH.fullmatch(report.month) is not None
    if not known or not f"{first:%Y-%m}" <= report.month <= f"{last:%Y-%m}":
        sentence = _("月份写作 2026-08，且在合同期 {first} 至 {last} 内", first=first, last=last)
        raise lf.Invalid.about("month", "range", sentence)
    month = dt.date.fromisoformat(f"{report.month}-01") + dt.timedelta(days=31)
    report.due = month.replace(day=settings.report_day(contract.community_id))
