"""What districts set for themselves, from a day on; the presets are rules known from somewhere.

`lanzhou` 兰州 (the defaults), `foshan` 佛山, `xingtai` 邢台桥西, `zhongjiang` 中江,
`chengcheng` 澄城. What a preset does not say stays as it was.
"""

from __future__ import annotations

from typing import Any

import lifang as lf

scope = lf.Setting(
    "scope", str, "应报到人员", default="public_servants",
    choices={"party_members": "在职党员", "public_servants": "在职党员和其他公职人员"},
    presets={
        "lanzhou": "public_servants", "foshan": "party_members", "xingtai": "party_members",
        "zhongjiang": "party_members",
    },
)  # fmt: skip
place = lf.Setting(
    "place", str, "报到地", default="both",
    choices={"residence": "居住地社区", "unit": "单位所在社区", "both": "居住地或单位所在社区"},
    presets={"lanzhou": "both", "foshan": "residence"},
)  # fmt: skip
annual_hours = lf.Setting(
    "annual_hours", int, "年度服务时长", default=0, unit="小时", minimum=0, maximum=2000,
    help="0 表示不作要求", presets={"lanzhou": 0, "xingtai": 50},
)  # fmt: skip
pass_points = lf.Setting(
    "pass_points", int, "合格积分", default=0, unit="分", minimum=0,
    help="0 表示不按积分评定；积分不设上限", presets={"lanzhou": 0, "xingtai": 60},
)  # fmt: skip
unit_pass_rate = lf.Setting(
    "unit_pass_rate", int, "单位评优的最低报到率和完成率", default=0, unit="%", minimum=0,
    maximum=100, help="0 表示不作要求；低于它的单位不能评优", presets={"lanzhou": 0, "xingtai": 95},
)  # fmt: skip
denominator = lf.Setting(
    "denominator", str, "完成率的分母", default="accepted",
    choices={"accepted": "已报到人数", "should_report": "应报到人数"},
    help="印在每张使用完成率的表下", presets={"lanzhou": "accepted", "xingtai": "accepted"},
)  # fmt: skip
deadline_month = lf.Setting(
    "deadline_month", int, "报到截止月份", default=0, unit="月", minimum=0, maximum=12,
    help="0 表示没有截止日期", presets={"lanzhou": 0, "foshan": 6},
)  # fmt: skip
deadline_day = lf.Setting(
    "deadline_day", int, "报到截止日", default=30, unit="日", minimum=1, maximum=31,
    help="那个月没有这一天的，按最后一天", presets={"foshan": 30},
)  # fmt: skip
reminder_days = lf.Setting(
    "reminder_days", list, "截止前几天提醒", default=[30, 7], minimum=1,
    help="每个数提醒一次，给还没有报到的人和他们的单位",
)  # fmt: skip
cycle = lf.Setting(
    "cycle", str, "服务周期", default="year",
    choices={"year": "每年", "half_year": "每半年报到并服务一次"},
    presets={"lanzhou": "year", "foshan": "half_year"},
)  # fmt: skip
report_to_pass = lf.Setting(
    "report_to_pass", bool, "未报到的不能评为合格以上", default=False,
    help="年度评议时社区从未接收过报到的人", presets={"foshan": True},
)  # fmt: skip
activate_days = lf.Setting(
    "activate_days", int, "接收后几天自动开始服务", default=7, unit="天", minimum=1, maximum=90,
    help="认领第一个岗位时立即开始",
)  # fmt: skip
release_days = lf.Setting(
    "release_days", int, "转移最迟放行", default=5, unit="个工作日", minimum=1, maximum=30,
    help="原社区逾期未办理的，自动放行",
)  # fmt: skip
receipt_days = lf.Setting(
    "receipt_days", int, "反馈最迟回执", default=15, unit="天", minimum=1, maximum=90,
    help="逾期未回执的列给街道",
)  # fmt: skip
quarter_feedback = lf.Setting(
    "quarter_feedback", bool, "每季度末向单位反馈", default=True,
    help="每个单位一张：时长、评价和等次，没有住址", presets={"lanzhou": True, "zhongjiang": True},
)  # fmt: skip
unit_visits = lf.Setting(
    "unit_visits", int, "单位每季度到社区至少", default=0, unit="次", minimum=0, maximum=30,
    help="0 表示不作要求", presets={"lanzhou": 0, "xingtai": 1},
)  # fmt: skip
task_day = lf.Setting(
    "task_day", int, "任务清单下达日", default=0, unit="日", minimum=0, maximum=28,
    help="每月这一天向单位下达任务清单，下月同日汇总；0 表示没有任务清单",
    presets={"lanzhou": 0, "chengcheng": 10},
)  # fmt: skip

settings: list[lf.Setting[Any]] = [
    scope, place, annual_hours, pass_points, unit_pass_rate, denominator, deadline_month,
    deadline_day, reminder_days, cycle, report_to_pass, activate_days, release_days, receipt_days,
    quarter_feedback, unit_visits, task_day,
]  # fmt: skip

presets = {
    "lanzhou": "兰州",
    "foshan": "佛山",
    "xingtai": "邢台桥西",
    "zhongjiang": "中江",
    "chengcheng": "澄城",
}
"""What the presets are called."""
