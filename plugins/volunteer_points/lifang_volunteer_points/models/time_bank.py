"""The time bank: hours saved now, service drawn later."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.volunteer import Volunteer

SERVICES = [
    ("company", "陪伴"),
    ("errands", "代办跑腿"),
    ("health", "健康和法律咨询"),
    ("phone", "智能手机教学"),
]


class TimeDraw(lf.Record):
    """Coins put aside for a service that somebody who has saved asks for."""

    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    community = lf.place("社区")
    service = pw.CharField(max_length=12, choices=SERVICES, verbose_name="服务")
    coins = pw.IntegerField(verbose_name="时间币")
    coins_entry = pw.BigIntegerField(default=0)
    volunteer_id: int
    person_id: int
    community_id: int
    state = lf.State("状态", requested="已申请", served="已服务", cancelled="已取消")

    class Meta:
        """Looked for by volunteer."""

        table_name = "volunteer_points_time_draw"
