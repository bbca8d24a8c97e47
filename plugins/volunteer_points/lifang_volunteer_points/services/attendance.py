"""Signing up, coming and leaving."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import Activity, Shift, SignUp, Volunteer
from lifang_volunteer_points.policies import demand_serving, local, refuse
from lifang_volunteer_points.settings import (
    geo_metres,
    geo_people,
    sign_ins_a_day,
    window_minutes,
)

places = lf.Places("volunteer_points.shift", "班次名额")
arriving = lf.CheckIn("volunteer_points.sign_in", "签到")
leaving = lf.CheckIn("volunteer_points.sign_out", "签退")

GROWN_UP = 18
STANDING = ("signed_up", "waiting", "present", "served")
A_DAY, AN_HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
Code = Annotated[str, "签到码", "现场正在显示的码"]
Position = Annotated[str, "位置", "纬度,经度；只在此刻核对距离，不保存", lf.CheckIn.passing]


def take_place(sign_up: SignUp, caller: lf.Caller) -> None:
    """A new sign-up gets a place, or waits for one; who may not serve gets neither."""
    if sign_up.person_id is not None:
        return
    volunteer, shift = sign_up.volunteer, sign_up.shift
    demand_serving(volunteer)
    demand_open(shift)
    demand_fit(volunteer, shift.activity, caller)
    demand_free(volunteer, shift)
    sign_up.person = volunteer.person
    held = places.claim(shift, caller, sign_up)
    sign_up.state = "signed_up" if held else "waiting"


def remind(sign_up: SignUp, caller: lf.Caller) -> None:
    """Let whoever has a place be reminded a day before."""
    if sign_up.state == "signed_up" and sign_up.shift.start - A_DAY > lf.now():
        lf.timer(sign_up, caller, "starting", sign_up.shift.start - A_DAY)


def demand_open(shift: Shift) -> None:
    """One signs up for what is published and not over."""
    if shift.activity.state not in ("published", "full", "running") or shift.end <= lf.now():
        refuse("shift", "closed", _("这个班次现在不能报名"))


def demand_fit(volunteer: Volunteer, activity: Activity, caller: lf.Caller) -> None:
    """Tasks fit age and skill (志愿服务条例 第十五条、第十六条); rescue is nothing for minors."""
    skill, day = activity.skill, local(activity.start, caller).date()
    least = max(activity.min_age or 0, GROWN_UP if activity.category == "rescue" else 0)
    if least:
        fits = lf.aged(volunteer.person, caller, least, day)
        if fits is None:
            refuse("volunteer", "age", _("没有登记出生日期，无法核对年龄；请先到社区登记"))
        if not fits:
            refuse("volunteer", "age", _("这项活动须年满 {n} 周岁", n=least))
    if skill and skill not in (volunteer.skills or ""):
        refuse("volunteer", "skill", _("这项活动需要技能「{skill}」", skill=skill))


def demand_free(volunteer: Volunteer, shift: Shift) -> None:
    """Nobody is at two places at once."""
    other = Shift.alias()
    at_once = (
        SignUp.select()
        .join(other)
        .where(
            SignUp.volunteer == volunteer,
            SignUp.shift != shift,
            SignUp.state.in_(STANDING),
            SignUp.removed_at.is_null(),
            other.start < shift.end,
            other.end > shift.start,
        )
    )
    if at_once.exists():
        refuse("shift", "overlaps", _("这名志愿者在同一时间已经报名了另一个班次"))


@lf.action("取消报名", moves={"signed_up": "cancelled", "waiting": "cancelled"}, waits=False)
def cancel(sign_up: SignUp, caller: lf.Caller) -> None:
    """Give a place back; the first who waits gets it."""
    lf.timer(sign_up, caller, "starting", None)
    next_one = places.release(sign_up.shift, caller, sign_up)
    if next_one is not None:
        lf.tell(sign_up.shift, caller, "moved_up", sign_up=next_one)


@lf.action(
    "递补", moves={"waiting": "signed_up"}, event="promoted", when=lambda _view: False, waits=False
)
def promote(sign_up: SignUp, caller: lf.Caller) -> None:
    """Whoever waited has a place now."""
    remind(sign_up, caller)
    if not places.holds(sign_up.shift, caller, sign_up):
        raise lf.Conflict(_("名额已满"))


@lf.action("签到", moves={"signed_up": "present"}, event="arrived")
def sign_in(
    sign_up: SignUp, caller: lf.Caller, *, code: Code = "", position: Position = ""
) -> lf.Data:
    """Come to a shift by the code shown there; by position only where very many come."""
    demand_few(sign_up, lf.now(), caller)
    shift, place = sign_up.shift, int(sign_up.shift.activity.community_id)
    window = around(shift.start, place)
    if position and not code:
        activity = shift.activity
        if activity.people < geo_people(place) or not activity.position:
            refuse("position", "small", _("只有 {n} 人以上的活动可以定位签到；请扫现场的签到码",
                                          n=geo_people(place)))  # fmt: skip
        seen = arriving.locate(
            shift, caller, sign_up.person, position,
            place=activity.position, within=geo_metres(place), window=window,
        )  # fmt: skip
    else:
        seen = arriving.scan(shift, caller, sign_up.person, code, window=window)
    return came(sign_up, caller, seen.at, seen.method)


@lf.action(
    "代签到", moves={"signed_up": "present", "absent": "present"}, event="arrived", not_by="owner"
)
def enter_arrival(
    sign_up: SignUp, caller: lf.Caller, *, at: Annotated[dt.datetime, "签到时间"], reason: str
) -> lf.Data:
    """The organiser enters somebody who came, with the reason why there was no code."""
    demand_few(sign_up, at, caller)
    window = around(sign_up.shift.start, int(sign_up.shift.activity.community_id))
    shift, who = sign_up.shift, sign_up.person
    seen = arriving.enter(shift, caller, who, at=at, reason=reason, window=window)
    return came(sign_up, caller, seen.at, seen.method)


def came(sign_up: SignUp, caller: lf.Caller, at: dt.datetime, method: str) -> lf.Data:
    """Note that somebody is there, and ask after them if they do not sign out."""
    sign_up.signed_in, sign_up.method = at, method
    lf.timer(sign_up, caller, "starting", None)
    lf.timer(sign_up, caller, "sign_out_missing", sign_up.shift.end + AN_HOUR)
    return {"person": int(sign_up.person_id or 0)}


@lf.action("签退", moves={"present": "served"})
def sign_out(sign_up: SignUp, caller: lf.Caller, *, code: Code) -> lf.Data:
    """Leave a shift by the code shown there: from now on its time counts."""
    window = around(sign_up.shift.end, int(sign_up.shift.activity.community_id))
    open_from = (sign_up.signed_in, window[1])  # who goes earlier has served less
    seen = leaving.scan(sign_up.shift, caller, sign_up.person, code, window=open_from)
    return left(sign_up, caller, seen.at)


@lf.action("代签退", moves={"present": "served"}, not_by="owner")
def enter_leaving(
    sign_up: SignUp, caller: lf.Caller, *, at: Annotated[dt.datetime, "签退时间"], reason: str
) -> lf.Data:
    """The organiser enters when somebody left, with the reason why there was no code."""
    window = around(sign_up.shift.end, int(sign_up.shift.activity.community_id))
    shift, who, since = sign_up.shift, sign_up.person, (sign_up.signed_in, window[1])
    seen = leaving.enter(shift, caller, who, at=at, reason=reason, window=since)
    return left(sign_up, caller, seen.at)


def left(sign_up: SignUp, caller: lf.Caller, at: dt.datetime) -> lf.Data:
    """Note that somebody has gone."""
    sign_up.signed_out = at
    lf.timer(sign_up, caller, "sign_out_missing", None)
    return {"person": int(sign_up.person_id or 0)}


@lf.action("未到", moves={"signed_up": "absent"}, when=lambda _view: False, waits=False)
def miss(sign_up: SignUp, caller: lf.Caller) -> None:
    """Whoever had a place did not come: counted for the activity, never against the person."""
    lf.timer(sign_up, caller, "starting", None)


@lf.action("扫码签到", event="scanned_in")
def check_in(shift: Shift, caller: lf.Caller, *, code: Code) -> None:
    """Sign in from one's own phone: the link in the code leads here."""
    lf.act(sign_in, own(shift, caller), caller, code=code)


@lf.action("扫码签退", event="scanned_out")
def check_out(shift: Shift, caller: lf.Caller, *, code: Code) -> None:
    """Sign out from one's own phone."""
    lf.act(sign_out, own(shift, caller), caller, code=code)


def own(shift: Shift, caller: lf.Caller) -> SignUp:
    """The caller's own sign-up for a shift; Conflict where there is none."""
    mine = SignUp.select().where(
        SignUp.shift == shift, SignUp.person == (caller.person or 0), SignUp.state.in_(STANDING)
    )
    found: SignUp | None = mine.first()
    if found is None:
        raise lf.Conflict(_("您没有报名这个班次；请先报名，或请组织者代签"))
    return found


def around(moment: dt.datetime, community: int) -> tuple[dt.datetime, dt.datetime]:
    """The window in which one signs in or out, by the place's rule."""
    beside = dt.timedelta(minutes=window_minutes(community))
    return moment - beside, moment + beside


def demand_few(sign_up: SignUp, at: dt.datetime, caller: lf.Caller) -> None:
    """One signs in a few times a day at most."""
    midnight = local(at, caller).replace(hour=0, minute=0, second=0, microsecond=0)
    most = sign_ins_a_day(int(sign_up.shift.activity.community_id))
    today = SignUp.select().where(
        SignUp.person == sign_up.person_id,
        SignUp.signed_in >= midnight,
        SignUp.signed_in < midnight + A_DAY,
    )
    if today.count() >= most:
        raise lf.Conflict(_("每天最多签到 {n} 次", n=most))
