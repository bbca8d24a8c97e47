"""Certificates of service, asked for by the volunteer and free of charge."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.volunteer import Volunteer


class Certificate(lf.Record):
    """What was recorded of a volunteer between two days.

    It is given out as 志愿服务记录与证明出具办法（试行）第十四条至第十七条 say. There is no fee
    field: a certificate costs nothing (志愿服务条例 第十九条).
    """

    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    community = lf.place("出具社区")
    since = lf.DayField(verbose_name="起始日期")
    until = lf.DayField(verbose_name="截止日期")
    use = pw.CharField(max_length=120, null=True, verbose_name="用途")
    old_style = pw.BooleanField(default=False, verbose_name="2015 年旧式")
    minutes = pw.IntegerField(default=0, verbose_name="总时长（分钟）")
    records = pw.IntegerField(default=0, verbose_name="服务次数")
    number = pw.CharField(max_length=60, null=True, verbose_name="证明编号")
    code = pw.CharField(max_length=24, null=True, verbose_name="验证码")
    checked_by = pw.CharField(max_length=120, null=True, verbose_name="经办人")
    sealed_by = pw.CharField(max_length=120, null=True, verbose_name="用印人")
    issued_at = lf.InstantField(null=True, verbose_name="出具时间")
    volunteer_id: int
    person_id: int
    community_id: int
    state = lf.State(
        "状态",
        requested="已申请",
        checked="已核对",
        sealed="已用印",
        issued="已出具",
        revoked="已撤销",
    )

    class Meta:
        """Looked for by volunteer."""

        table_name = "volunteer_points_certificate"
