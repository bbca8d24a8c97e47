"""What voluntary service shows on the dashboard."""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.resources import activities, volunteers


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many are registered, and what they can sign up for, where this caller looks."""
    registered = lf.count(volunteers, caller, state="registered")
    wanted = lf.count(activities, caller, state="published")
    return [
        lf.Card("注册志愿者", str(registered), "/p/volunteer-points/volunteers?state=registered"),
        lf.Card("报名中的活动", str(wanted), "/p/volunteer-points/activities?state=published"),
    ]
