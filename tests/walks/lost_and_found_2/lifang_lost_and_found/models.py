"""What this plugin keeps."""

from __future__ import annotations

import peewee as pw

import lifang as lf


class Item(lf.Record):
    """Found item: what it is about, where, and how far it has come."""

    name = pw.CharField(max_length=100, verbose_name="名称")
    found_at = pw.CharField(max_length=100, verbose_name="拾得地点")
    kept_in = pw.CharField(max_length=100, null=True, verbose_name="存放处")
    due = lf.DayField(null=True, verbose_name="到期日")
    community = lf.place("社区")  # where it belongs: permission, activation, events look here
    state = lf.State("状态", found="待认领", claimed="已认领", returned="已归还")
    community_id: int

    class Meta:
        table_name = "lost_and_found_item"
