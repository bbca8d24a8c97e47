"""Posts, who has taken one, what was done there and what residents say of it."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_dual_reporting.models.report import Report

CATEGORIES = [
    ("organization", "组织建设"),
    ("law", "法律咨询与援助"),
    ("aid", "助困扶残与就业援助"),
    ("governance", "社区治理"),
    ("health", "健康医疗"),
    ("culture", "文化体育"),
    ("safety", "安全宣传与治安巡逻"),
    ("other", "其他"),
]
NATURES = [("voluntary", "自愿服务"), ("duty", "单位安排（工作时间）")]


class Post(lf.Record):
    """A post (岗位) that a community offers to those who report to it, with so many places.

    `taken` and `who` follow from its claims. `who` is all that residents learn of those who hold
    it: first names, and in brackets what each is skilled in.
    """

    name = pw.CharField(max_length=60, verbose_name="岗位")
    community = lf.place("社区")
    category = pw.CharField(max_length=12, choices=CATEGORIES, verbose_name="类别")
    slots = pw.IntegerField(verbose_name="名额")
    description = pw.CharField(max_length=200, null=True, verbose_name="说明")
    skill = pw.CharField(max_length=40, null=True, verbose_name="所需特长")
    taken = pw.IntegerField(default=0, verbose_name="已认领")
    who = pw.TextField(null=True, verbose_name="在岗人员")
    state = lf.State("状态", open="可认领", closed="已停止")
    community_id: int

    class Meta:
        """One name in one community."""

        table_name = "dual_reporting_post"
        unique = (lf.unique("community", "name", state="open"),)


class PostClaim(lf.Record):
    """Somebody who reports to a community takes one of its posts, or waits for it to come free."""

    post = lf.ref(Post, "岗位")
    person = lf.ref(lf.Person, "人员", named=True)
    report = lf.ref(Report, "报到记录", null=True)
    organization = lf.ref(lf.Organization, "所在单位", null=True)
    claimed_on = lf.DayField(null=True, verbose_name="认领日期")
    given_up_on = lf.DayField(null=True, verbose_name="退岗日期")
    state = lf.State("状态", held="已认领", waiting="候补", given_up="已退出")
    post_id: int
    person_id: int
    report_id: int | None
    organization_id: int | None

    class Meta:
        """Once per post and person."""

        table_name = "dual_reporting_post_claim"
        unique = (lf.unique("post", "person", state=("held", "waiting")),)


class ServiceEntry(lf.Record):
    """What somebody who reports to a community did there, from when to when.

    `nature` says whether it was done of one's own will and unpaid, or ordered by the employer in
    paid time: that is no voluntary service (志愿服务条例 第二条、第二十五条). `source` names the
    record of another plugin from which it was counted, once. `code` is given with confirmation:
    whoever was served rates by it, and `stars` is the average of what `raters` residents said.
    """

    person = lf.ref(lf.Person, "人员", named=True)
    organization = lf.ref(lf.Organization, "所在单位", null=True)
    community = lf.place("服务社区", anywhere=True)
    post = lf.ref(Post, "岗位", null=True)
    activity = pw.CharField(max_length=120, null=True, verbose_name="活动")
    start = lf.InstantField(verbose_name="开始时间")
    end = lf.InstantField(verbose_name="结束时间")
    minutes = pw.IntegerField(default=0, verbose_name="时长（分钟）")
    content = pw.CharField(max_length=200, verbose_name="服务内容")
    nature = pw.CharField(
        max_length=10,
        choices=NATURES,
        verbose_name="性质",
    )
    code = pw.CharField(max_length=16, null=True, verbose_name="评价码")
    confirmed_on = lf.DayField(null=True, verbose_name="确认日期")
    source = pw.CharField(max_length=120, null=True, verbose_name="来源")
    stars = pw.DoubleField(null=True, verbose_name="居民评分（星）")
    raters = pw.IntegerField(default=0, verbose_name="评分人数")
    state = lf.State("状态", submitted="待社区确认", confirmed="已确认", voided="已作废")
    person_id: int
    organization_id: int | None
    community_id: int
    post_id: int | None

    class Meta:
        """Looked for by person, in the order of time."""

        table_name = "dual_reporting_service_entry"
        unique = (lf.unique("source"), lf.unique("code"))
        indexes = (
            (("person", "start"), False),
            (("organization", "start"), False),
            (("community", "state", "removed_at"), False),
        )


class ServiceRating(lf.Record):
    """What a resident who was served says of it: one to five, once for each entry.

    Whoever was served has the entry's code from the service card; nobody rates themselves.
    """

    entry = lf.ref(ServiceEntry, "服务记录", null=True)
    community = lf.place("社区", null=True)
    person = lf.ref(lf.Person, "评价人")
    code = pw.CharField(max_length=16, verbose_name="评价码", help_text="服务记录卡上的评价码")
    stars = pw.IntegerField(verbose_name="评分（星）", help_text="1 到 5，5 为非常满意")
    remark = pw.CharField(max_length=200, null=True, verbose_name="评价意见")
    entry_id: int | None
    community_id: int | None
    person_id: int

    class Meta:
        """Once for each entry and resident."""

        table_name = "dual_reporting_service_rating"
        unique = (lf.unique("entry", "person"),)


class ServiceCard(lf.Record):
    """A service card (服务记录卡): what somebody served in a community in a year, on paper.

    Each says what was confirmed when it was issued; whoever served more since has another issued.
    """

    report = lf.ref(Report, "报到记录")
    person = lf.ref(lf.Person, "人员")
    year = pw.IntegerField(verbose_name="年度")
    number = pw.CharField(max_length=40, null=True, verbose_name="编号")
    issued_on = lf.DayField(null=True, verbose_name="开具日期")
    report_id: int
    person_id: int

    class Meta:
        """Looked for by person and year."""

        table_name = "dual_reporting_service_card"
        unique = (lf.unique("number"),)
        indexes = ((("person", "year"), False),)
