"""Service cards: what a community confirmed of somebody's year, on paper, with the rating codes.

Employers are not shown them: whoever was served rates by the codes.
"""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents
from lifang_dual_reporting.models import ServiceCard
from lifang_dual_reporting.policies import refuse


def fill(card: ServiceCard, caller: lf.Caller) -> None:
    """A rule: a card is of an accepted report and its person, of a year in which it stood."""
    if card.number is not None:
        return
    report = card.report
    if card.person_id != report.person_id:
        refuse("person", "other", _("这份报到不是这个人的"))
    if report.accepted_on is None:
        refuse("report", "not_accepted", _("社区还没有接收这份报到"))
    last = (report.ended_on or lf.today()).year
    if not report.accepted_on.year <= card.year <= last:
        known = _("{since} 至 {until}", since=report.accepted_on.year, until=last)
        refuse("year", "range", _("这份报到的年度为 {known}", known=known))
    card.issued_on = lf.today()
    card.number = documents.card_number.next(report.community, caller)


def issue(card: ServiceCard, caller: lf.Caller) -> None:
    """Print a card that was made just now."""
    assert card.number is not None and card.issued_on is not None  # noqa: S101 – filled before
    documents.service_card.issue(
        card, caller, number=card.number, issuer=card.report.community.name, on=card.issued_on,
        holder=str(card.person.name),
    )  # fmt: skip
