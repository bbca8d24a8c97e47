"""What a provider renders: who works, what was promised, what was done, and how far that is."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_agency_contracts.models.contract import Contract

KINDS = {
    "case": "个案",
    "group": "小组",
    "activity": "社区活动",
    "home_visit": "探访",
    "training": "志愿者培训",
    "other": "其他",
}
LIGHTS = {"green": "正常", "yellow": "略有滞后", "red": "严重滞后"}


class StaffMember(lf.Record):
    """Somebody of the provider's own people who works on a contract.

    They are employed by the provider and by nobody else: what the purchaser buys is a service, not
    hands (政府购买服务管理办法 第十条).
    """

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    person = lf.ref(lf.Person, "人员")
    person_id: int
    education = pw.CharField(max_length=40, null=True, verbose_name="学历")
    certificate = pw.CharField(max_length=60, null=True, verbose_name="职业资格证书")
    valid_to = lf.DayField(null=True, verbose_name="登记有效期至")
    lapsed_from = lf.DayField(null=True, verbose_name="证书过期自")
    renewed_on = lf.DayField(null=True, verbose_name="重新登记日期")
    since = lf.DayField(verbose_name="到岗日期")
    until = lf.DayField(null=True, verbose_name="离岗日期")
    state = lf.State("状态", working="在岗", left="已离岗")

    class Meta:
        """A person is on a contract's list once."""

        table_name = "agency_contracts_staff_member"
        unique = (lf.unique("contract", "person"),)


class Indicator(lf.Record):
    """What a contract promises, in numbers: how many of what, and how that is shown."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    kind = pw.CharField(max_length=20, choices=list(KINDS.items()), verbose_name="类型")
    name = pw.CharField(max_length=60, verbose_name="指标")
    measure = pw.CharField(max_length=20, verbose_name="单位", help_text="例如 次、人、户")
    target = pw.IntegerField(verbose_name="合同期目标")
    method = pw.CharField(max_length=200, null=True, verbose_name="统计方法")
    evidence = pw.CharField(max_length=200, null=True, verbose_name="证明材料")

    class Meta:
        """A contract promises each thing once."""

        table_name = "agency_contracts_indicator"
        unique = (lf.unique("contract", "name"),)


class ServiceLog(lf.Record):
    """One service that was rendered: by whom, when, where, for how many; never for whom.

    `source` names the event of another plugin that it came from: such a service is entered once.
    """

    contract = lf.ref(Contract, "合同")
    contract_id: int
    indicator = lf.ref(Indicator, "指标")
    indicator_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    community = lf.place("服务社区")
    community_id: int
    staff_member = lf.ref(StaffMember, "社工", null=True)
    staff_member_id: int | None
    start = lf.InstantField(verbose_name="开始时间")
    minutes = pw.IntegerField(verbose_name="时长（分钟）")
    quantity = pw.IntegerField(default=1, verbose_name="计入数量")
    users = pw.IntegerField(default=0, verbose_name="服务人次")
    place = pw.CharField(max_length=120, null=True, verbose_name="地点")
    content = pw.CharField(max_length=200, verbose_name="服务内容")
    evidence = pw.CharField(max_length=200, null=True, verbose_name="证明材料")
    lapsed = pw.BooleanField(default=False, verbose_name="证书过期")
    source = pw.CharField(max_length=120, null=True, verbose_name="来源")
    state = lf.State(
        "状态", recorded="已记录", supervised="已督导", accepted="已确认", rejected="已退回"
    )

    class Meta:
        """Nobody renders two services at the same time, and each source counts once."""

        table_name = "agency_contracts_service_log"
        unique = (
            lf.unique("staff_member", "start", state=("recorded", "supervised", "accepted")),
            lf.unique("source", "indicator"),
        )
        indexes = ((("contract", "start"), False),)


class MonthlyReport(lf.Record):
    """What a provider reports of one month: users, services, effect and staff."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    month = pw.CharField(max_length=7, verbose_name="月份", help_text="例如 2026-08")
    users = pw.TextField(verbose_name="服务对象情况")
    services = pw.TextField(verbose_name="服务类型、内容和时长")
    effect = pw.TextField(verbose_name="服务成效", help_text="满意度、变化、存在的问题")
    workers = pw.TextField(verbose_name="人员情况")
    due = lf.DayField(null=True, verbose_name="报送期限")
    submitted_on = lf.DayField(null=True, verbose_name="报送日期")
    state = lf.State("状态", draft="草稿", submitted="已报送", accepted="已审阅")

    class Meta:
        """One report of a month."""

        table_name = "agency_contracts_monthly_report"
        unique = (lf.unique("contract", "month"),)


class Progress(lf.Record):
    """A line of the table of services (服务量统计表), as counted when a month was reported.

    `completion` and `behind` are hundredths of a percent: 5000 is 50.00 %.
    """

    report = lf.ref(MonthlyReport, "月报")
    report_id: int
    indicator = lf.ref(Indicator, "指标")
    indicator_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    target = pw.IntegerField(default=0, verbose_name="合同期目标")
    of_month = pw.IntegerField(default=0, verbose_name="本月完成")
    so_far = pw.IntegerField(default=0, verbose_name="累计完成")
    completion = pw.IntegerField(default=0, verbose_name="完成率（万分之一）")
    behind = pw.IntegerField(default=0, verbose_name="落后进度（万分之一）")
    light = pw.CharField(
        max_length=10, choices=list(LIGHTS.items()), default="green", verbose_name="进度"
    )

    class Meta:
        """Each indicator has one line in a report."""

        table_name = "agency_contracts_progress"
        unique = (lf.unique("report", "indicator"),)
