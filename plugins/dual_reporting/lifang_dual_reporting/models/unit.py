"""Units that report to the community where they are, what they do there and what they are asked."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class UnitReport(lf.Record):
    """A unit's party organization reports to the community where the unit is.

    `members_total` is how many of its people should report; it is the denominator of the unit's
    reporting rate.
    """

    organization = lf.ref(lf.Organization, "单位")
    community = lf.place("所在社区")
    secretary = pw.CharField(max_length=40, verbose_name="党组织书记")
    liaison = pw.CharField(max_length=40, verbose_name="联络员")
    phone = lf.Sensitive("联络员电话", kind="phone")
    members_total = pw.IntegerField(verbose_name="应报到人数")
    slip_no = pw.CharField(max_length=40, null=True, verbose_name="报到单编号")
    reported_on = lf.DayField(null=True, verbose_name="报到日期")
    accepted_on = lf.DayField(null=True, verbose_name="接收日期")
    receipt_no = pw.CharField(max_length=40, null=True, verbose_name="回执号")
    ended_on = lf.DayField(null=True, verbose_name="结束日期")
    end_reason = pw.CharField(max_length=200, null=True, verbose_name="结束或退回原因")
    state = lf.State(
        "状态", submitted="已提交", accepted="已接收", rejected="已退回", ended="已结束"
    )
    organization_id: int
    community_id: int

    class Meta:
        """A unit reports to one community."""

        table_name = "dual_reporting_unit_report"
        unique = (
            lf.unique("organization", state=("submitted", "accepted")),
            lf.unique("receipt_no"),
        )


class UnitActivity(lf.Record):
    """Something a unit did at its community: a visit, a joint activity, a project that was done.

    `source` names the event of another plugin from which it was counted, once.
    """

    organization = lf.ref(lf.Organization, "单位")
    community = lf.place("社区", anywhere=True)
    day = lf.DayField(verbose_name="日期")
    kind = pw.CharField(
        max_length=12,
        choices=[("visit", "走访"), ("activity", "活动"), ("project", "共建项目")],
        verbose_name="类别",
    )
    content = pw.CharField(max_length=200, verbose_name="内容")
    people = pw.IntegerField(verbose_name="参加人数")
    source = pw.CharField(max_length=120, null=True, verbose_name="来源")
    state = lf.State("状态", submitted="待社区确认", confirmed="已确认", voided="已作废")
    organization_id: int
    community_id: int

    class Meta:
        """One for each source."""

        table_name = "dual_reporting_unit_activity"
        unique = (lf.unique("source"),)
        indexes = (
            (("organization", "day"), False),
            (("community", "state", "removed_at"), False),
        )


class UnitTask(lf.Record):
    """One task of the list that a community issues to a unit each month.

    What is not done by the next list's day is summed up as missed; each quarter is reviewed at the
    joint meeting.
    """

    organization = lf.ref(lf.Organization, "单位")
    community = lf.place("社区", anywhere=True)
    month = pw.CharField(max_length=7, verbose_name="月份", help_text="例如 2026-05")
    content = pw.CharField(max_length=200, verbose_name="任务内容")
    due_on = lf.DayField(null=True, verbose_name="完成期限")
    result = pw.CharField(max_length=200, null=True, verbose_name="完成情况")
    reviewed_on = lf.DayField(null=True, verbose_name="联席会议评议日期")
    remark = pw.CharField(max_length=200, null=True, verbose_name="评议意见")
    state = lf.State("状态", drafted="待下达", issued="已下达", done="已完成", missed="逾期未完成")
    organization_id: int
    community_id: int

    class Meta:
        """Looked for by unit and month."""

        table_name = "dual_reporting_unit_task"
        indexes = (
            (("organization", "month"), False),
            (("community", "state", "removed_at"), False),
        )
