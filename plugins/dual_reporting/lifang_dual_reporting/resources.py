"""Reports and service entries as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models import Report, ServiceEntry
from lifang_dual_reporting.services import accept, confirm, demand_true, end, void

reports = lf.Resource(
    Report,
    label="报到记录",
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

service_entries = lf.Resource(
    ServiceEntry,
    label="服务记录",
    columns=("person", "community", "start", "minutes", "content", "nature", "state"),
    search=["person.name", "content"],
    owner="person",
    unit="organization",
    locked=("minutes",),
    rules=[demand_true],
    actions=[confirm, void],
    editable=("submitted",),
    roles={
        "resident": "read:own create:own",
        "unit_liaison": "read:unit",
        "community_worker": "read create update confirm void import export",
        "community_secretary": "remove",
    },
)
