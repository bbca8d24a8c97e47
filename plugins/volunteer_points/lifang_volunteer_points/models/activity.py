"""What is served at: activities, their shifts, and who has signed up for one."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.volunteer import CATEGORIES, Team, Volunteer

METHODS = [("qr", "扫码"), ("geo", "定位"), ("manual", "组织者代签")]


class Activity(lf.Record):
    """Something volunteers are wanted for, published before it happens."""

    title = pw.CharField(max_length=120, verbose_name="活动名称")
    category = pw.CharField(max_length=12, choices=CATEGORIES, verbose_name="服务类别")
    community = lf.place("社区")
    organization = lf.ref(lf.Organization, "组织单位", null=True)
    team = lf.ref(Team, "组织团队", null=True)
    in_charge = lf.ref(lf.Person, "负责人", null=True)
    venue = pw.CharField(max_length=120, verbose_name="地点")
    position = pw.CharField(
        max_length=40, null=True, verbose_name="坐标", help_text="纬度,经度，例如 36.0611,103.8343"
    )
    content = pw.CharField(max_length=200, verbose_name="服务内容")
    start = lf.InstantField(verbose_name="开始时间")
    end = lf.InstantField(verbose_name="结束时间")
    people = pw.IntegerField(verbose_name="计划人数")
    min_age = pw.IntegerField(null=True, verbose_name="最低年龄")
    skill = pw.CharField(max_length=40, null=True, verbose_name="所需技能")
    risky = pw.BooleanField(default=False, verbose_name="有人身危险")
    risk_note = pw.CharField(max_length=200, null=True, verbose_name="风险告知")
    insurance = pw.CharField(max_length=120, null=True, verbose_name="人身意外伤害保险")
    reviewed = pw.BooleanField(default=False, verbose_name="街道已审核")
    state = lf.State(
        "状态",
        draft="草稿",
        submitted="已提交",
        published="报名中",
        full="已报满",
        running="进行中",
        ended="已结束",
        settled="已办结",
        cancelled="已取消",
    )
    community_id: int
    organization_id: int | None
    team_id: int | None
    in_charge_id: int | None

    class Meta:
        """Looked for by time."""

        table_name = "volunteer_points_activity"
        indexes = ((("start",), False),)


class Shift(lf.Record):
    """A part of an activity with its own hours and places."""

    activity = lf.ref(Activity, "活动")
    start = lf.InstantField(verbose_name="开始时间")
    end = lf.InstantField(verbose_name="结束时间")
    slots = pw.IntegerField(verbose_name="名额")
    code = pw.CharField(max_length=20, null=True, verbose_name="签到码")
    link = pw.CharField(max_length=200, null=True, verbose_name="签到链接")
    activity_id: int

    class Meta:
        """Looked for by activity; the code of the moment is never kept."""

        table_name = "volunteer_points_shift"


class SignUp(lf.Record):
    """A volunteer's word to come to a shift, and that they came and left."""

    shift = lf.ref(Shift, "班次")
    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    signed_in = lf.InstantField(null=True, verbose_name="签到时间")
    signed_out = lf.InstantField(null=True, verbose_name="签退时间")
    method = pw.CharField(max_length=8, choices=METHODS, null=True, verbose_name="签到方式")
    state = lf.State(
        "状态",
        signed_up="已报名",
        waiting="候补",
        present="已签到",
        served="已签退",
        absent="未到",
        cancelled="已取消",
    )
    shift_id: int
    volunteer_id: int
    person_id: int

    class Meta:
        """Once per shift and volunteer; cancelled ones do not count."""

        table_name = "volunteer_points_sign_up"
        unique = (
            lf.unique(
                "shift", "volunteer", state=("signed_up", "waiting", "present", "served", "absent")
            ),
        )
        indexes = ((("person", "signed_in"), False),)
