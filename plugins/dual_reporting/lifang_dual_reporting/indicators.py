"""What dual reporting reports upwards; each figure is read from the records when it is asked for.

Rates of units are counted where the unit reports, wherever its people live, so that a community's
rates are those of the units on its sheet and of their reviews.
"""

from __future__ import annotations

import lifang as lf
from lifang_dual_reporting.resources import (
    annual_reviews,
    post_claims,
    reports,
    service_entries,
    unit_activities,
    unit_reports,
)
from lifang_dual_reporting.settings import annual_hours, denominator, unit_pass_rate

SERVED = ("accepted_on", "ended_on")
"""From which day to which a community has somebody, or a unit."""

reporting_here = lf.Measure(reports, standing=SERVED)
units = lf.Measure(unit_reports, standing=SERVED)
should_report = lf.Measure(unit_reports, total="members_total", standing=SERVED)
accepted = lf.Measure(reports, standing=SERVED, at=should_report)
reached = lf.Measure(annual_reviews, standing=("reached_on", "until"), at=should_report)
minutes = lf.Measure(service_entries, total="minutes", dated="start", state="confirmed")
activities = lf.Measure(unit_activities, dated="day", state="confirmed")
fed_back = lf.Measure(annual_reviews, dated="fed_back_on")

indicators = [
    lf.Indicator(
        "dual_reporting.reporting", "在册报到人数", reporting_here, unit="人", digits=0,
        better="higher", note="期末已接收、没有结束或转走的报到，按报到的社区计",
    ),
    lf.Indicator(
        "dual_reporting.reporting_rate", "报到率", accepted, should_report, unit="%", times=100,
        digits=2, better="higher", goal=unit_pass_rate,
        note="期末各单位已接收的人数，除以单位报到时填的应报到人数；都计在单位报到的社区，"
        "人住在哪里都算",
    ),
    lf.Indicator(
        "dual_reporting.completion_rate", "完成率", reached,
        lf.Indicator.choice(
            denominator, {"accepted": accepted, "should_report": should_report}
        ),
        unit="%", times=100, digits=2, better="higher", goal=unit_pass_rate, asks=annual_hours,
        note=lf.Indicator.choice(denominator, {
            "accepted": "到期末当年服务时长达标的人数，除以已报到人数；都计在单位报到的社区；"
            "本地没有规定年度服务时长的，没有完成率",
            "should_report": "到期末当年服务时长达标的人数，除以应报到人数；都计在单位报到的社区；"
            "本地没有规定年度服务时长的，没有完成率",
        }),
    ),
    lf.Indicator(
        "dual_reporting.hours_per_head", "人均服务时长", minutes, reporting_here, unit="小时",
        over=60, better="higher",
        note="本期已确认的服务时长，自愿的和单位安排的都计，除以期末在册报到人数",
    ),
    lf.Indicator(
        "dual_reporting.claims", "岗位认领数",
        lf.Measure(post_claims, dated="claimed_on", state=["held", "given_up"]),
        unit="人次", digits=0, better="higher", note="本期认领的岗位，后来退出的也计；候补的不计",
    ),
    lf.Indicator(
        "dual_reporting.unit_activities", "单位活动", activities, unit="次", digits=0,
        better="higher", note="本期已确认的走访、活动和共建项目；按季度看",
    ),
    lf.Indicator(
        "dual_reporting.activities_per_unit", "平均每单位活动", activities, units, unit="次",
        better="higher", note="本期已确认的单位活动，除以期末报到的单位数",
    ),
    lf.Indicator(
        "dual_reporting.feedback_rate", "评议反馈率",
        lf.Measure(annual_reviews, dated="fed_back_on", state="receipted"), fed_back,
        unit="%", times=100, better="higher",
        note="本期反馈给单位的年度评议中，单位已回执的所占的比例；签署后随即反馈，所以看回执",
    ),
]  # fmt: skip
