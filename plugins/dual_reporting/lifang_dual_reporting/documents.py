"""What stands on the papers that are issued."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import Report, UnitReport

receipt_number = lf.Number("dual_reporting.receipt", "回执号", "SBD-{code}-{year}-{n:04}")
unit_receipt_number = lf.Number("dual_reporting.unit_receipt", "回执号", "DBD-{code}-{year}-{n:04}")


def receipt_content(report: Report, caller: lf.Caller) -> list[lf.Section]:
    """Who reported to which community and when: the employer keeps it, so it says no address."""
    unit = report.organization.name if report.organization is not None else "—"
    rows = (
        (_("姓名"), report.person.name),
        (_("单位及职务"), f"{unit} {report.post_title or ''}".strip()),
        (_("接收社区"), report.community.name),
        (_("报到日期"), str(report.reported_on or "—")),
        (_("接收日期"), str(report.accepted_on)),
        (_("回执号"), report.receipt_no or ""),
    )
    return [lf.Section(_("报到回执"), (_("事项"), _("内容")), rows)]


def unit_receipt_content(report: UnitReport, caller: lf.Caller) -> list[lf.Section]:
    """Which unit reported to which community, and with how many people."""
    rows = (
        (_("单位"), report.organization.name),
        (_("党组织书记"), report.secretary),
        (_("联络员"), report.liaison),
        (_("应报到人数"), str(report.members_total)),
        (_("接收社区"), report.community.name),
        (_("报到日期"), str(report.reported_on or "—")),
        (_("接收日期"), str(report.accepted_on)),
        (_("回执号"), report.receipt_no or ""),
    )
    return [lf.Section(_("单位报到回执"), (_("事项"), _("内容")), rows)]


receipt = lf.Document("dual_reporting.receipt", "社区报到回执", content=receipt_content)
unit_receipt = lf.Document(
    "dual_reporting.unit_receipt", "单位报到回执", content=unit_receipt_content
)
