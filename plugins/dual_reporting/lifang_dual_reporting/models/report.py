"""Who reports to which community, and for how long nothing was asked of them."""

from __future__ import annotations

import datetime as dt

import peewee as pw

import lifang as lf

POLITICAL_STATUSES = {
    "01": "中共党员",
    "02": "中共预备党员",
    "03": "共青团员",
    "04": "民革党员",
    "05": "民盟盟员",
    "06": "民建会员",
    "07": "民进会员",
    "08": "农工党党员",
    "09": "致公党党员",
    "10": "九三学社社员",
    "11": "台盟盟员",
    "12": "无党派人士",
    "13": "群众",
}
"""GB/T 4762; kept by name, as people read it."""
PARTY_MEMBERS = (POLITICAL_STATUSES["01"], POLITICAL_STATUSES["02"])
CHANNELS = [("online", "网上"), ("paper", "纸质报到单")]
STANDING = ("pending", "submitted", "accepted", "active", "suspended")
"""States of which a person has one at most, wherever that is."""
SERVING = ("accepted", "active", "suspended")
"""States of those whom a community has accepted and who have not left it."""


class Report(lf.Record):
    """One person's report, from one organization, to one community.

    Where somebody lives, what party they belong to and who employs them are sensitive together, so
    the first two are sealed. `receipt_no` is given with acceptance. A report that was moved to
    another community stays here as `transferred`; the new one names it as `previous`.
    """

    person = lf.ref(lf.Person, "人员", named=True)
    organization = lf.ref(lf.Organization, "所在单位", null=True, anywhere=True)
    community = lf.place(
        "居住社区", anywhere=True
    )  # where it belongs: permission, activation, events look here
    post_title = pw.CharField(max_length=60, null=True, verbose_name="职务")
    public_servant = pw.BooleanField(default=False, verbose_name="公职人员")
    political_status = lf.Sensitive("政治面貌", kind="category")
    household_address = lf.Sensitive("居住小区楼号", kind="address")
    skills = pw.CharField(
        max_length=120, null=True, verbose_name="特长", help_text="用顿号或逗号隔开"
    )
    service_intent = pw.CharField(
        max_length=120, null=True, verbose_name="服务意向", help_text="岗位类别，用顿号或逗号隔开"
    )
    available_time = pw.CharField(max_length=120, null=True, verbose_name="可服务时间")
    agreed = pw.BooleanField(
        default=False,
        verbose_name="单独同意",
        help_text="填写政治面貌或居住小区楼号的，本人须在此单独同意；全文见「我的」页面",
    )
    channel = pw.CharField(
        max_length=8,
        choices=CHANNELS,
        null=True,
        verbose_name="报到方式",
        help_text="不填：本人提交的是网上，其他人登记的是纸质报到单",
    )
    slip_no = pw.CharField(
        max_length=40,
        null=True,
        verbose_name="报到单编号",
        help_text="纸质报到单的编号，也是本人书面同意的依据",
    )
    listed = pw.BooleanField(
        default=False, verbose_name="列入应报到名单", help_text="只列入名单，等本人报到"
    )
    reported_on = lf.DayField(null=True, verbose_name="报到日期")
    accepted_on = lf.DayField(null=True, verbose_name="接收日期")
    receipt_no = pw.CharField(max_length=40, null=True, verbose_name="回执号")
    grid = pw.ForeignKeyField(lf.Community, null=True, verbose_name="网格", backref="+")
    team = pw.CharField(max_length=40, null=True, verbose_name="编组")
    suggested = lf.place("应报到的社区", anywhere=True, null=True, backref="+")
    transfer_to = lf.place("转往社区", anywhere=True, null=True, backref="+")
    transfer_asked_on = lf.DayField(null=True, verbose_name="申请转移日期")
    transfer_due = lf.DayField(null=True, verbose_name="最迟放行日期")
    previous = pw.ForeignKeyField("self", null=True, verbose_name="转自报到记录", backref="+")
    ended_on = lf.DayField(null=True, verbose_name="结束日期")
    end_reason = pw.CharField(max_length=200, null=True, verbose_name="结束或退回原因")
    state = lf.State(
        "状态",
        submitted="已提交",
        pending="待报到",
        accepted="已接收",
        active="服务中",
        suspended="已暂停",
        transferred="已转移",
        rejected="已退回",
        ended="已结束",
    )
    person_id: int
    organization_id: int | None
    community_id: int
    grid_id: int | None
    suggested_id: int | None
    transfer_to_id: int | None
    previous_id: int | None

    class Meta:
        """One person has one standing report, wherever it is."""

        table_name = "dual_reporting_report"
        unique = (lf.unique("person", state=STANDING), lf.unique("receipt_no"))
        indexes = (
            (("organization", "state"), False),
            (("community", "state", "removed_at", "transfer_asked_on"), False),
        )


class Suspension(lf.Record):
    """Days on which nothing is asked of somebody: illness, secondment, maternity.

    The year's target is asked in proportion to the other days. `until` is the last day; without it
    the suspension runs on.
    """

    report = lf.ref(Report, "报到记录")
    person = lf.ref(lf.Person, "人员", null=True)
    reason = pw.CharField(
        max_length=12,
        choices=[
            ("illness", "生病"),
            ("secondment", "借调外派"),
            ("maternity", "生育"),
            ("other", "其他"),
        ],
        verbose_name="原因",
    )
    note = pw.CharField(max_length=200, null=True, verbose_name="说明")
    since = lf.DayField(verbose_name="自")
    until = lf.DayField(null=True, verbose_name="至")
    report_id: int
    person_id: int | None

    def days(self, first: dt.date, last: dt.date) -> int:
        """How many days of a period it covers, both ends included."""
        since, until = max(self.since, first), min(self.until or last, last)
        return max(0, (until - since).days + 1)

    class Meta:
        """Looked for by report."""

        table_name = "dual_reporting_suspension"
