"""Volunteers and their teams: registration, leaving, bans, and what is counted of them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import peewee as pw

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import COUNTED, ServiceRecord, Star, Team, Volunteer
from lifang_volunteer_points.policies import refuse, years_after
from lifang_volunteer_points.purposes import registration
from lifang_volunteer_points.services.points import points
from lifang_volunteer_points.settings import star_hours

LONGEST_BAN = 3
"""Years; the shortest is one."""


def demand_consent(team: Team, caller: lf.Caller) -> None:
    """A community's own team has the residents' committee's consent (志愿服务条例 第四十二条)."""
    if team.kind == "internal" and team.consented_on is None:
        refuse("consented_on", "required", _("社区内部团队须经居民委员会同意；请填写同意日期"))
    if team.kind == "organization" and team.organization_id is None:
        refuse("organization", "required", _("请选择所属的志愿服务组织"))


@lf.action("解散", moves={"active": "dissolved"}, waits=False)
def dissolve(team: Team, caller: lf.Caller, *, reason: str) -> None:
    """Let a team be no more; what its members did stays on record."""


def register(volunteer: Volunteer, caller: lf.Caller) -> None:
    """A volunteer has a number of their own, and was brought in by somebody else if at all."""
    if volunteer.number is None:
        registration.require(volunteer.person, caller)
    volunteer.number = volunteer.number or f"V{volunteer.id:08d}"
    if volunteer.referrer is None:
        return
    other = Volunteer.get_or_none(Volunteer.number == volunteer.referrer)
    if other is None or other.person_id == volunteer.person_id:
        refuse("referrer", "unknown", _("没有这个志愿者编号，或是本人的编号"))


@lf.action("退出", moves={"registered": "left"}, waits=False)
def leave(volunteer: Volunteer, caller: lf.Caller) -> None:
    """Serve no more; hours and points stay, and registering again is possible."""
    volunteer.left_on = lf.today()


@lf.action("停止记录", event="banned")
def ban(
    volunteer: Volunteer,
    caller: lf.Caller,
    *,
    until: Annotated[dt.date, "停止至", "一年以上、三年以下"],
    reason: str,
) -> lf.Data:
    """Whoever faked hours is not recorded for one to three years; points are no punishment."""
    today = lf.today()
    if not years_after(today, 1) <= until <= years_after(today, LONGEST_BAN):
        refuse("until", "range", _("停止记录的期限为一年以上、三年以下"))
    volunteer.banned_until = until
    return {"person": int(volunteer.person_id)}


@lf.action("重新计算", event="recounted", when=lambda _view: False, among={"id": 0})
def recount(volunteer: Volunteer, caller: lf.Caller) -> None:
    """Count anew what follows from records and the ledger: hours, points, the level reached."""
    volunteer.minutes = hours_of(volunteer)
    volunteer.points = points.balance(volunteer, caller).available
    given = (Star.volunteer == volunteer.id, Star.state == "granted")
    volunteer.stars = int(Star.select(pw.fn.MAX(Star.level)).where(*given).scalar() or 0)
    reached = reached_by(volunteer.minutes, int(volunteer.community_id))
    if reached > volunteer.reached:
        lf.tell(volunteer, caller, "star_reached", level=reached)
    volunteer.reached = reached


def hours_of(volunteer: Volunteer) -> int:
    """Minutes of a volunteer's records that stand."""
    total = pw.fn.COALESCE(pw.fn.SUM(ServiceRecord.minutes), 0)
    standing = ServiceRecord.volunteer == volunteer.id, ServiceRecord.state.in_(COUNTED)
    return int(ServiceRecord.select(total).where(*standing).scalar() or 0)


def reached_by(minutes: int, community: int) -> int:
    """The star level that so many minutes come to, by the place's list of hours."""
    return sum(minutes >= hours * 60 for hours in star_hours(community))
