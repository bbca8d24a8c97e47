"""What is to be bought, and how a provider is found: programmes and procurements."""

from __future__ import annotations

import peewee as pw

import lifang as lf

SOURCES = {
    "central": "中央财政",
    "local": "地方财政",
    "welfare_lottery": "福利彩票公益金",
    "donation": "社会捐赠",
    "other": "其他",
}
METHODS = {
    "open": "公开招标",
    "invited": "邀请招标",
    "consultation": "竞争性磋商",
    "negotiation": "竞争性谈判",
    "inquiry": "询价",
    "single_source": "单一来源",
    "framework": "框架协议",
}
"""政府采购法 第二十六条 and the two methods that were added by the finance ministry since."""

OBJECTS = {
    "public_service": "面向居民的公共服务",
    "support_service": "政府履职所需的辅助性服务",
    "not_a_duty": "不属于政府职责范围的服务事项",
    "own_duty": "应当由政府直接履职的事项",
    "goods_or_works": "货物和工程，或服务与工程打包的项目",
    "financing": "融资行为",
    "hiring": "招聘人员、以劳务派遣用工、设置公益性岗位",
}
"""All but the first two stand on the negative list (政府购买服务管理办法 第十条)."""


class Programme(lf.Record):
    """A service that is planned to be bought with the money of one budget year."""

    name = pw.CharField(max_length=120, verbose_name="项目名称")
    community = lf.place("购买地区", help_text="街道或区；承接主体在这里和下级服务")
    community_id: int
    budget_year = pw.IntegerField(verbose_name="预算年度")
    source = pw.CharField(
        max_length=20, choices=list(SOURCES.items()), default="local", verbose_name="资金来源"
    )
    amount = lf.Money(verbose_name="预算金额")
    recurring = pw.BooleanField(default=False, verbose_name="预算有保障的延续性项目")
    catalogue_code = pw.CharField(
        max_length=40, null=True, verbose_name="指导性目录编号", help_text="购买服务须在目录内"
    )
    demand = pw.TextField(verbose_name="采购需求")
    users_consulted = pw.TextField(
        null=True, verbose_name="征求服务对象意见的情况", help_text="向谁、怎样征求，意见怎样采纳"
    )
    consulted_on = lf.DayField(null=True, verbose_name="征求意见日期")
    state = lf.State("状态", draft="编制中", approved="已批复", closed="已结束")

    class Meta:
        """One programme of a name in a place and year."""

        table_name = "agency_contracts_programme"
        unique = (lf.unique("community", "budget_year", "name"),)


class Procurement(lf.Record):
    """How a provider was sought for a programme, and who was found."""

    programme = lf.ref(Programme, "项目")
    programme_id: int
    method = pw.CharField(max_length=20, choices=list(METHODS.items()), verbose_name="采购方式")
    object = pw.CharField(
        max_length=20,
        choices=list(OBJECTS.items()),
        verbose_name="购买内容",
        help_text="财政部令第102号第十条的负面清单事项不得购买",
    )
    announced_on = lf.DayField(null=True, verbose_name="公告日期")
    notice_url = pw.CharField(max_length=500, null=True, verbose_name="采购公告网址")
    bid_deadline = lf.InstantField(null=True, verbose_name="响应截止时间")
    winner = lf.ref(lf.Organization, "中标（成交）机构", null=True)
    winner_id: int | None
    award = lf.Money(null=True, verbose_name="中标（成交）金额")
    award_notice_on = lf.DayField(null=True, verbose_name="中标（成交）通知书日期")
    award_url = pw.CharField(max_length=500, null=True, verbose_name="结果公告网址")
    state = lf.State(
        "状态", preparing="准备中", announced="已公告", awarded="已成交", failed="已废标"
    )

    class Meta:
        """Looked up by programme."""

        table_name = "agency_contracts_procurement"
