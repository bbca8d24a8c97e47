"""The yearly review of people and units, and what is fed back to employers."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_dual_reporting.models.report import Report

GRADES = [
    ("excellent", "优秀"),
    ("qualified", "合格"),
    ("basic", "基本合格"),
    ("unqualified", "不合格"),
]
PASSED = ("excellent", "qualified")
PARTS = {
    "own": "自评",
    "leader": "领导点评",
    "masses": "群众评议",
    "community": "社区评价",
    "organization": "组织评定",
}
"""The five parts of a review (五评), and what each is called."""

_YEARLY = {
    "serving": "服务中",
    "reviewing": "评议中",
    "reviewed": "已评定",
    "fed_back": "已反馈",
    "overdue": "逾期未回执",
    "receipted": "已回执",
}


def _part(label: str) -> pw.CharField:
    return pw.CharField(max_length=12, choices=GRADES, null=True, verbose_name=label)


def _said(label: str) -> pw.CharField:
    return pw.CharField(max_length=400, null=True, verbose_name=label)


def _paper(label: str) -> pw.CharField:
    return pw.CharField(max_length=40, null=True, verbose_name=label)


class AnnualReview(lf.Record):
    """A year of somebody who reports, from serving to the employer's receipt.

    `minutes` are the confirmed ones of the year, for whichever community, `voluntary_minutes` those
    of their own will, `target_minutes` what the place asks (`asked_hours`), less in proportion to
    suspended days; all follow from what is kept elsewhere and are counted anew. `reached` says
    whether the target is, None where no hours are asked. Whose report ends or moves on within the
    year has a row that is `closed`: it counts up to that day, and the new community's counts the
    whole year. It stands from `since` up to the day before `until`; `reached_on` is the day with
    whose service the target was reached. What was given on paper has the paper's number.
    """

    person = lf.ref(lf.Person, "人员", named=True)
    report = lf.ref(Report, "报到记录")
    organization = lf.ref(lf.Organization, "所在单位", null=True, anywhere=True)
    community = lf.place("社区", anywhere=True)
    year = pw.IntegerField(verbose_name="年度")
    since = lf.DayField(verbose_name="起算日期")
    until = lf.DayField(verbose_name="止算日期", help_text="从这一天起不再计")
    minutes = pw.IntegerField(default=0, verbose_name="服务时长（分钟）")
    voluntary_minutes = pw.IntegerField(default=0, verbose_name="其中自愿服务（分钟）")
    asked_hours = pw.IntegerField(default=0, verbose_name="年度要求（小时）")
    target_minutes = pw.IntegerField(default=0, verbose_name="应服务时长（分钟）")
    reached = pw.BooleanField(null=True, verbose_name="已达标")
    reached_on = lf.DayField(null=True, verbose_name="达标日期")
    own_grade, own_text = _part("自评等次"), _said("自评")
    own_paper = _paper("自评表编号")
    leader_grade, leader_text = _part("领导点评等次"), _said("领导点评")
    leader_paper = _paper("领导点评表编号")
    masses_grade, masses_text = _part("群众评议等次"), _said("群众评议")
    community_grade, community_text = _part("社区评价等次"), _said("社区评价")
    organization_grade, organization_text = _part("组织评定等次"), _said("组织评定")
    points = pw.IntegerField(null=True, verbose_name="积分")
    grade = _part("评定等次")
    reviewed_on = lf.DayField(null=True, verbose_name="评定日期")
    fed_back_on = lf.DayField(null=True, verbose_name="反馈日期")
    receipt_due = lf.DayField(null=True, verbose_name="最迟回执日期")
    receipted_on = lf.DayField(null=True, verbose_name="回执日期")
    state = lf.State("状态", **_YEARLY, closed="已终止")
    person_id: int
    report_id: int
    organization_id: int | None
    community_id: int

    class Meta:
        """One for each report and year."""

        table_name = "dual_reporting_annual_review"
        unique = (lf.unique("report", "year"),)
        indexes = (
            (("organization", "year"), False),
            (("community", "state", "removed_at", "year"), False),
        )


class UnitReview(lf.Record):
    """A year of a unit: how many of its people report and serve, and whether it may be honoured.

    Figures are counted when it is opened and kept as they are when it is signed. Rates are in
    per cent, with two digits, and empty where there is nothing to divide by; `denominator` says
    what the completion rate was divided by.
    """

    organization = lf.ref(lf.Organization, "单位", anywhere=True)
    community = lf.place("社区", anywhere=True)
    year = pw.IntegerField(verbose_name="年度")
    members_total = pw.IntegerField(default=0, verbose_name="应报到人数")
    accepted = pw.IntegerField(default=0, verbose_name="已报到人数")
    reached = pw.IntegerField(null=True, verbose_name="达标人数")
    reporting_rate = pw.DoubleField(null=True, verbose_name="报到率（%）")
    completion_rate = pw.DoubleField(null=True, verbose_name="完成率（%）")
    denominator = pw.CharField(
        max_length=16,
        choices=[("accepted", "已报到人数"), ("should_report", "应报到人数")],
        null=True,
        verbose_name="完成率的分母",
    )
    activities = pw.IntegerField(default=0, verbose_name="单位活动次数")
    eligible = pw.BooleanField(null=True, verbose_name="可参加评优")
    own_grade, own_text = _part("自评等次"), _said("自评")
    own_paper = _paper("自评表编号")
    leader_grade, leader_text = _part("领导点评等次"), _said("领导点评")
    masses_grade, masses_text = _part("群众评议等次"), _said("群众评议")
    community_grade, community_text = _part("社区评价等次"), _said("社区评价")
    organization_grade, organization_text = _part("组织评定等次"), _said("组织评定")
    grade = _part("评定等次")
    reviewed_on = lf.DayField(null=True, verbose_name="评定日期")
    fed_back_on = lf.DayField(null=True, verbose_name="反馈日期")
    receipt_due = lf.DayField(null=True, verbose_name="最迟回执日期")
    receipted_on = lf.DayField(null=True, verbose_name="回执日期")
    state = lf.State("状态", **_YEARLY)
    organization_id: int
    community_id: int

    class Meta:
        """One for each unit, community and year."""

        table_name = "dual_reporting_unit_review"
        unique = (lf.unique("organization", "community", "year"),)
        indexes = ((("community", "state", "removed_at"), False),)


class Reminder(lf.Record):
    """Something that somebody was reminded of, once: what was due, and to whom it was said.

    `key` follows from all of it, so that it is said once whatever is told again. `report` is whose,
    and `organization` the unit; where only the unit is meant, `people` says how many of its people
    are, or how often it came.
    """

    key = pw.CharField(max_length=120, verbose_name="事项")
    kind = pw.CharField(
        max_length=12,
        choices=[
            ("deadline", "报到截止"),
            ("half_year", "半年内没有报到或服务"),
            ("visits", "单位活动次数不足"),
        ],
        verbose_name="事项",
    )
    community = lf.place("社区", anywhere=True)
    report = lf.ref(Report, "报到记录", null=True)
    person = lf.ref(lf.Person, "人员", null=True)
    organization = lf.ref(lf.Organization, "单位", null=True, anywhere=True)
    period = pw.CharField(max_length=12, verbose_name="期限或期间")
    days_before = pw.IntegerField(null=True, verbose_name="截止前第几天的提醒")
    days_left = pw.IntegerField(null=True, verbose_name="剩余天数")
    people = pw.IntegerField(default=0, verbose_name="人数")
    told_on = lf.DayField(verbose_name="提醒日期")
    community_id: int
    report_id: int | None
    person_id: int | None
    organization_id: int | None

    class Meta:
        """Said once."""

        table_name = "dual_reporting_reminder"
        unique = (lf.unique("key"),)


class Feedback(lf.Record):
    """A sheet by which a community tells an employer of its people: hours and grades, nothing else.

    `period` is a quarter (`2026-Q3`), or `last-7` for the report that has ended. The sheet itself
    is issued as a document; the employer's liaison confirms that it has come.
    """

    organization = lf.ref(lf.Organization, "单位", anywhere=True)
    community = lf.place("社区", anywhere=True)
    period = pw.CharField(max_length=30, verbose_name="期间")
    report = lf.ref(Report, "报到记录", null=True)
    people = pw.IntegerField(default=0, verbose_name="人数")
    minutes = pw.IntegerField(default=0, verbose_name="服务时长（分钟）")
    sent_on = lf.DayField(verbose_name="发送日期")
    receipt_due = lf.DayField(null=True, verbose_name="最迟回执日期")
    receipted_on = lf.DayField(null=True, verbose_name="回执日期")
    state = lf.State("状态", sent="待回执", overdue="逾期未回执", receipted="已回执")
    organization_id: int
    community_id: int
    report_id: int | None

    class Meta:
        """One for each employer, community and period."""

        table_name = "dual_reporting_feedback"
        unique = (lf.unique("organization", "community", "period"),)
