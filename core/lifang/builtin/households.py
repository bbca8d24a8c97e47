"""Households and who belongs to them."""

from __future__ import annotations

import datetime as dt

from lifang.access.policy import current
from lifang.entities.caller import Caller
from lifang.entities.household import Household, HouseholdMember
from lifang.events.event import Data
from lifang.kit.errors import Conflict, Invalid
from lifang.kit.words import _
from lifang.resources.action import action
from lifang.resources.reach import Linked, Via
from lifang.resources.resource import Resource

PLACES = ("community", "grid", "building")


@action("离户", event="left")
def leave(member: HouseholdMember, caller: Caller, *, date: dt.date) -> Data:
    """End someone's belonging to a household on a day."""
    if member.to_date is not None:
        raise Conflict(_("这个人已于 {day} 离户", day=member.to_date))
    member.to_date = date
    return {"household": member.household_id, "person": member.person_id}


def stands_low_in_the_tree(household: Household, caller: Caller) -> None:
    """A household lies in a community, a grid or a building, never in a whole subdistrict."""
    if household.community.kind not in PLACES:
        raise Invalid.about("community", "kind", _("户须在社区、网格或楼栋之下"))


def belongs_once(member: HouseholdMember, caller: Caller) -> None:
    """A person is in a household once, a household has one head, and an end follows a beginning."""
    if member.from_date and member.to_date and member.to_date < member.from_date:
        raise Invalid.about("to_date", "order", _("结束日期早于开始日期"))
    if member.to_date is not None:
        return
    others = HouseholdMember.select(HouseholdMember.id).where(
        HouseholdMember.household == member.household_id,
        HouseholdMember.id != member.id,
        current(HouseholdMember),
    )
    if others.where(HouseholdMember.person == member.person_id).exists():
        raise Conflict(_("这个人已在这一户中"), reason="duplicate")
    if member.relation == "head" and others.where(HouseholdMember.relation == "head").exists():
        raise Conflict(_("这一户已有户主"), reason="head")


households = Resource(
    Household,
    label="户",
    columns=["number", "community"],
    title="number",
    owner=Linked(HouseholdMember, here="household", there="person"),
    rules=[stands_low_in_the_tree],
    roles={
        "resident": "read:own",
        "grid_worker": "read",
        "community_worker": "create update import export",
        "community_secretary": "remove reveal",
        "district_admin": "export_full",
    },
)

household_members = Resource(
    HouseholdMember,
    label="户成员",
    columns=["household", "person", "relation", "from_date", "to_date"],
    scope=Via("household"),
    dated="from_date",
    owner="person",
    locked=["to_date"],
    actions=[leave],
    rules=[belongs_once],
    roles={
        "resident": "read:own",
        "grid_worker": "read",
        "community_worker": "create update leave import export",
        "community_secretary": "remove",
    },
)
