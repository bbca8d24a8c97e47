"""Households: the unit in which communities and grids are counted."""

from __future__ import annotations

import peewee as pw

from lifang.entities.community import place
from lifang.entities.person import Person
from lifang.store.fields import DayField
from lifang.store.record import Record, ref, unique
from lifang.store.sensitive import Sensitive

RELATIONS = {
    "head": "户主",
    "spouse": "配偶",
    "child": "子女",
    "parent": "父母",
    "grandparent": "祖父母",
    "grandchild": "孙子女",
    "sibling": "兄弟姐妹",
    "tenant": "租住人",
    "other": "其他",
}


class Household(Record):
    """People who live together, at an address in a building, a grid or a community."""

    number = pw.CharField(max_length=40, verbose_name="户编号")
    community = place("所在社区、网格或楼栋")
    community_id: int
    address = Sensitive("住址", kind="address", help_text="小区、楼号、单元、室")

    class Meta:
        """A number stands once in its community."""

        table_name = "core_household"
        unique = (unique("community", "number"),)


class HouseholdMember(Record):
    """Someone's place in a household, from one day to another."""

    household = ref(Household, "户")
    person = ref(Person, "人员")
    relation = pw.CharField(
        max_length=20, choices=list(RELATIONS.items()), default="other", verbose_name="与户主关系"
    )
    from_date = DayField(null=True, verbose_name="开始日期")
    to_date = DayField(null=True, verbose_name="结束日期")
    household_id: int
    person_id: int

    class Meta:
        """Looked up from both sides."""

        table_name = "core_household_member"
        indexes = ((("household", "person"), False),)
