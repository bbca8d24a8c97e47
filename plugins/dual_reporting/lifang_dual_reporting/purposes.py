"""What those who report are asked to consent to."""

from __future__ import annotations

import lifang as lf

sensitive = lf.Purpose(
    "dual_reporting.sensitive",
    "双报到登记政治面貌和住址",
    "为核对您是否属于应报到人员、就近安排网格和岗位，您报到的社区处理您的政治面貌和居住小区楼号。这两项与单位放在一起属于"
    "敏感个人信息，加密保存，只有社区按权限查看，不告诉您的单位，不公布；报到结束后不再使用。不同意的可以不填，不影响报到；"
    "可以随时撤回，撤回后即从您的报到记录中删除。",
    separate=True,
)
"""Sensitive data need a consent of their own (个人信息保护法 第二十八条、第二十九条)."""

purposes = [sensitive]
