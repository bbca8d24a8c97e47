"""What districts set; laws are constants in `policies.py`."""

from __future__ import annotations

from typing import Any

import lifang as lf

payment_split = lf.Setting(
    "payment_split",
    list,
    "付款比例（%）",
    default=[50, 30, 20],
    help="按期次排列，合计须为 100；签订合同时据此生成付款计划",
    minimum=1,
    maximum=100,
    presets={"three-stage": [60, 30, 10]},
)
warn_days = lf.Setting(
    "warn_days",
    int,
    "期限预警提前天数",
    default=2,
    help="签订、公告和备案期限前多少天提醒",
    unit="天",
    minimum=0,
    maximum=30,
)
certificate_days = lf.Setting(
    "certificate_days",
    int,
    "证书到期预警提前天数",
    default=30,
    help="社工登记到期前多少天提醒",
    unit="天",
    minimum=0,
    maximum=365,
)
report_day = lf.Setting(
    "report_day",
    int,
    "月报报送日",
    default=5,
    help="次月几日前报送",
    minimum=1,
    maximum=28,
)
behind_limit = lf.Setting(
    "behind_limit",
    int,
    "严重滞后界限（百分点）",
    default=10,
    help="完成率落后时间进度超过它即为严重滞后",
    minimum=0,
    maximum=100,
)
late_time = lf.Setting(
    "late_time",
    int,
    "后期预警：时间进度（%）",
    default=80,
    help="时间过去这么多而完成率不足，即为严重滞后",
    minimum=1,
    maximum=100,
)
late_done = lf.Setting(
    "late_done", int, "后期预警：完成率（%）", default=60, minimum=0, maximum=100
)
dimension_weights = lf.Setting(
    "dimension_weights",
    list,
    "评估维度权重（%）",
    default=[20, 20, 20, 20, 20],
    help="依次为相关性、效率、效果、公平性、可持续性，合计须为 100",
    minimum=1,
    maximum=100,
)
grade_bands = lf.Setting(
    "grade_bands",
    list,
    "评估等级下限（分）",
    default=[90, 80, 60],
    help="依次为优秀、良好、基本合格的下限，含本数；低于最后一个为不合格",
    minimum=1,
    maximum=100,
)
appeal_days = lf.Setting(
    "appeal_days",
    int,
    "评估申诉期（工作日）",
    default=5,
    help="评估生效后承接主体可以申诉的工作日数",
    unit="工作日",
    minimum=1,
    maximum=30,
)
bar_failed = lf.Setting(
    "bar_failed",
    bool,
    "不合格机构次年不得承接",
    default=True,
    help="末期评估不合格的承接主体，次年不得承接同一购买主体的项目",
)
prefer_good = lf.Setting(
    "prefer_good",
    bool,
    "优良机构次年优先",
    default=True,
    help="末期评估优秀或良好的承接主体，次年同等条件下优先；由购买主体掌握",
)
ocid_prefix = lf.Setting(
    "ocid_prefix",
    str,
    "开放合同数据前缀",
    default="ocds-000000",
    help="向开放合同伙伴关系登记取得，例如 ocds-a1b2c3；登记前用默认值，不可对外发布",
)

settings: list[lf.Setting[Any]] = [
    payment_split,
    warn_days,
    certificate_days,
    report_day,
    behind_limit,
    late_time,
    late_done,
    dimension_weights,
    grade_bands,
    appeal_days,
    bar_failed,
    prefer_good,
    ocid_prefix,
]

presets = {
    "three-stage": "分三次付款",
}
"""What the presets are called."""
