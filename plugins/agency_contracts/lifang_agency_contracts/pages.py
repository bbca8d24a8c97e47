"""What agency contracts show on the dashboard."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_agency_contracts import settings
from lifang_agency_contracts.models import Contract
from lifang_agency_contracts.resources.contract import contracts

DUTIES = (
    ("sign_due", "signed_on", "签订"),
    ("publish_due", "published_on", "公告"),
    ("file_due", "filed_on", "备案"),
)
"""The last day for something, the day on which it was done, and what it is."""


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many contracts must soon be signed, published or filed, and which is the next."""
    pressing = sorted(
        (left, contract.name, word)
        for contract in lf.each(contracts, caller, state=["procured", "signed", "filed"])
        for left, word in _pressing(contract)
    )
    if not pressing:
        return []
    left, name, word = pressing[0]
    told = {"name": name, "what": _(word), "n": abs(left)}
    note = (
        _("「{name}」{what}：剩余{n}天", **told)
        if left >= 0
        else _("「{name}」{what}：已超期{n}天", **told)
    )
    link = "/p/agency-contracts/contracts?state=procured&state=signed&state=filed"
    return [lf.Card("临期合同事项", str(len(pressing)), link, note)]


def _pressing(contract: Contract) -> list[tuple[int, str]]:
    """What is due for a contract within the days of warning, and how many natural days are left."""
    ahead = settings.warn_days(contract.community_id)
    return [
        (left, word)
        for due, done, word in DUTIES
        if getattr(contract, due) is not None and getattr(contract, done) is None
        if (left := (getattr(contract, due) - lf.today()).days) <= ahead
    ]
