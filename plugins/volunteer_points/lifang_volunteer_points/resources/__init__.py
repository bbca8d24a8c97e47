"""How people and programs meet what is kept, by who and what it is about."""

from typing import Any

import lifang as lf
from lifang_volunteer_points.resources.people import awards, stars, teams, trainings, volunteers
from lifang_volunteer_points.resources.serving import (
    activities,
    service_records,
    shifts,
    sign_ups,
)
from lifang_volunteer_points.resources.thanks import (
    certificates,
    items,
    redemptions,
    time_draws,
)

resources: list[lf.Resource[Any]] = [
    volunteers, activities, shifts, sign_ups, service_records, stars, certificates, items,
    redemptions, time_draws, teams, trainings, awards,
]  # fmt: skip

__all__ = [
    "activities",
    "awards",
    "certificates",
    "items",
    "redemptions",
    "resources",
    "service_records",
    "shifts",
    "sign_ups",
    "stars",
    "teams",
    "time_draws",
    "trainings",
    "volunteers",
]
