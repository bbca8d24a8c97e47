"""Volunteers and their teams as people meet them."""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.models import Award, Star, Team, Training, Volunteer
from lifang_volunteer_points.services import star, volunteer

teams = lf.Resource(
    Team,
    label="志愿团队",
    search=["name"],
    rules=[volunteer.demand_consent],
    actions=[volunteer.dissolve],
    editable=("active",),
    open=True,
    roles={
        "resident": "read",
        "community_worker": "read create update dissolve import export",
        "community_secretary": "remove",
    },
)

volunteers = lf.Resource(
    Volunteer,
    label="志愿者",
    title="number",
    columns=("number", "person", "community", "category", "team", "minutes", "stars", "state"),
    search=["person.name", "number"],
    owner="person",
    minors_hidden=True,
    locked=("number", "minutes", "points", "reached", "stars", "left_on", "banned_until"),
    rules=[volunteer.register],
    actions=[volunteer.leave, volunteer.ban, volunteer.recount],
    editable=("registered",),
    timers=[
        "points_earned",
        "points_redeemed",
        "points_expired",
        "points_expiring",
        "star_reached",
    ],
    roles={
        "resident": "read:own create:own update:own leave:own",
        "community_worker": "read create update leave recount import export",
        "subdistrict_admin": "ban",
    },
    never="remove",
)

trainings = lf.Resource(
    Training,
    label="培训记录",
    scope=lf.Via("volunteer"),
    dated="day",
    roles={"community_worker": "read create update import export", "community_secretary": "remove"},
)

awards = lf.Resource(
    Award,
    label="表彰奖励",
    scope=lf.Via("volunteer"),
    dated="day",
    roles={"community_worker": "read create update import export", "community_secretary": "remove"},
)

stars = lf.Resource(
    Star,
    label="星级",
    columns=("person", "community", "level", "minutes", "state"),
    owner="person",
    locked=("person", "community", "level", "minutes"),
    rules=[star.demand_hours],
    actions=[star.post, star.grant, star.reject],
    roles={
        "resident": "read:own create:own",
        "community_worker": "read create post export",
        "subdistrict_admin": "grant reject",
    },
    never="update remove import",
)
