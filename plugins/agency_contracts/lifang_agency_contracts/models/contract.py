"""Contracts, what is paid on them, and what is bought beside them."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_agency_contracts.models.buying import Procurement, Programme

GRADES = {"excellent": "优秀", "good": "良好", "fair": "基本合格", "failed": "不合格"}
RUNNING = ("running", "mid_evaluated", "rectifying")
"""States in which services are rendered and logged."""


class Contract(lf.Record):
    """A service bought from a provider: from the plan until its files are archived.

    `purchaser` is the office that signs, `provider` who renders the service; the days that
    `…_due` name are the last ones on which something is still in time.
    """

    name = pw.CharField(max_length=120, verbose_name="合同名称")
    community = lf.place("购买地区")
    community_id: int
    programme = lf.ref(Programme, "项目")
    programme_id: int
    purchaser = lf.ref(lf.Organization, "购买主体")
    purchaser_id: int
    procurement = lf.ref(Procurement, "采购", null=True)
    procurement_id: int | None
    provider = lf.ref(lf.Organization, "承接主体", null=True, backref="+")
    provider_id: int | None
    provider_grade = pw.CharField(
        max_length=2,
        null=True,
        choices=[(f"{n}A", f"{n}A") for n in range(1, 6)],
        verbose_name="承接主体评估等级",
    )
    provider_grade_until = lf.DayField(null=True, verbose_name="等级有效期至")
    number = pw.CharField(max_length=60, null=True, verbose_name="合同编号")
    amount = lf.Money(null=True, verbose_name="合同金额")
    starts_on = lf.DayField(null=True, verbose_name="开始日期")
    ends_on = lf.DayField(null=True, verbose_name="结束日期")
    award_notice_on = lf.DayField(null=True, verbose_name="中标（成交）通知书日期")
    agreed_on = lf.DayField(null=True, verbose_name="承接主体确认日期")
    signed_on = lf.DayField(null=True, verbose_name="签订日期")
    sign_due = lf.DayField(null=True, verbose_name="签订期限")
    late_reason = pw.CharField(max_length=200, null=True, verbose_name="逾期签订原因")
    publish_due = lf.DayField(null=True, verbose_name="公告期限")
    published_on = lf.DayField(null=True, verbose_name="公告日期")
    published_url = pw.CharField(max_length=500, null=True, verbose_name="公告网址")
    file_due = lf.DayField(null=True, verbose_name="备案期限")
    filed_on = lf.DayField(null=True, verbose_name="备案日期")
    score = pw.IntegerField(null=True, verbose_name="评估得分（十分之一分）")
    grade = pw.CharField(
        max_length=10, null=True, choices=list(GRADES.items()), verbose_name="评估等级"
    )
    judged = pw.BigIntegerField(null=True)  # the event of the evaluation that holds
    missing_month = pw.CharField(max_length=7, null=True, verbose_name="最近缺报的月份")
    appeal_until = lf.DayField(null=True, verbose_name="申诉期限")
    rectify_until = lf.DayField(null=True, verbose_name="整改期限")
    demands = pw.TextField(null=True, verbose_name="整改要求")
    rectified = pw.TextField(null=True, verbose_name="整改情况")
    barred_year = pw.IntegerField(null=True, verbose_name="不得承接年度")
    preferred_year = pw.IntegerField(null=True, verbose_name="优先承接年度")
    user_opinions = pw.TextField(null=True, verbose_name="服务对象参加验收的意见")
    result_published_on = lf.DayField(null=True, verbose_name="验收结果公告日期")
    data_returned_on = lf.DayField(null=True, verbose_name="数据交还或删除日期")
    data_return = pw.TextField(null=True, verbose_name="数据交还或删除说明")
    settled_on = lf.DayField(null=True, verbose_name="结算日期")
    keep_until = lf.DayField(null=True, verbose_name="采购文件保存至")
    end_reason = pw.TextField(null=True, verbose_name="终止原因")
    liquidation = pw.TextField(null=True, verbose_name="终止结算清单")
    state = lf.State(
        "状态",
        planned="计划中",
        procured="已采购",
        signed="已签订",
        filed="已备案",
        running="履行中",
        mid_evaluated="已中期评估",
        final_evaluated="已末期评估",
        rectifying="整改中",
        accepted="已验收",
        settled="已结算",
        archived="已归档",
        terminated="已终止",
    )

    class Meta:
        """A contract's number stands once, and a procurement leads to one contract."""

        table_name = "agency_contracts_contract"
        unique = (lf.unique("number"), lf.unique("procurement"))


class Supplement(lf.Record):
    """More of the same service, bought from the same provider without a new procurement."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    amount = lf.Money(verbose_name="追加金额")
    reason = pw.CharField(max_length=200, verbose_name="追加原因")
    agreed_on = lf.DayField(null=True, verbose_name="签订日期")
    state = lf.State("状态", drafted="拟订", agreed="已签订", withdrawn="已撤回")

    class Meta:
        """Summed by contract."""

        table_name = "agency_contracts_supplement"


class Payment(lf.Record):
    """One of the parts in which a contract is paid, in order."""

    contract = lf.ref(Contract, "合同")
    contract_id: int
    provider = lf.ref(lf.Organization, "承接主体", null=True)
    supplement = lf.ref(Supplement, "追加合同", null=True)
    number = pw.IntegerField(verbose_name="期次")
    amount = lf.Money(verbose_name="金额")
    condition = pw.CharField(max_length=200, null=True, verbose_name="付款条件")
    applied_on = lf.DayField(null=True, verbose_name="申请日期")
    paid_on = lf.DayField(null=True, verbose_name="付款日期")
    voucher = pw.CharField(max_length=60, null=True, verbose_name="付款凭证号")
    block_reason = pw.CharField(max_length=200, null=True, verbose_name="停付原因")
    state = lf.State(
        "状态", due="待申请", applied="已申请", approved="已批准", paid="已付款", blocked="已停付"
    )

    class Meta:
        """Each part of a contract stands once, and each supplement is one of them."""

        table_name = "agency_contracts_payment"
        unique = (lf.unique("contract", "number"), lf.unique("supplement"))
