"""What stands on the papers that are issued."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import (
    AnnualReview,
    Feedback,
    Report,
    ServiceCard,
    ServiceEntry,
    UnitReport,
    UnitReview,
)
from lifang_dual_reporting.models.report import CHANNELS
from lifang_dual_reporting.models.review import GRADES, PARTS
from lifang_dual_reporting.models.service import NATURES
from lifang_dual_reporting.policies import local
from lifang_dual_reporting.services import counting, employer, rates

receipt_number = lf.Number("dual_reporting.receipt", "回执号", "SBD-{code}-{year}-{n:04}")
unit_receipt_number = lf.Number("dual_reporting.unit_receipt", "回执号", "DBD-{code}-{year}-{n:04}")
review_number = lf.Number("dual_reporting.review", "年度评议", "PY-{code}-{year}-{n:04}")
feedback_number = lf.Number("dual_reporting.feedback", "服务反馈", "FK-{code}-{year}-{n:04}")
card_number = lf.Number("dual_reporting.card", "服务记录卡", "FW-{code}-{year}-{n:04}")


def receipt_content(report: Report, caller: lf.Caller) -> list[lf.Section]:
    """The slip as it was handed in, and what the community says to it.

    The employer keeps it, so it says neither where somebody lives nor their political status.
    """
    unit = report.organization.name if report.organization is not None else "—"
    heads = (_("事项"), _("内容"))
    slip = (
        (_("姓名"), report.person.name),
        (_("单位及职务"), f"{unit} {report.post_title or ''}".strip()),
        (_("特长"), report.skills or "—"),
        (_("服务意向"), report.service_intent or "—"),
        (_("可服务时间"), report.available_time or "—"),
        (_("报到方式"), _(dict(CHANNELS)[report.channel]) if report.channel else "—"),
        (_("报到单编号"), report.slip_no or "—"),
    )
    rows = (
        (_("接收社区"), report.community.name),
        (_("报到日期"), str(report.reported_on or "—")),
        (_("接收日期"), str(report.accepted_on)),
        (_("回执号"), report.receipt_no or ""),
    )
    return [lf.Section(_("报到单"), heads, slip), lf.Section(_("报到回执"), heads, rows)]


def unit_receipt_content(report: UnitReport, caller: lf.Caller) -> list[lf.Section]:
    """Which unit reported to which community, and with how many people."""
    rows = (
        (_("单位"), report.organization.name),
        (_("党组织书记"), report.secretary),
        (_("联络员"), report.liaison),
        (_("应报到人数"), str(report.members_total)),
        (_("接收社区"), report.community.name),
        (_("报到日期"), str(report.reported_on or "—")),
        (_("接收日期"), str(report.accepted_on)),
        (_("回执号"), report.receipt_no or ""),
    )
    return [lf.Section(_("单位报到回执"), (_("事项"), _("内容")), rows)]


receipt = lf.Document("dual_reporting.receipt", "社区报到回执", content=receipt_content)
unit_receipt = lf.Document(
    "dual_reporting.unit_receipt", "单位报到回执", content=unit_receipt_content
)


def hours(minutes: int) -> str:
    """Minutes as people read them: 90 → 1.5 小时."""
    return _("{n} 小时", n=f"{minutes / 60:.1f}".removesuffix(".0"))


def grade_of(grade: str | None) -> str:
    """A grade by its name."""
    return _(dict(GRADES)[grade]) if grade else "—"


def five_parts(review: Any) -> lf.Section:
    """What each of the five said."""
    said = (
        (_(label), grade_of(getattr(review, f"{name}_grade")), getattr(review, f"{name}_text"))
        for name, label in PARTS.items()
    )
    rows = tuple((label, grade, text or "—") for label, grade, text in said)
    return lf.Section(_("五评"), (_("评议"), _("等次"), _("评语")), rows)


def review_content(review: AnnualReview, caller: lf.Caller) -> list[lf.Section]:
    """Somebody's year as the employer learns of it: hours and grades, and nothing of home."""
    unit = review.organization.name if review.organization is not None else "—"
    asked = hours(review.target_minutes) if review.target_minutes else _("不作要求")
    rows = [
        (_("姓名"), review.person.name),
        (_("单位"), unit),
        (_("报到社区"), review.community.name),
        (_("年度"), str(review.year)),
        (_("服务时长"), hours(review.minutes)),
        (_("其中自愿服务"), hours(review.voluntary_minutes)),
        (_("应服务时长"), asked),
        (_("是否达标"), {None: _("不作要求"), True: _("是"), False: _("否")}[review.reached]),
        (_("评定等次"), grade_of(review.grade)),
        (_("评定日期"), str(review.reviewed_on)),
    ]
    if review.points is not None:
        rows.insert(-2, (_("积分"), str(review.points)))
    return [lf.Section(_("年度情况"), (_("事项"), _("内容")), tuple(rows)), five_parts(review)]


def unit_review_content(review: UnitReview, caller: lf.Caller) -> list[lf.Section]:
    """A unit's year: its rates, and what they were divided by."""
    eligible = {None: _("不作要求"), True: _("是"), False: _("否")}[review.eligible]
    divided = rates.DENOMINATORS.get(review.denominator or "", "—")
    rows = (
        (_("单位"), review.organization.name),
        (_("报到社区"), review.community.name),
        (_("年度"), str(review.year)),
        (_("应报到人数"), str(review.members_total)),
        (_("已报到人数"), str(review.accepted)),
        (_("达标人数"), _("不作要求") if review.reached is None else str(review.reached)),
        (_("报到率"), rates.text(review.reporting_rate)),
        (_("完成率"), rates.text(review.completion_rate)),
        (_("完成率的分母"), _(divided)),
        (_("单位活动次数"), str(review.activities)),
        (_("可参加评优"), eligible),
        (_("评定等次"), grade_of(review.grade)),
        (_("评定日期"), str(review.reviewed_on)),
    )
    return [lf.Section(_("年度情况"), (_("事项"), _("内容")), rows), five_parts(review)]


def feedback_content(sheet: Feedback, caller: lf.Caller) -> list[lf.Section]:
    """An employer's people who report there: hours, stars, grades."""
    first, last = employer.days_of(sheet)
    facts = (
        (_("单位"), sheet.organization.name),
        (_("报到社区"), sheet.community.name),
        (_("起止日期"), _("{since} 至 {until}", since=first, until=last)),
        (_("人数"), str(sheet.people)),
        (_("服务时长"), hours(sheet.minutes)),
        (_("请于此日前回执"), str(sheet.receipt_due)),
    )
    rows = tuple(
        (
            one.name,
            hours(one.service.voluntary),
            hours(one.service.minutes - one.service.voluntary),
            "—" if one.service.stars is None else _("{n} 星", n=one.service.stars),
            grade_of(one.grade),
        )
        for one in employer.lines(sheet, caller)
    )
    heads = (_("姓名"), _("自愿服务"), _("单位安排"), _("居民评分"), _("年度等次"))
    return [
        lf.Section(_("服务反馈单"), (_("事项"), _("内容")), facts),
        lf.Section(_("报到人员"), heads, rows),
    ]


def card_content(card: ServiceCard, caller: lf.Caller) -> list[lf.Section]:
    """What somebody served in a community in a year, with the codes by which it is rated."""
    report, person = card.report, card.person
    where = counting.confirmed([card.person_id], counting.year_of(card.year), caller)
    found = ServiceEntry.select().where(*where, ServiceEntry.community == report.community)
    entries: list[ServiceEntry] = list(found.order_by(ServiceEntry.start))
    facts = (
        (_("姓名"), person.name),
        (_("单位"), report.organization.name if report.organization is not None else "—"),
        (_("报到社区"), report.community.name),
        (_("年度"), str(card.year)),
        (_("服务次数"), str(len(entries))),
        (_("服务时长"), hours(sum(one.minutes for one in entries))),
    )
    heads = (
        _("日期"), _("起止时间"), _("岗位或活动"), _("服务内容"), _("性质"), _("时长"),
        _("评价码"), _("居民评分"),
    )  # fmt: skip
    rows = tuple(_entered(one, caller) for one in entries)
    return [
        lf.Section(_("基本情况"), (_("事项"), _("内容")), facts),
        lf.Section(_("服务（活动）记录"), heads, rows),
        lf.Section(_("说明"), (), ((_("服务对象可凭评价码在里坊评分，每次服务每人评一次。"),),)),
    ]


def _entered(entry: ServiceEntry, caller: lf.Caller) -> tuple[str, ...]:
    since, until = local(entry.start, caller), local(entry.end, caller)
    at = entry.post.name if entry.post is not None else entry.activity
    return (
        str(since.date()), f"{since:%H:%M}–{until:%H:%M}", at or "—", entry.content,
        _(dict(NATURES)[entry.nature]), hours(entry.minutes), entry.code or "—",
        "—" if entry.stars is None else _("{n} 星", n=entry.stars),
    )  # fmt: skip


service_card = lf.Document(
    "dual_reporting.service_card", "服务（活动）记录卡", content=card_content
)
review_sheet = lf.Document("dual_reporting.review_sheet", "年度评议反馈表", content=review_content)
unit_review_sheet = lf.Document(
    "dual_reporting.unit_review_sheet", "单位年度评议反馈表", content=unit_review_content
)
feedback_sheet = lf.Document(
    "dual_reporting.feedback_sheet", "服务反馈单", content=feedback_content
)
