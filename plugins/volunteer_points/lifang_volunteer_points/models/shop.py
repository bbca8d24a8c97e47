"""The points shop: what can be had, and what was reserved for somebody."""

from __future__ import annotations

import peewee as pw

import lifang as lf
from lifang_volunteer_points.models.volunteer import Volunteer


class Item(lf.Record):
    """Something that thanks volunteers. It has no price: points are no money."""

    name = pw.CharField(max_length=120, verbose_name="名称")
    community = lf.place("兑换点所在社区")
    points = pw.IntegerField(verbose_name="所需积分")
    supplier = pw.CharField(max_length=120, null=True, verbose_name="提供者")
    limit_per_person = pw.IntegerField(null=True, verbose_name="每人限兑")
    stock = pw.IntegerField(default=0, verbose_name="可兑数量")
    state = lf.State("状态", on_shelf="可兑换", withdrawn="已下架")
    community_id: int

    class Meta:
        """What is in stock stands in a ledger; the column shows it."""

        table_name = "volunteer_points_item"


class Redemption(lf.Record):
    """An item kept for a volunteer until it is picked up by a code that nobody can guess."""

    item = lf.ref(Item, "物品")
    volunteer = lf.ref(Volunteer, "志愿者")
    person = lf.ref(lf.Person, "人员")
    quantity = pw.IntegerField(default=1, verbose_name="数量")
    points = pw.IntegerField(default=0, verbose_name="积分")
    code = pw.CharField(max_length=20, null=True, verbose_name="领取码")
    handed_out_by = pw.CharField(max_length=120, null=True, verbose_name="发放人")
    points_entry = pw.BigIntegerField(default=0)
    stock_entry = pw.BigIntegerField(default=0)
    state = lf.State(
        "状态",
        reserved="待领取",
        picked_up="已领取",
        done="已签收",
        expired="已过期",
        cancelled="已取消",
    )
    item_id: int
    volunteer_id: int
    person_id: int

    class Meta:
        """Looked for by volunteer; the code is derived, never kept."""

        table_name = "volunteer_points_redemption"
        indexes = ((("volunteer", "created_at"), False),)
