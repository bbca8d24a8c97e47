"""The legal record of voluntary service."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.activity import Activity
from lifang_volunteer_points.models.volunteer import Volunteer

COUNTED = ("locked", "corrected")
"""States in which a record's hours stand."""


class ServiceRecord(lf.Record):
    """Who served at what, when, where and how long (志愿服务记录与证明出具办法（试行）第七条).

    `real_minutes` is the time really given, without the way there; `minutes` is what counts by the
    place's rule. `source` names what it was made of, once: `sign_up/7`.
    """

    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    community = lf.place("服务社区")
    activity = lf.ref(Activity, "活动", null=True)
    organization = lf.ref(lf.Organization, "记录单位", null=True)
    in_charge = lf.ref(lf.Person, "负责人", null=True)
    title = pw.CharField(max_length=120, verbose_name="活动名称")
    content = pw.CharField(max_length=200, verbose_name="服务内容")
    venue = pw.CharField(max_length=120, verbose_name="地点")
    start = lf.InstantField(verbose_name="开始时间")
    end = lf.InstantField(verbose_name="结束时间")
    day = lf.DayField(null=True, verbose_name="服务日期")
    real_minutes = pw.IntegerField(default=0, verbose_name="实际时长（分钟）")
    minutes = pw.IntegerField(default=0, verbose_name="认定时长（分钟）")
    points = pw.IntegerField(default=0, verbose_name="积分")
    late_reason = pw.CharField(
        max_length=200,
        null=True,
        verbose_name="逾期记录的原因",
        help_text="超过 10 个工作日的须填写",
    )
    late_approved = pw.BooleanField(default=False, verbose_name="逾期记录已审批")
    recorder = pw.CharField(max_length=120, null=True, verbose_name="记录人")
    approved_hours = pw.IntegerField(default=0, verbose_name="当日时长批准到（小时）")
    rating = pw.IntegerField(null=True, verbose_name="评价（星）")
    evaluation = pw.CharField(max_length=200, null=True, verbose_name="服务评价")
    evaluated_on = lf.DayField(null=True, verbose_name="评价日期")
    sync_status = pw.CharField(
        max_length=10,
        choices=[("pending", "待录入"), ("synced", "已录入")],
        default="pending",
        verbose_name="全国志愿服务信息系统",
    )
    decision = pw.CharField(max_length=200, null=True, verbose_name="处理意见")
    decided_minutes = pw.IntegerField(null=True, verbose_name="拟认定时长（分钟）")
    decided_by = pw.CharField(max_length=120, null=True, verbose_name="审核人")
    source = pw.CharField(max_length=120, null=True, verbose_name="来源")
    points_entry = pw.BigIntegerField(null=True)
    frozen_entry = pw.BigIntegerField(null=True)
    coins_entry = pw.BigIntegerField(null=True)
    state = lf.State(
        "状态",
        pending="待确认",
        confirmed="已确认",
        audited="已审核",
        locked="已锁定",
        disputed="有异议",
        corrected="已更正",
        voided="已作废",
    )
    volunteer_id: int
    person_id: int
    community_id: int
    activity_id: int | None
    organization_id: int | None
    in_charge_id: int | None

    class Meta:
        """One record per source, whatever is told again."""

        table_name = "volunteer_points_service_record"
        unique = (lf.unique("source"),)
        indexes = ((("person", "day"), False), (("volunteer", "state"), False))
