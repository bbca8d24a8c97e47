"""Households: where they lie, who belongs to them, and who sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import household_members, households
from lifang.entities.caller import Caller
from lifang.entities.household import Household, HouseholdMember
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]


def household(caller: Caller, *, at: str = world.HOME, **told: Any) -> Household:
    data = {"number": "3-2-501", "community": {"code": at}, **told}
    return write(households, "create", caller, data)


def test_a_household_lies_in_a_community_and_its_number_stands_once(
    instance: Instance, caller: Make
) -> None:
    worker = caller("community_worker", at=world.CHENGGUAN)
    made = household(worker, address="示例小区3号楼2单元501室")
    shown = reading.view(worker, households, made.id)
    assert "501" not in shown["address"]
    with pytest.raises(Conflict):
        household(worker)
    household(worker, at=world.NEIGHBOUR)
    with pytest.raises(Invalid, match="社区、网格或楼栋"):
        household(worker, at="620102001000")
    with pytest.raises(Invalid):
        household(worker, at=world.FOREIGN)


def test_members_come_and_go_and_a_household_has_one_head(instance: Instance, caller: Make) -> None:
    worker = caller("community_worker", at=world.HOME)
    home = household(worker)
    liqiang, zhaomin = world.person(instance, "李强"), world.person(instance, "赵敏")
    told = {"household": home.id, "person": liqiang.id, "relation": "head"}
    head = write(household_members, "create", worker, told)
    with pytest.raises(Conflict, match="已在这一户"):
        write(household_members, "create", worker, told)
    with pytest.raises(Conflict, match="已有户主"):
        write(household_members, "create", worker, {**told, "person": zhaomin.id})
    write(household_members, "leave", worker, {"date": "2026-10-01"}, head.id)
    with pytest.raises(Conflict):
        write(household_members, "leave", worker, {"date": "2026-10-02"}, head.id)
    write(household_members, "create", worker, {**told, "person": zhaomin.id})
    assert HouseholdMember.select().count() == 2


def test_households_are_seen_from_their_place_and_by_their_members(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    ours, theirs = household(boss), household(boss, at=world.FOREIGN)
    person = world.person(instance, "李强")
    write(household_members, "create", boss, {"household": ours.id, "person": person.id})
    worker, resident = caller("grid_worker", at=world.HOME), caller("resident", person=person)
    for one in (worker, resident):
        page = reading.find(one, households, Query())
        assert [item["id"] for item in page.items] == [ours.id]
        assert len(reading.find(one, household_members, Query()).items) == 1
        with pytest.raises(NotFound):
            reading.get(one, households, theirs.id)
    with pytest.raises(Forbidden):
        write(households, "update", worker, {"number": "x"}, ours.id)
    foreign = caller("community_worker", at=world.FOREIGN)
    told = {"household": ours.id, "person": person.id}
    with pytest.raises(Invalid):
        write(household_members, "create", foreign, told)


def test_tables_and_models_agree(instance: Instance) -> None:
    from playhouse.schema_diff import diff_models

    assert not diff_models(instance.database.engine, [Household, HouseholdMember])
