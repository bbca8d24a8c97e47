"""Stars that volunteers are given for their hours."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.volunteer import Volunteer


class Star(lf.Record):
    """A level that somebody asks for: posted first, and granted if nobody objects."""

    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    community = lf.place("社区")
    level = pw.IntegerField(default=0, verbose_name="星级")
    minutes = pw.IntegerField(default=0, verbose_name="服务时长（分钟）")
    volunteer_id: int
    person_id: int
    community_id: int
    state = lf.State(
        "状态", applied="已申请", public_notice="公示中", granted="已授予", rejected="未授予"
    )

    class Meta:
        """Nobody asks for a level twice at once."""

        table_name = "volunteer_points_star"
        unique = (lf.unique("volunteer", "level", state=("applied", "public_notice", "granted")),)
