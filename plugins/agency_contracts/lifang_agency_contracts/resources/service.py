"""Staff, promises, services, and how far they are."""

from __future__ import annotations

import lifang as lf
from lifang_agency_contracts import policies
from lifang_agency_contracts.models import Indicator, Progress, ServiceLog, StaffMember
from lifang_agency_contracts.services import progress as measuring
from lifang_agency_contracts.services import service
from lifang_agency_contracts.services.filling import of_its_provider

staff_members = lf.Resource(
    StaffMember,
    label="社工名册",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "person", "certificate", "valid_to", "since", "state"],
    locked=["provider", "lapsed_from", "renewed_on", "until"],
    rules=[of_its_provider, policies.demand_own_staff, service.demand_renewed],
    saved=[service.watch_certificate],
    timers=["certificate_expiring"],
    actions=[service.renew, service.lapse, service.leave],
    roles={
        "subdistrict_admin": "read leave export",
        "unit_liaison": "read:unit create:unit update:unit remove:unit renew:unit leave:unit",
    },
    never="lapse import export_full reveal",
)

indicators = lf.Resource(
    Indicator,
    label="合同指标",
    scope=lf.Via("contract"),
    unit="provider",
    columns=["contract", "kind", "name", "measure", "target"],
    search=["name"],
    locked=["provider"],
    rules=[of_its_provider, service.demand_promised],
    roles={
        "subdistrict_admin": "read create update remove export",
        "unit_liaison": "read:unit",
        "auditor": "read",
    },
    never="import export_full reveal",
)

service_logs = lf.Resource(
    ServiceLog,
    label="服务日志",
    unit="provider",
    dated=None,
    columns=["start", "contract", "indicator", "community", "staff_member", "users", "state"],
    locked=["provider", "lapsed"],
    editable=["recorded"],
    attachments={"evidence": "证明材料"},
    sealed=["accepted", "rejected"],
    rules=[of_its_provider, service.demand_true],
    actions=[service.supervise, service.confirm, service.reject, service.mark, service.count],
    roles={
        "community_worker": "read confirm reject",
        "unit_liaison": "read:unit create:unit update:unit remove:unit supervise:unit reject:unit",
        "subdistrict_admin": "export",
    },
    never="mark count place import export_full reveal",
)

progress = lf.Resource(
    Progress,
    label="服务量统计",
    noun="progress",
    scope=lf.Via("report"),
    unit="provider",
    columns=["report", "indicator", "target", "of_month", "so_far", "completion", "light"],
    locked=["provider", "target", "of_month", "so_far", "completion", "behind", "light"],
    rules=[measuring.count],
    roles={"subdistrict_admin": "read export", "unit_liaison": "read:unit create:unit"},
    never="update remove import export_full reveal",
)
