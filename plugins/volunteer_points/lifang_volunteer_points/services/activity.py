"""Activities and shifts: published before they happen, and settled when every hour is recorded."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import Activity, ServiceRecord, Shift, SignUp
from lifang_volunteer_points.policies import (
    RECORD_WORKING_DAYS,
    demand_title,
    local,
    refuse,
)
from lifang_volunteer_points.services.attendance import arriving, leaving, places
from lifang_volunteer_points.settings import review_people

OPEN = ("published", "full", "running")


def demand_sound(activity: Activity, caller: lf.Caller) -> None:
    """An activity ends after it began, is for somebody, and is voluntary service."""
    if activity.state not in ("draft", "submitted"):
        return
    demand_title(activity.title, int(activity.community_id))
    if activity.end <= activity.start:
        refuse("end", "before_start", _("结束时间须晚于开始时间"))
    if activity.people < 1:
        refuse("people", "too_few", _("计划人数至少为 1"))
    if activity.position:
        lf.CheckIn.position(activity.position)


@lf.action("提交", moves={"draft": "submitted"})
def submit(activity: Activity, caller: lf.Caller) -> None:
    """Ask for an activity to be published."""


@lf.action("退回修改", moves={"submitted": "draft"}, event="returned", waits=False)
def take_back(activity: Activity, caller: lf.Caller) -> None:
    """Change something before it is published; what was reviewed is reviewed again."""
    activity.reviewed = False


@lf.action("街道审核", event="reviewed", among={"state": "submitted"})
def review(activity: Activity, caller: lf.Caller) -> None:
    """The subdistrict agrees to an activity that is risky or large."""
    if activity.state != "submitted":
        raise lf.Conflict(_("只有「已提交」的活动可以审核"))
    activity.reviewed = True


@lf.action("发布", moves={"submitted": "published"})
def publish(activity: Activity, caller: lf.Caller) -> None:
    """Let volunteers sign up, before it happens and never afterwards.

    Risky tasks are told of and insured first (志愿服务条例 第十五条至第十七条).
    """
    if activity.start <= lf.now():
        refuse("start", "past", _("活动须在开始之前发布；已经过去的服务请按逾期记录办理"))
    if activity.risky and not activity.risk_note:
        refuse("risk_note", "required", _("有人身危险的活动须写明风险"))
    if activity.risky and not activity.insurance:
        refuse("insurance", "required", _("有人身危险的活动须先购买人身意外伤害保险"))
    most = review_people(int(activity.community_id))
    if not activity.reviewed and (activity.risky or activity.people > most):
        raise lf.Conflict(_("有人身危险或超过 {n} 人的活动须先经街道审核", n=most))
    lf.timer(activity, caller, "begins", activity.start)
    lf.timer(activity, caller, "ends", activity.end)


@lf.action("报满", moves={"published": "full"}, when=lambda _view: False, waits=False)
def fill(activity: Activity, caller: lf.Caller) -> None:
    """No shift has a place left."""


@lf.action(
    "重新开放报名",
    moves={"full": "published"},
    event="reopened",
    when=lambda _view: False,
    waits=False,
)
def reopen(activity: Activity, caller: lf.Caller) -> None:
    """A place has come free."""


@lf.action("开始", moves={"published": "running", "full": "running"}, event="begun", waits=False)
def begin(activity: Activity, caller: lf.Caller) -> None:
    """An activity begins."""


@lf.action("结束", moves={"running": "ended"})
def finish(activity: Activity, caller: lf.Caller) -> None:
    """An activity is over; by law its service is recorded within ten working days."""
    day = local(activity.end, caller).date()
    lf.deadline(activity, caller, "records_due", start=day, working_days=RECORD_WORKING_DAYS)


@lf.action("办结", moves={"ended": "settled"})
def settle(activity: Activity, caller: lf.Caller) -> None:
    """Close an activity once everybody who came has a record that was judged."""
    shifts = Shift.select(Shift.id).where(Shift.activity == activity)
    there = SignUp.select().where(SignUp.shift.in_(shifts), SignUp.state == "present")
    if there.exists():
        raise lf.Conflict(_("还有人没有签退；请先代签"))
    open_ones = (ServiceRecord.activity == activity) & (ServiceRecord.state == "pending")
    if ServiceRecord.select().where(open_ones).exists():
        raise lf.Conflict(_("还有服务记录没有确认"))
    lf.timer(activity, caller, "records_due", None)


@lf.action(
    "取消",
    moves=dict.fromkeys(("draft", "submitted", "published", "full"), "cancelled"),
    waits=False,
)
def cancel(activity: Activity, caller: lf.Caller, *, reason: str) -> None:
    """Let an activity not happen."""
    for name in ("begins", "ends"):
        lf.timer(activity, caller, name, None)


def demand_within(shift: Shift, caller: lf.Caller) -> None:
    """A shift lies within its activity and has places."""
    activity = shift.activity
    if not activity.start <= shift.start < shift.end <= activity.end:
        refuse("start", "outside", _("班次须在活动的开始和结束时间之内"))
    if shift.slots < 1:
        refuse("slots", "too_few", _("名额至少为 1"))


def offer_places(shift: Shift, caller: lf.Caller) -> None:
    """Let as many be claimed as were said; who moves up is told."""
    for number in places.offer(shift, caller, shift.slots):
        lf.tell(shift, caller, "moved_up", sign_up=number)


@lf.action("出示签到码", event="arrival_shown")
def show_arrival(shift: Shift, caller: lf.Caller) -> None:
    """Show the code by which volunteers sign in, good for a minute or two."""
    _show(shift, caller, arriving, "check-in")


@lf.action("出示签退码", event="leaving_shown")
def show_leaving(shift: Shift, caller: lf.Caller) -> None:
    """Show the code by which volunteers sign out, good for a minute or two."""
    _show(shift, caller, leaving, "check-out")


def _show(shift: Shift, caller: lf.Caller, kind: lf.CheckIn, form: str) -> None:
    code, _until = kind.code(shift, caller)
    link = f"/p/volunteer-points/shifts/{shift.id}/actions/{form}?code={code}"
    shift.shown_once = {"code": code, "link": link}
