"""What districts set for themselves, from a day on; the presets are rules known from somewhere.

`hailin` 海林, `huangshan` 黄山, `youth` 共青团, `yuzhong` 兰州榆中, `changning` 上海长宁,
`izhiyuan` 广东 i志愿, `half-hour` and `one-hour`: two ways of rounding.
What a preset does not say stays as it was.
"""

from __future__ import annotations

from typing import Any

import lifang as lf

rounding = lf.Setting(
    "rounding",
    str,
    "时长取整",
    default="half_hour",
    choices={
        "real": "按实际分钟",
        "half_hour": "不足半小时的部分不计",
        "one_hour": "不足 1 小时按 1 小时",
    },
    presets={"half-hour": "half_hour", "one-hour": "one_hour", "izhiyuan": "real"},
)
most_hours = lf.Setting(
    "most_hours", int, "一次最多计", default=0, unit="小时", minimum=0, maximum=24,
    help="0 表示不限", presets={"half-hour": 8},
)  # fmt: skip
day_hours = lf.Setting(
    "day_hours", int, "每日自动认定上限", default=8, unit="小时", minimum=1, maximum=24,
    help="超过的由上级组织审批", presets={"izhiyuan": 8},
)  # fmt: skip
day_hours_parent = lf.Setting(
    "day_hours_parent", int, "上级组织可审批到", default=12, unit="小时", minimum=1, maximum=24,
    help="再超过的须由省级主管部门批准", presets={"izhiyuan": 12},
)  # fmt: skip
sign_ins_a_day = lf.Setting(
    "sign_ins_a_day", int, "每日签到次数上限", default=3, minimum=1, presets={"izhiyuan": 3}
)
window_minutes = lf.Setting(
    "window_minutes", int, "签到时间窗口", default=30, unit="分钟", minimum=0, maximum=180,
    help="班次开始、结束前后各多少分钟可以签到、签退",
)  # fmt: skip
geo_people = lf.Setting(
    "geo_people", int, "可用定位签到的活动人数", default=100, minimum=1, presets={"izhiyuan": 100}
)
geo_metres = lf.Setting(
    "geo_metres", int, "定位签到的距离", default=500, unit="米", minimum=20, maximum=5000
)
geo_days = lf.Setting(
    "geo_days", int, "签到距离保留天数", default=30, unit="天", minimum=1, maximum=365
)
review_people = lf.Setting(
    "review_people", int, "须街道审核的活动人数", default=100, minimum=1, help="超过这个人数"
)
excluded_words = lf.Setting(
    "excluded_words",
    str,
    "不计入志愿服务的活动",
    default="会议、值班、聚餐、宴会、彩排、商业",
    help="活动名称里不能出现的词，用顿号隔开",
    presets={"izhiyuan": "会议、值班、聚餐、宴会、彩排、商业"},
)
confirm_days = lf.Setting(
    "confirm_days", int, "确认期限", default=3, unit="个工作日", minimum=1, maximum=10,
    help="法定期限为 10 个工作日",
)  # fmt: skip
audit_all = lf.Setting("audit_all", bool, "每条记录都须审核", default=False, help="否则抽查")
lock_days = lf.Setting(
    "lock_days", int, "无异议后锁定", default=15, unit="天", minimum=1, maximum=90
)
points_per_hour = lf.Setting(
    "points_per_hour", int, "每小时积分", default=1, minimum=0,
    presets={"hailin": 1, "youth": 1},
)  # fmt: skip
hours_per_activity = lf.Setting(
    "hours_per_activity", int, "一次活动最多按几小时积分", default=0, unit="小时", minimum=0,
    help="0 表示不限；时长照记", presets={"hailin": 2},
)  # fmt: skip
referral_points = lf.Setting(
    "referral_points", int, "介绍他人注册的积分", default=0, minimum=0, presets={"hailin": 2}
)
points_years = lf.Setting(
    "points_years", int, "积分有效期", default=3, unit="年", minimum=0, maximum=50,
    help="0 表示长期有效；时长不会失效", presets={"youth": 1, "huangshan": 3},
)  # fmt: skip
redeem_every = lf.Setting(
    "redeem_every",
    str,
    "兑换次数",
    default="any",
    choices={"any": "随时", "quarter": "每季度一次", "year": "每年一次"},
    presets={"hailin": "quarter", "huangshan": "any", "yuzhong": "year"},
)
refundable = lf.Setting(
    "refundable", bool, "兑换可以取消", default=True,
    help="否则预约时即扣分，不退", presets={"huangshan": False},
)  # fmt: skip
pick_up_days = lf.Setting(
    "pick_up_days", int, "领取期限", default=15, unit="天", minimum=1, maximum=90
)
star_hours = lf.Setting(
    "star_hours", list, "各星级的小时数", default=[100, 300, 600, 1000, 1500], minimum=1
)
star_notice_days = lf.Setting(
    "star_notice_days", int, "星级公示", default=5, unit="个工作日", minimum=5, maximum=30
)
certificate_style = lf.Setting(
    "certificate_style",
    str,
    "证明的样式",
    default="now",
    choices={"now": "现行（2021）", "2015": "旧式（2015）：含证件号、负责人、经办人和内部公示"},
)
certificate_notice_days = lf.Setting(
    "certificate_notice_days", int, "旧式证明的内部公示", default=7, unit="个工作日", minimum=7
)
time_bank = lf.Setting("time_bank", bool, "时间银行", default=False, presets={"changning": True})
coins_a_day = lf.Setting(
    "coins_a_day", int, "每日最多存入", default=2, unit="个时间币", minimum=1,
    presets={"changning": 2},
)  # fmt: skip
coins_in_all = lf.Setting(
    "coins_in_all", int, "每人最多存入", default=600, unit="个时间币", minimum=1,
    presets={"changning": 600},
)  # fmt: skip

saver_age = lf.Setting(
    "saver_age", int, "存入者起始年龄", default=60, unit="岁", minimum=18,
    presets={"changning": 60},
)  # fmt: skip
saver_age_women = lf.Setting(
    "saver_age_women", int, "女性存入者起始年龄", default=50, unit="岁", minimum=18,
    presets={"changning": 50},
)  # fmt: skip
saver_oldest = lf.Setting(
    "saver_oldest", int, "存入者最高年龄", default=70, unit="岁", minimum=18,
    presets={"changning": 70},
)  # fmt: skip

settings: list[lf.Setting[Any]] = [
    rounding, most_hours, day_hours, day_hours_parent, sign_ins_a_day, window_minutes, geo_people,
    geo_metres, geo_days, review_people, excluded_words, confirm_days, audit_all, lock_days,
    points_per_hour, hours_per_activity, referral_points, points_years, redeem_every, refundable,
    pick_up_days, star_hours, star_notice_days, certificate_style, certificate_notice_days,
    time_bank, coins_a_day, coins_in_all, saver_age,
    saver_age_women, saver_oldest,
]  # fmt: skip

presets = {
    "hailin": "海林",
    "huangshan": "黄山",
    "youth": "共青团",
    "yuzhong": "兰州榆中",
    "changning": "上海长宁",
    "izhiyuan": "广东 i志愿",
    "half-hour": "不足半小时的部分不计",
    "one-hour": "不足 1 小时按 1 小时",
}
"""What the presets are called."""
