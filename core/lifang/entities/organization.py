"""Organizations: government, employers, property companies, social and party organizations."""

from __future__ import annotations

import peewee as pw

from lifang.store.fields import DayField
from lifang.store.record import Record, unique

KINDS = {
    "party": "党组织",
    "government": "机关",
    "institution": "事业单位",
    "enterprise": "企业",
    "self_governing": "基层群众性自治组织",
    "mass_organization": "群团组织",
    "social_organization": "社会组织",
    "property_company": "物业服务企业",
    "platform": "平台企业",
    "other": "其他",
}


class Organization(Record):
    """A body that people belong to, with its credit code or the reason it has none."""

    name = pw.CharField(max_length=200, verbose_name="名称")
    kind = pw.CharField(max_length=30, choices=list(KINDS.items()), verbose_name="类别")
    uscc = pw.CharField(
        max_length=18,
        null=True,
        verbose_name="统一社会信用代码",
        help_text="18 位；没有代码的组织请填写原因",
    )
    no_uscc_reason = pw.CharField(max_length=120, null=True, verbose_name="无代码原因")
    parent = pw.ForeignKeyField("self", null=True, verbose_name="上级组织")
    founded_on = DayField(null=True, verbose_name="成立日期")
    closed_on = DayField(null=True, verbose_name="注销日期")

    class Meta:
        """One standing organization per credit code."""

        table_name = "core_organization"
        unique = (unique("uscc"),)
