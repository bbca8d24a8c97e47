"""Activities, attendance and records as people meet them."""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.models import Activity, ServiceRecord, Shift, SignUp
from lifang_volunteer_points.services import activity, attendance, dispute, record

activities = lf.Resource(
    Activity,
    label="志愿活动",
    title="title",
    columns=("title", "category", "community", "start", "end", "people", "state"),
    search=["title", "venue"],
    unit="organization",
    locked=("reviewed",),
    rules=[activity.demand_sound],
    actions=[
        activity.submit, activity.take_back, activity.review, activity.publish, activity.fill,
        activity.reopen, activity.begin, activity.finish, activity.settle, activity.cancel,
    ],
    editable=("draft",),
    open=True,
    timers=["begins", "ends", "records_due"],
    roles={
        "resident": "read",
        "unit_liaison": "read:unit create:unit update:unit submit:unit take_back:unit",
        "community_worker": "read create update submit take_back settle cancel fill reopen begin "
        "finish import export",
        "community_secretary": "publish remove",
        "subdistrict_admin": "review",
    },
)  # fmt: skip

shifts = lf.Resource(
    Shift,
    label="班次",
    scope=lf.Via("activity"),
    columns=("activity", "start", "end", "slots"),
    locked=("code", "link"),
    rules=[activity.demand_within],
    saved=[activity.offer_places],
    actions=[
        activity.show_arrival, activity.show_leaving, attendance.check_in, attendance.check_out,
    ],
    open=True,
    timers=["moved_up", "distances_due"],
    roles={
        "resident": "read check_in check_out",
        "community_worker": "read create update show_arrival show_leaving",
    },
    never="remove",
)  # fmt: skip

sign_ups = lf.Resource(
    SignUp,
    label="报名和签到",
    scope=lf.Via("shift"),
    columns=("shift", "volunteer", "person", "signed_in", "signed_out", "method", "state"),
    owner="person",
    locked=("person", "signed_in", "signed_out", "method"),
    rules=[attendance.take_place],
    saved=[attendance.remind],
    actions=[
        attendance.sign_in, attendance.sign_out, attendance.enter_arrival,
        attendance.enter_leaving, attendance.cancel, attendance.promote, attendance.miss,
    ],
    timers=["starting", "sign_out_missing"],
    roles={
        "resident": "read:own create:own cancel:own sign_in:own sign_out:own",
        "community_worker": "read create cancel enter_arrival enter_leaving promote miss export",
    },
    never="update remove import",
)  # fmt: skip

service_records = lf.Resource(
    ServiceRecord,
    label="志愿服务记录",
    title="title",
    columns=("person", "title", "community", "day", "minutes", "points", "sync_status", "state"),
    search=["person.name", "title"],
    owner="person",
    unit="organization",
    dated="day",
    hidden=("points_entry", "frozen_entry", "coins_entry"),
    erasable={"content": ("person",), "evaluation": ("person",)},
    locked=(
        "person", "day", "real_minutes", "minutes", "points", "late_approved", "recorder",
        "approved_hours", "rating", "evaluation", "evaluated_on", "sync_status", "decision",
        "decided_minutes", "decided_by",
    ),
    rules=[record.complete],
    saved=[record.start_clocks],
    actions=[
        record.confirm, record.approve_hours, record.approve_late, record.enter_approval,
        record.audit, record.lock, dispute.dispute, dispute.propose, dispute.correct, dispute.void,
        record.evaluate, record.mark_synced,
    ],
    timers=["confirm_due", "legal_due", "lock_due"],
    roles={
        "resident": "read:own dispute:own",
        "unit_liaison": "read:unit export:unit",
        "community_worker": "read create confirm dispute evaluate mark_synced export",
        "subdistrict_admin": "audit approve_hours approve_late propose correct void lock",
        "district_admin": "enter_approval",
    },
    never="update remove import",
)  # fmt: skip
