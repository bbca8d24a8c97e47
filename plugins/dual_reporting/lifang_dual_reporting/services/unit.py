"""What is done with the reports of units, and what must hold of them."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents
from lifang_dual_reporting.models import UnitReport
from lifang_dual_reporting.policies import covers, refuse


def complete(report: UnitReport, caller: lf.Caller) -> None:
    """A rule: a unit reports once, to the community where it is, with the people it has."""
    if report.members_total < 0:
        refuse("members_total", "minimum", _("应报到人数不能小于 0"))
    if report.reported_on is not None and report.reported_on > lf.today():
        refuse("reported_on", "future", _("报到日期不能晚于今天"))
    before = UnitReport.get_or_none(UnitReport.id == report.id)
    if before is not None:
        moved = report.community_id != before.community_id and before.community.valid_to is None
        if before.state == "accepted" and moved:
            raise lf.Conflict(_("已接收的单位报到不能改社区；请结束后重新报到"))
        return
    report.reported_on = report.reported_on or lf.today()
    mine = UnitReport.organization == report.organization_id, UnitReport.removed_at.is_null()
    if UnitReport.select().where(*mine, UnitReport.state.in_(("submitted", "accepted"))).exists():
        raise lf.Conflict(_("该单位已经报到；单位只向一个社区报到"))
    sites = lf.Community.tied_to(report.organization, "located")
    if sites and not any(covers(report.community, site) for site in sites):
        refuse("community", "elsewhere", _("单位不在「{name}」", name=report.community.name))


@lf.action("接收", moves={"submitted": "accepted"})
def accept(report: UnitReport, caller: lf.Caller) -> lf.Data:
    """Accept a unit's report on behalf of the community, and issue its receipt."""
    report.accepted_on = lf.today()
    report.receipt_no = documents.unit_receipt_number.next(report.community, caller)
    documents.unit_receipt.issue(
        report, caller, number=report.receipt_no, issuer=report.community.name, on=lf.today(),
    )  # fmt: skip
    return {"organization": report.organization_id, "receipt_no": report.receipt_no}


@lf.action("退回", moves={"submitted": "rejected"}, waits=False)
def reject(report: UnitReport, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Send a unit's report back, and say what would be right."""
    report.ended_on, report.end_reason = lf.today(), reason
    return {"organization": report.organization_id}


@lf.action("结束", moves={"submitted": "ended", "accepted": "ended"}, waits=False)
def end(report: UnitReport, caller: lf.Caller, *, reason: str) -> lf.Data:
    """The unit has gone, or was closed: it reports here no more."""
    report.ended_on, report.end_reason = lf.today(), reason
    return {"organization": report.organization_id}
