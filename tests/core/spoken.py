"""What is translated where it is shown and neither marked nor declared where it is written."""

from __future__ import annotations

from lifang.resources import action

SPOKEN = {
    "core": dict.fromkeys(action._LABELS.values(), "an input"),
    "agency_contracts": {
        "临期合同事项": "the title of a card",
        "服务对象意见": "what a settlement waits for",
        "验收结果公告": "what a settlement waits for",
        "承接主体确认数据交还或删除": "what a settlement waits for",
        "验收单": "the label of a document",
    },
    "dual_reporting": dict.fromkeys(
        (
            "已报到人数",
            "社区报到回执",
            "单位报到回执",
            "岗位名额",
            "年度评议反馈表",
            "单位年度评议反馈表",
            "服务（活动）记录卡",
        ),
        "card, papers, places",
    ),  # fmt: skip
    "volunteer_points": {
        "报名中的活动": "the title of a card",
        **dict.fromkeys(("件", "个"), "the unit of a ledger"),
        **dict.fromkeys(("库存", "班次名额"), "the label of a ledger, and of places"),
        **dict.fromkeys(("星级志愿者公示", "志愿服务证明公示"), "the label of a notice"),
        **dict.fromkeys(("志愿服务记录证明", "志愿服务平台记录"), "the label of a document"),
    },
}
"""By plugin, each with what it is."""
