"""Voluntary service and points (志愿服务与积分): from signing up to a certificate."""

import lifang as lf
from lifang_volunteer_points.events import handlers
from lifang_volunteer_points.indicators import indicators
from lifang_volunteer_points.payloads import payloads
from lifang_volunteer_points.purposes import purposes
from lifang_volunteer_points.resources import activities, resources, volunteers
from lifang_volunteer_points.settings import settings


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many are registered, and what they can sign up for, where this caller looks."""
    registered = lf.count(volunteers, caller, state="registered")
    wanted = lf.count(activities, caller, state="published")
    return [
        lf.Card("注册志愿者", str(registered), "/p/volunteer-points/volunteers?state=registered"),
        lf.Card("报名中的活动", str(wanted), "/p/volunteer-points/activities?state=published"),
    ]


plugin = lf.Plugin(
    "volunteer_points",
    "志愿服务与积分",
    resources=resources,
    settings=settings,
    handlers=handlers,
    payloads=payloads,
    purposes=purposes,
    indicators=indicators,
    hooks=[home_cards],
)
