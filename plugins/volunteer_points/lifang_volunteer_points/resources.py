"""Volunteers, activities, records and the shop as people meet them."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_volunteer_points.models import (
    Activity,
    Award,
    Item,
    Redemption,
    ServiceRecord,
    Shift,
    SignUp,
    Star,
    Team,
    Training,
    Volunteer,
)
from lifang_volunteer_points.services import (
    activity,
    attendance,
    dispute,
    record,
    shop,
    star,
    volunteer,
)

teams = lf.Resource(
    Team,
    label="志愿团队",
    search=["name"],
    rules=[volunteer.demand_consent],
    actions=[volunteer.dissolve],
    editable=("active",),
    open=True,
    roles={
        "resident": "read",
        "community_worker": "read create update dissolve import export",
        "community_secretary": "remove",
    },
)

volunteers = lf.Resource(
    Volunteer,
    label="志愿者",
    columns=("number", "person", "community", "category", "team", "minutes", "stars", "state"),
    search=["person.name", "number"],
    owner="person",
    minors_hidden=True,
    locked=("number", "minutes", "points", "reached", "stars", "banned_until"),
    rules=[volunteer.register],
    actions=[volunteer.leave, volunteer.ban, volunteer.recount],
    editable=("registered",),
    timers=[
        "points_earned",
        "points_redeemed",
        "points_expired",
        "points_expiring",
        "star_reached",
    ],
    roles={
        "resident": "read:own create:own update:own leave:own",
        "community_worker": "read create update leave recount import export",
        "subdistrict_admin": "ban",
    },
    never="remove",
)

trainings = lf.Resource(
    Training,
    label="培训记录",
    scope=lf.Via("volunteer"),
    dated="day",
    roles={"community_worker": "read create update import export", "community_secretary": "remove"},
)

awards = lf.Resource(
    Award,
    label="表彰奖励",
    scope=lf.Via("volunteer"),
    dated="day",
    roles={"community_worker": "read create update import export", "community_secretary": "remove"},
)

activities = lf.Resource(
    Activity,
    label="志愿活动",
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
    columns=("person", "title", "community", "day", "minutes", "points", "sync_status", "state"),
    search=["person.name", "title"],
    owner="person",
    unit="organization",
    dated="day",
    hidden=("points_entry", "frozen_entry"),
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
        "unit_liaison": "read:unit",
        "community_worker": "read create confirm dispute evaluate mark_synced export",
        "subdistrict_admin": "audit approve_hours approve_late propose correct void lock",
        "district_admin": "enter_approval",
    },
    never="update remove import",
)  # fmt: skip

stars = lf.Resource(
    Star,
    label="星级",
    columns=("person", "community", "level", "minutes", "state"),
    owner="person",
    locked=("person", "community", "level", "minutes"),
    rules=[star.demand_hours],
    actions=[star.post, star.grant, star.reject],
    roles={
        "resident": "read:own create:own",
        "community_worker": "read create post export",
        "subdistrict_admin": "grant reject",
    },
    never="update remove import",
)

items = lf.Resource(
    Item,
    label="兑换物品",
    search=["name"],
    locked=("stock",),
    rules=[shop.demand_thanks],
    actions=[shop.restock, shop.write_off, shop.count_stock, shop.withdraw, shop.put_back],
    open=True,
    roles={
        "resident": "read",
        "community_worker": "read create update restock write_off count_stock withdraw put_back "
        "import export",
        "community_secretary": "remove",
    },
)

redemptions = lf.Resource(
    Redemption,
    label="积分兑换",
    scope=lf.Via("item"),
    columns=("item", "person", "quantity", "points", "state"),
    owner="person",
    hidden=("points_entry", "stock_entry"),
    locked=("person", "points", "code", "handed_out_by"),
    rules=[shop.reserve],
    saved=[shop.keep_for],
    actions=[
        shop.show_code, shop.pick_up, shop.sign_for, shop.cancel, shop.expire,
    ],
    timers=["pick_up_due"],
    roles={
        "resident": "read:own create:own show_code:own sign_for:own cancel:own",
        "community_worker": "read create pick_up sign_for cancel expire export",
    },
    never="update remove import",
)  # fmt: skip

resources: list[lf.Resource[Any]] = [
    teams, volunteers, trainings, awards, activities, shifts, sign_ups, service_records, stars,
    items, redemptions,
]  # fmt: skip
