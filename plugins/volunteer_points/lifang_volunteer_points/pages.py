"""What voluntary service shows on the dashboard, and on the desk of those who use it daily."""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.resources import (
    activities,
    certificates,
    redemptions,
    service_records,
    shifts,
    sign_ups,
    volunteers,
)

OPEN = ["draft", "submitted", "published", "full", "running"]
"""States in which an activity is not over."""

desk = lf.Desk([
    lf.Desk.panel(
        "待确认的服务记录", service_records, {"state": "pending"}, sort="start",
        columns=("person", "title", "day", "minutes"), actions=("confirm",),
        empty="没有待确认的服务记录。志愿者签退以后，记录会出现在这里。",
    ),
    lf.Desk.panel(
        "有异议的服务记录", service_records, {"state": "disputed"},
        columns=("person", "title", "day", "minutes"), actions=("propose", "correct", "void"),
        empty="没有有异议的服务记录。",
    ),
    lf.Desk.panel(
        "今天的班次", shifts, {"start__gte": lf.today, "start__lte": lf.today}, sort="start",
        columns=("activity", "start", "end", "slots"), actions=("show_arrival", "show_leaving"),
        empty="今天没有班次。",
    ),
    lf.Desk.panel(
        "待发布的活动", activities, {"state": "submitted"}, sort="start",
        columns=("title", "start", "people", "reviewed"),
        actions=("review", "publish", "take_back"), empty="没有待发布的活动。", create={},
    ),
    lf.Desk.panel(
        "待办结的活动", activities, {"state": "ended"}, sort="end",
        columns=("title", "end", "people"), actions=("settle",), empty="没有待办结的活动。",
    ),
    lf.Desk.panel(
        "待领取的兑换", redemptions, {"state": "reserved"},
        columns=("person", "item", "quantity", "created_at"), actions=("pick_up",),
        empty="没有待领取的兑换。",
    ),
    lf.Desk.panel(
        "待出具的证明", certificates, {"state": ["requested", "checked", "sealed"]},
        columns=("person", "since", "until", "state"), actions=("check", "seal", "issue"),
        empty="没有待出具的证明。",
    ),
    lf.Desk.panel(
        "我们单位的活动", activities, {"state": OPEN},
        reach="unit", columns=("title", "start", "people", "state"),
        actions=("submit", "take_back"), create={},
        empty="本单位没有正在进行的活动。可以新建一个，提交给社区发布。",
    ),
    lf.Desk.panel(
        "我的报名", sign_ups, {"state": ["signed_up", "waiting", "present"]}, reach="own",
        columns=("shift.activity", "shift.start", "shift.end", "state"),
        actions=("sign_in", "sign_out", "cancel"),
        empty="您没有报名参加的班次。请在「可以报名的班次」里选择。",
    ),
    lf.Desk.panel(
        "可以报名的班次", shifts, {"start__gte": lf.now}, reach="home", sort="start",
        columns=("activity", "start", "end", "slots"), choose=("报名", sign_ups),
        empty="附近还没有可以报名的班次。",
    ),
    lf.Desk.panel(
        "我的时长和积分", volunteers, {"state": "registered"}, reach="own", limit=1, create={},
        columns=("number", "minutes", "points", "stars"), total="minutes", over=60, unit="小时",
        empty="您还没有注册为志愿者。请先在下面同意「志愿者注册和服务记录」，再新建。",
    ),
    lf.Desk.panel(
        "我的服务记录", service_records, reach="own", sort="-id",
        columns=("title", "day", "minutes", "points", "state"), actions=("dispute",),
        empty="您还没有服务记录。参加活动、签到签退以后，记录会出现在这里。",
    ),
])  # fmt: skip


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many are registered, and what they can sign up for, where this caller looks."""
    registered = lf.count(volunteers, caller, shown=True, state="registered")
    wanted = lf.count(activities, caller, shown=True, state="published")
    return [
        lf.Card("注册志愿者", registered, "/p/volunteer-points/volunteers?state=registered"),
        lf.Card("报名中的活动", wanted, "/p/volunteer-points/activities?state=published"),
    ]
