"""Reports of people and units as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting import documents
from lifang_dual_reporting.models import Report, Suspension, UnitReport
from lifang_dual_reporting.models.report import STANDING
from lifang_dual_reporting.services import entering, report, suspension, transfer, unit

reports = lf.Resource(
    Report,
    label="报到记录",
    scope="community",
    columns=("person", "organization", "community", "reported_on", "receipt_no", "state"),
    locked=(
        "accepted_on", "receipt_no", "grid", "suggested", "transfer_to", "transfer_asked_on",
        "transfer_due", "previous", "ended_on", "end_reason",
    ),
    search=["person.name", "organization.name"],
    owner="person",
    unit="organization",
    veiled=("political_status", "household_address", "agreed", "grid"),
    erasable=dict.fromkeys(
        (
            "political_status", "household_address", "post_title", "skills", "service_intent",
            "available_time", "slip_no", "end_reason",
        ),
        ("person",),
    ),
    checks={"political_status": entering.political_status},
    rules=[entering.complete],
    saved=[entering.take_consent],
    editable=STANDING,
    documents=[documents.receipt],
    timers=report.TIMERS,
    actions=[
        report.submit, report.accept, report.assign, report.reject, report.activate,
        suspension.suspend, suspension.resume, transfer.propose_transfer, transfer.ask_transfer,
        transfer.withdraw_transfer, transfer.release, transfer.redate, report.end, report.clear,
    ],
    roles={
        "resident": "read:own create:own update:own submit:own ask_transfer:own"
        " withdraw_transfer:own end:own reveal:own",
        "unit_liaison": "read:unit create:unit ask_transfer:unit withdraw_transfer:unit end:unit",
        "community_worker": "read create update submit accept assign reject ask_transfer"
        " withdraw_transfer release end import export",
        "community_secretary": "suspend resume remove reveal",
        "district_admin": "export_full",
    },
    never="activate propose_transfer redate clear",
)  # fmt: skip

suspensions = lf.Resource(
    Suspension,
    label="暂停记录",
    scope=lf.Via("report"),
    columns=("report", "reason", "since", "until"),
    owner="person",
    locked=("person",),
    dated="since",
    rules=[suspension.demand_days],
    erasable={"note": ("person",)},
    roles={
        "resident": "read:own",
        "community_worker": "read",
        "community_secretary": "create update remove export",
    },
    never="import",
)

unit_reports = lf.Resource(
    UnitReport,
    label="单位报到",
    columns=("organization", "community", "members_total", "reported_on", "receipt_no", "state"),
    search=["organization.name"],
    unit="organization",
    locked=("accepted_on", "receipt_no", "ended_on", "end_reason"),
    rules=[unit.complete],
    editable=("submitted", "accepted"),
    documents=[documents.unit_receipt],
    actions=[unit.accept, unit.reject, unit.end],
    roles={
        "unit_liaison": "read:unit create:unit update:unit end:unit reveal:unit",
        "community_worker": "read create update accept reject end import export",
        "community_secretary": "remove reveal",
        "district_admin": "export_full",
    },
)
