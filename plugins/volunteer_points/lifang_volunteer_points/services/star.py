"""Stars: asked for when the hours are there, posted, granted or not."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_volunteer_points.models import Star
from lifang_volunteer_points.policies import demand_serving, refuse
from lifang_volunteer_points.services.volunteer import hours_of, reached_by
from lifang_volunteer_points.settings import star_notice_days

notice = lf.PublicNotice("volunteer_points.star", "星级志愿者公示")


def demand_hours(star: Star, caller: lf.Caller) -> None:
    """One asks for the level that one's hours have reached, and does not have yet."""
    if star.level:
        return
    volunteer = star.volunteer
    demand_serving(volunteer)
    star.person, star.community = volunteer.person, volunteer.community
    star.minutes = hours_of(volunteer)
    star.level = reached_by(star.minutes, int(volunteer.community_id))
    if star.level <= volunteer.stars:
        told = _("服务时长 {hours} 小时，还没有达到下一个星级", hours=f"{star.minutes / 60:g}")
        refuse("volunteer", "hours", told)


@lf.action("公示", moves={"applied": "public_notice"}, not_by="owner")
def post(star: Star, caller: lf.Caller) -> None:
    """Post who is to be given a star, for working days that the place sets."""
    hours = f"{star.minutes / 60:g}"
    text = f"{star.person.name}，累计志愿服务 {hours} 小时，拟授予{star.level}星级志愿者。"
    days = star_notice_days(star.community)
    title = f"{star.level}星级志愿者公示"
    notice.post(star, caller, title=title, text=text, community=star.community, working_days=days)


@lf.action("授予", moves={"public_notice": "granted"}, not_by=("owner", "post"))
def grant(star: Star, caller: lf.Caller) -> lf.Data:
    """Give the star, once the notice has hung to its end without an objection upheld."""
    notice.require_over(star, caller)
    demand_serving(star.volunteer)
    return {"person": int(star.person_id or 0), "level": star.level}


@lf.action("不授予", moves={"applied": "rejected", "public_notice": "rejected"}, not_by="owner")
def reject(star: Star, caller: lf.Caller, *, reason: str) -> None:
    """Do not give the star, and say why."""
