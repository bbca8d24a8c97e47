"""Communities: the tree in which everything else has its place."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.kit import clock
from lifang.store.fields import DayField, IdField
from lifang.store.record import Record, Table, ref

KINDS = {
    "province": "省",
    "city": "市",
    "district": "区县",
    "subdistrict": "街道乡镇",
    "community": "社区",
    "grid": "网格",
    "building": "楼栋",
}
EVERYDAY = {
    **dict.fromkeys(("区", "县", "旗", "县级市"), "district"),
    **dict.fromkeys(("街道", "乡镇", "镇", "乡", "苏木"), "subdistrict"),
    **dict.fromkeys(("村", "行政村", "居委会", "村委会"), "community"),
}
"""What tables of offices call the kinds."""
CODE_SYSTEMS = {"stats": "统计用区划代码", "local": "本地编号"}
SEGMENT = 6
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Community(Record):
    """A node of the tree, from province to building; its id is stable, its code an attribute."""

    code = pw.CharField(max_length=40, verbose_name="代码", index=True)
    name = pw.CharField(max_length=120, verbose_name="名称")
    short_name = pw.CharField(max_length=60, null=True, verbose_name="简称")
    kind = pw.CharField(max_length=20, choices=list(KINDS.items()), verbose_name="类别")
    parent = pw.ForeignKeyField("self", null=True, verbose_name="上级")
    code_system = pw.CharField(
        max_length=10, choices=list(CODE_SYSTEMS.items()), default="stats", verbose_name="代码体系"
    )
    class_code = pw.CharField(max_length=3, null=True, verbose_name="城乡分类代码")
    path = pw.CharField(max_length=120, default="", index=True, collation=None)
    valid_from = DayField(null=True, verbose_name="启用日期")
    valid_to = DayField(null=True, verbose_name="停用日期")

    class Meta:
        """A code is unique among the nodes valid today; a closed node may hold it too."""

        table_name = "core_community"

    @classmethod
    def tied_to(cls, one: Any, kind: str) -> list[Community]:
        """Where a person or an organization `resides`, `works`, is `located` or `serves` today.

        The primary place comes first.
        """
        links, today = one.affiliation_set, clock.today()
        link = links.model
        holds = link.removed_at.is_null() & (link.to_date.is_null() | (link.to_date > today))
        rows = links.select(link, cls).join(cls).where(link.kind == kind, holds)
        rows = rows.order_by(link.primary.desc(), link.id)
        return [row.community for row in rows]


class CommunityEdge(Table):
    """Which node lay under which, from one day (that included) to another (that not).

    The edges of a node follow one another without a gap. The first reaches back as far as anything
    is remembered; the last leads where its path leads: to its parent, or from the node it was
    merged into. A closed node keeps its place, for its records are still seen from there.
    """

    id = IdField()
    child = pw.ForeignKeyField(Community)
    parent = pw.ForeignKeyField(Community, null=True)
    from_date = DayField(null=True)
    to_date = DayField(null=True)

    class Meta:
        """A table of the machine."""

        table_name = "core_community_edge"


class CommunityCode(Table):
    """The code and the name that a node had from one day to another; codes are used again."""

    id = IdField()
    community = pw.ForeignKeyField(Community)
    code = pw.CharField(max_length=40, index=True)
    name = pw.CharField(max_length=120)
    from_date = DayField(null=True)
    to_date = DayField(null=True)

    class Meta:
        """A table of the machine."""

        table_name = "core_community_code"


class FormerPlace(Table):
    """Where a record lay before it was taken out of a closed node: what it was then stays known."""

    id = IdField()
    noun = pw.CharField(max_length=120)
    record = pw.BigIntegerField()
    community = pw.ForeignKeyField(Community)
    from_date = DayField(null=True)
    to_date = DayField()

    class Meta:
        """A table of the machine."""

        table_name = "core_former_place"
        indexes = ((("noun", "record"), False),)


class CommunitySuccessor(Table):
    """Which node took over from a closed one, and what share of it."""

    id = IdField()
    old = pw.ForeignKeyField(Community)
    new = pw.ForeignKeyField(Community)
    date = DayField()
    share = pw.FloatField(default=1.0)

    class Meta:
        """A table of the machine."""

        table_name = "core_community_successor"


def place(label: str, **options: Any) -> pw.ForeignKeyField[Community]:
    """Say which community a record belongs to: permission, activation and events look here."""
    return ref(Community, label, **options)


def segment(number: int) -> str:
    """Write an id as the fixed-width step of a path, so that text order is tree order."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits.rjust(SEGMENT, "0")


def path_of(number: int, parent_path: str) -> str:
    """The path of a node under its parent's."""
    return parent_path + segment(number)


def path_end(path: str) -> str:
    """Where a node's subtree ends: every path of it is >= `path` and < this."""
    return path[:-1] + chr(ord(path[-1]) + 1) if path else "~"
