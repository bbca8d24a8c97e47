"""What is done with reports, from the list of those who should report to the end."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_dual_reporting import documents, settings
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.models.report import SERVING, STANDING
from lifang_dual_reporting.policies import community_of, covers, refuse
from lifang_dual_reporting.services.entering import demand_scope, is_own, take_consent

Suggested = Annotated[
    lf.Community | None, "应报到的社区", "代码或全称；不填则按居住地", Report.suggested
]
Grid = Annotated[lf.Community | None, "网格", "不填则按居住地"]
TIMERS = ("activate_due", "release_due", "resume_due")


@lf.action("提交", moves={"pending": "submitted"}, among={"state": "pending"})
def submit(
    report: Report,
    caller: lf.Caller,
    *,
    slip_no: Annotated[str, "报到单编号", "代为登记时填写；网上由本人提交的不填"] = "",
    agreed: Annotated[bool, "单独同意", "同意社区处理政治面貌和居住小区楼号"] = False,
) -> lf.Data:
    """Somebody on the list reports: by themselves, or by a slip that a worker enters."""
    own = is_own(report, caller)
    if not own and not slip_no:
        refuse("slip_no", "required", _("请填写本人签字的报到单编号；没有报到单的由本人在网上提交"))
    report.channel, report.slip_no = ("online", None) if own else ("paper", slip_no)
    report.agreed, report.reported_on = report.agreed or bool(agreed), lf.today()
    demand_scope(report, caller)
    take_consent(report, caller)
    return _whose(report)


@lf.action("接收", moves={"submitted": "accepted"})
def accept(report: Report, caller: lf.Caller, *, grid: Grid = None) -> lf.Data:
    """Accept a submitted report on behalf of the community, and issue its receipt."""
    place = report.community
    report.grid = _inside(report, grid) or _grid_of_home(report)
    report.accepted_on = lf.today()
    report.receipt_no = documents.receipt_number.next(place, caller)
    documents.receipt.issue(
        report, caller, number=report.receipt_no, issuer=place.name, on=lf.today(),
        holder=report.person.name,
    )  # fmt: skip
    after = dt.timedelta(days=settings.activate_days(place))
    lf.timer(report, caller, "activate_due", lf.now() + after)
    return _whose(report) | {"receipt_no": report.receipt_no}


@lf.action(
    "划入网格",
    event="assigned",
    when=lambda view: view["state"] in SERVING,
    among={"state": list(SERVING)},
)
def assign(report: Report, caller: lf.Caller, *, grid: Annotated[lf.Community, "网格"]) -> lf.Data:
    """Put somebody who serves into a grid of the community, also after they were accepted."""
    if report.state not in SERVING:
        raise lf.Conflict(_("只有已接收的报到可以划入网格"))
    report.grid = _inside(report, grid)
    return _whose(report)


@lf.action("退回", moves={"submitted": "rejected", "pending": "rejected"}, waits=False)
def reject(
    report: Report, caller: lf.Caller, *, reason: str, suggested: Suggested = None
) -> lf.Data:
    """Send a report back that belongs elsewhere, and name the right community if it is known."""
    right = suggested or _home_elsewhere(report)
    report.suggested_id = right.id if right is not None else None
    report.ended_on, report.end_reason = lf.today(), reason
    return _whose(report) | {"suggested": report.suggested_id}


@lf.action(
    "开始服务",
    moves={"accepted": "active"},
    event="activated",
    when=lambda _view: False,
    among={"id": 0},
    waits=False,
)
def activate(report: Report, caller: lf.Caller) -> lf.Data:
    """A first post was chosen, or the days to choose one are over."""
    lf.timer(report, caller, "activate_due", None)
    return _whose(report)


@lf.action("结束", moves=dict.fromkeys(STANDING, "ended"), waits=False)
def end(report: Report, caller: lf.Caller, *, reason: str) -> lf.Data:
    """End a report: retired, left the unit, moved out of the city, or one's own wish."""
    for name in TIMERS:
        lf.timer(report, caller, name, None)
    report.ended_on, report.end_reason = lf.today(), reason
    return _whose(report)


@lf.action("清除敏感信息", event="cleared", when=lambda _view: False, among={"id": 0}, waits=False)
def clear(report: Report, caller: lf.Caller) -> None:
    """Keep no longer what was given with a consent that was taken back."""
    for name in ("political_status", "household_address"):
        setattr(report, name, None)
        setattr(report, f"{name}_mask", None)
    report.agreed = False


def _whose(report: Report) -> dict[str, Any]:
    """Whom an event is about, for those who tell the employer."""
    return {"person": report.person_id, "organization": report.organization_id}


def _inside(report: Report, grid: lf.Community | None) -> lf.Community | None:
    place = report.community
    if grid is not None and not (grid.kind == "grid" and covers(place, grid)):
        refuse("grid", "outside", _("网格须在「{name}」之内", name=place.name))
    return grid


def _grid_of_home(report: Report) -> lf.Community | None:
    for home in lf.Community.tied_to(report.person, "resides"):
        grid = home.parent if home.kind == "building" else home
        if grid is not None and grid.kind == "grid" and covers(report.community, grid):
            return grid
    return None


def _home_elsewhere(report: Report) -> lf.Community | None:
    homes = [community_of(home) for home in lf.Community.tied_to(report.person, "resides")]
    return next((home for home in homes if home.id != report.community_id), None)
