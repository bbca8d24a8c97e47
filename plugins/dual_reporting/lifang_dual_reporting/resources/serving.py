"""Service entries as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.models import ServiceEntry
from lifang_dual_reporting.services.entry import confirm, demand_true, void

service_entries = lf.Resource(
    ServiceEntry,
    label="服务记录",
    columns=("person", "community", "start", "minutes", "content", "nature", "state"),
    search=["person.name", "content"],
    owner="person",
    unit="organization",
    locked=("minutes", "code", "confirmed_on", "source"),
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
