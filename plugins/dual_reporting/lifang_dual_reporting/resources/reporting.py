"""Reports as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.services.report import accept, end

reports = lf.Resource(
    Report,
    label="报到记录",
    scope="community",
    columns=("person", "organization", "community", "reported_on", "receipt_no", "state"),
    locked=(
        "accepted_on",
        "receipt_no",
        "suggested",
        "transfer_to",
        "transfer_asked_on",
        "transfer_due",
        "previous",
        "ended_on",
        "end_reason",
    ),
    search=["person.name", "organization.name"],
    owner="person",
    unit="organization",
    actions=[accept, end],
    roles={
        "resident": "read:own create:own end:own",
        "unit_liaison": "read:unit",
        "community_worker": "read create update accept end import export",
        "community_secretary": "remove",
    },
)
