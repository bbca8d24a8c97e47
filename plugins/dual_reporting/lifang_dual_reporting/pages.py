"""What dual reporting shows on the dashboard, and on the desks of those who use it daily."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang_dual_reporting.models.report import SERVING, STANDING
from lifang_dual_reporting.resources import (
    annual_reviews,
    feedbacks,
    post_claims,
    posts,
    reports,
    service_entries,
    unit_activities,
    unit_reports,
    unit_reviews,
    unit_tasks,
)


def this_year() -> int:
    """The year that runs."""
    return lf.today().year


def last_year() -> int:
    """The year that is over."""
    return lf.today().year - 1


def yesterday() -> dt.date:
    """The last day on which something due is late."""
    return lf.today() - dt.timedelta(days=1)


in_community = [
    lf.Desk.panel(
        "待接收的报到", reports, {"state": "submitted"},
        columns=("person", "organization", "reported_on", "channel"), actions=("accept", "reject"),
        create={}, empty="没有待接收的报到。收到纸质报到单的，请新建一条。",
    ),
    lf.Desk.panel(
        "待放行的转移", reports, {"state": SERVING, "transfer_asked_on__isnull": False},
        columns=("person", "transfer_to", "transfer_due"),
        actions=("release",), empty="没有待放行的转移。",
    ),
    lf.Desk.panel(
        "待确认的服务", service_entries, {"state": "submitted"},
        columns=("person", "start", "minutes", "content", "nature"), actions=("confirm", "void"),
        create={}, empty="没有待确认的服务。",
    ),
    lf.Desk.panel(
        "今天的服务", service_entries, {"start__gte": lf.today, "start__lte": lf.today},
        sort="start", columns=("person", "start", "end", "content", "state"),
        empty="今天还没有登记服务。",
    ),
    lf.Desk.panel(
        "逾期的单位任务", unit_tasks, {"state": "issued", "due_on__lte": yesterday},
        columns=("organization", "content", "due_on"), actions=("finish", "miss"),
        empty="没有逾期的单位任务。",
    ),
    lf.Desk.panel(
        "逾期未回执的服务反馈", feedbacks, {"state": "overdue"}, sort="sent_on",
        columns=("organization", "community", "period", "receipt_due"),
        empty="没有逾期未回执的服务反馈。",
    ),
    lf.Desk.panel(
        "逾期未回执的年度评议", annual_reviews, {"state": "overdue"},
        columns=("organization", "person", "community", "year", "receipt_due"),
        empty="没有逾期未回执的年度评议。",
    ),
    lf.Desk.panel(
        "逾期未回执的单位评议", unit_reviews, {"state": "overdue"},
        columns=("organization", "community", "year", "receipt_due"),
        empty="没有逾期未回执的单位评议。",
    ),
    lf.Desk.panel(
        "没有网格的人", reports, {"state": SERVING, "grid__isnull": True},
        columns=("person", "organization", "accepted_on"), actions=("assign",),
        empty="接收的人都有网格。",
    ),
    lf.Desk.panel(
        "名单上还没有报到的人", reports, {"state": "pending"},
        columns=("person", "organization", "created_at"), actions=("submit", "reject"),
        create={"listed": True}, empty="名单上的人都报到了。",
    ),
    lf.Desk.panel(
        "待接收的单位报到", unit_reports, {"state": "submitted"},
        columns=("organization", "members_total", "reported_on"), actions=("accept", "reject"),
        empty="没有待接收的单位报到。",
    ),
    lf.Desk.panel(
        "待确认的单位活动", unit_activities, {"state": "submitted"}, sort="day",
        columns=("organization", "day", "kind", "content", "people"), actions=("confirm", "void"),
        empty="没有待确认的单位活动。",
    ),
    lf.Desk.panel(
        "待启动的年度评议", annual_reviews, {"year": last_year, "state": "serving"},
        columns=("person", "organization", "minutes", "reached"), actions=("open",),
        empty="没有待启动的上年度评议。",
    ),
    lf.Desk.panel(
        "评议中的人", annual_reviews, {"state": "reviewing"},
        columns=("person", "organization", "year", "minutes"),
        actions=("own", "leader", "masses", "community", "organization", "sign"),
        empty="没有评议中的人。",
    ),
    lf.Desk.panel(
        "评议中的单位", unit_reviews, {"state": "reviewing"},
        columns=("organization", "year", "eligible"),
        actions=("own", "leader", "masses", "community", "organization", "sign"),
        empty="没有评议中的单位。",
    ),
]  # fmt: skip
"""For community workers and secretaries, and for those above them what is overdue below."""

in_unit = [
    lf.Desk.panel(
        "待回执的服务反馈", feedbacks, {"state": ["sent", "overdue"]}, reach="unit",
        sort="sent_on", columns=("period", "community", "people", "receipt_due", "state"),
        actions=("receipt",), empty="没有待回执的服务反馈。",
    ),
    lf.Desk.panel(
        "待回执的年度评议", annual_reviews, {"state": ["fed_back", "overdue"]}, reach="unit",
        columns=("person", "year", "grade", "receipt_due", "state"),
        actions=("receipt",), empty="没有待回执的年度评议。",
    ),
    lf.Desk.panel(
        "待回执的本单位评议", unit_reviews, {"state": ["fed_back", "overdue"]}, reach="unit",
        columns=("year", "community", "grade", "receipt_due", "state"),
        actions=("receipt",), empty="没有待回执的本单位评议。",
    ),
    lf.Desk.panel(
        "本单位的任务", unit_tasks, {"state": "issued"}, reach="unit",
        columns=("content", "community", "due_on"), actions=("finish",), empty="没有未完成的任务。",
    ),
    lf.Desk.panel(
        "待填写的领导点评", annual_reviews,
        {"state": "reviewing", "leader_grade__isnull": True}, reach="unit",
        columns=("person", "year", "minutes", "reached"), actions=("leader",),
        empty="没有待填写的领导点评。",
    ),
    lf.Desk.panel(
        "本单位待自评的评议", unit_reviews, {"state": "reviewing", "own_grade__isnull": True},
        reach="unit", columns=("year", "community", "reporting_rate", "completion_rate"),
        actions=("own",), empty="没有待自评的评议。",
    ),
    lf.Desk.panel(
        "还没有报到的人", reports, {"state": "pending"}, reach="unit",
        columns=("person", "community", "created_at"), create={"listed": True},
        empty="名单上的人都报到了。",
    ),
    lf.Desk.panel(
        "我们的人今年的服务", annual_reviews,
        {"year": this_year, "state__not": "closed"}, reach="unit",
        columns=("person", "community", "minutes", "target_minutes", "reached"),
        total="minutes", over=60, unit="小时", empty="本单位还没有人被社区接收。",
    ),
    lf.Desk.panel(
        "已暂停服务的人", reports, {"state": "suspended"}, reach="unit",
        columns=("person", "community", "accepted_on"), empty="没有人暂停服务。",
    ),
    lf.Desk.panel(
        "本单位的报到", unit_reports, {"state": ["submitted", "accepted"]}, reach="unit", limit=1,
        columns=("community", "members_total", "receipt_no", "state"), create={},
        empty="本单位还没有向所在社区报到。",
    ),
    lf.Desk.panel(
        "本单位的活动", unit_activities, {"state__not": "voided"}, reach="unit", sort="-day",
        columns=("day", "community", "kind", "content", "state"), create={},
        empty="还没有登记活动。到社区开展的活动，请在这里登记，由社区确认。",
    ),
]  # fmt: skip
"""For liaisons of units."""

of_oneself = [
    lf.Desk.panel(
        "我的报到", reports, {"state": STANDING}, reach="own", limit=1, create={},
        columns=("community", "organization", "receipt_no", "transfer_to", "state"),
        actions=("submit", "ask_transfer", "withdraw_transfer"),
        empty="您还没有向社区报到。应报到的在职人员，请在这里报到。",
    ),
    lf.Desk.panel(
        "我今年的服务时长", annual_reviews,
        {"year": this_year, "state__not": "closed"}, reach="own",
        limit=1, columns=("community", "minutes", "target_minutes", "reached", "state"),
        total="minutes", over=60, unit="小时", empty="社区接收您的报到以后，从这里看时长。",
    ),
    lf.Desk.panel(
        "待我自评", annual_reviews, {"state": "reviewing", "own_grade__isnull": True},
        reach="own", columns=("year", "community", "minutes"), actions=("own",),
        empty="现在没有待您自评的年度评议。",
    ),
    lf.Desk.panel(
        "我的岗位", post_claims, {"state": ["held", "waiting"]}, reach="own",
        columns=("post", "claimed_on", "state"), actions=("give_up",),
        empty="您还没有认领岗位。请在「可以认领的岗位」里选择。",
    ),
    lf.Desk.panel(
        "可以认领的岗位", posts, {"state": "open"}, reach="own",
        columns=("name", "category", "slots", "taken", "skill"), choose=("认领", post_claims),
        empty="您报到的社区还没有可以认领的岗位。",
    ),
    lf.Desk.panel(
        "我的服务记录", service_entries, reach="own", sort="-start", create={},
        columns=("content", "start", "minutes", "nature", "stars", "state"),
        empty="您还没有服务记录。",
    ),
]  # fmt: skip
"""For whoever reports; also on `/me`."""

desk = lf.Desk([*in_community, *in_unit, *of_oneself])


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many people report where this caller looks."""
    serving = lf.count(reports, caller, shown=True, state=list(SERVING))
    query = "&".join(f"state={state}" for state in SERVING)
    return [lf.Card("已报到人数", serving, f"/p/dual-reporting/reports?{query}")]
