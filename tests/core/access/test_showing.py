"""A plugin shows to residents and liaisons where they belong today or have a record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from lifang.access.policy import shows
from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, memberships
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import NotFound
from lifang.lifecycle import switching
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.offers import may
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]


@pytest.fixture
def reports(instance: Instance) -> Any:
    """The reports of a plugin that is on in one district; its neighbour has never heard of it."""
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    return instance.registry.find("dual_reporting", "reports")


def shown(caller: Caller, resource: Any) -> bool:
    """Whether a caller meets a plugin: its list answers, its verbs are offered, its hooks asked."""
    fresh = replace(caller)
    told = {shows(resource.plugin, fresh), may(fresh, resource, "read")}
    try:
        told.add(reading.count(fresh, resource, Query()) >= 0)
    except NotFound:
        told.add(False)
    assert len(told) == 1
    return told.pop()


def test_it_shows_by_a_tie_of_today_to_a_place_where_it_is_on(
    instance: Instance, boss: Caller, caller: Make, reports: Any
) -> None:
    home = {"community": {"code": world.HOME}}
    club = world.organization(instance, "城关的社团")
    ties: dict[str, Callable[[dict[str, Any]], Any]] = {
        "works": lambda told: write(affiliations, "create", boss, told | home | {"kind": "works"}),
        "lives": lambda told: write(household_members, "create", boss, told | {"household": house}),
        "sits": lambda told: write(memberships, "create", boss, told | {"organization": club.id}),
    }
    house = write(households, "create", boss, {"number": "1-101", **home}).id
    assert shown(caller("resident", person=world.person(instance, "本地人")), reports)
    for name, tie in ties.items():
        person = world.person(instance, name, at=world.FOREIGN)
        resident = caller("resident", person=person)
        assert not shown(resident, reports), name
        tied = tie({"person": person.id})
        assert shown(resident, reports), name
        type(tied).update(to_date=clock.today()).where(type(tied).id == tied.id).execute()
        assert not shown(resident, reports), f"{name}, until today"


def test_it_shows_by_an_office_held_there_and_not_by_a_unit_that_sits_elsewhere(
    instance: Instance, boss: Caller, caller: Make, reports: Any
) -> None:
    ours = world.organization(instance, "七里河的单位", at=world.FOREIGN)
    liaison = caller("unit_liaison", unit=ours)
    assert not shown(liaison, reports)
    told = {"organization": ours.id, "community": {"code": world.HOME}, "kind": "serves"}
    write(affiliations, "create", boss, told)
    assert shown(liaison, reports)
    away = world.person(instance, "甲", at=world.FOREIGN)
    assert not shown(caller("grid_worker", at=world.FOREIGN, person=away), reports)
    assert shown(caller("grid_worker", at=world.HOME, person=away), reports)


def test_a_record_left_behind_is_still_its_owners_until_it_is_removed_or_the_plugin_is_off(
    instance: Instance, caller: Make, reports: Any
) -> None:
    boss = world.boss(instance)
    unit = world.organization(instance, "单位", at=world.FOREIGN)
    person, other = (world.person(instance, name) for name in "甲乙")
    told = {"community": {"code": world.HOME}, "organization": unit.id}
    with pytest.raises(NotFound):
        reading.count(caller("unit_liaison", unit=unit), reports, Query())
    made = write(reports, "create", boss, {"person": person.id, **told})
    for one in (person, other):
        world.move(instance, one, to=world.FOREIGN)
    mine, theirs = (caller("resident", person=one) for one in (person, other))
    units = caller("unit_liaison", unit=unit)
    scoped = replace(mine, scope=frozenset({"dual_reporting.reports:end"}))
    assert shown(mine, reports) and shown(units, reports) and not shown(theirs, reports)
    assert may(scoped, reports, "end") and not may(scoped, reports, "read")
    assert reading.get(replace(mine), reports, made.id).id == made.id
    switching.switch(boss, "dual_reporting", at=world.HOME, on=False)
    after = (replace(one, snapshot=instance.plugins.refresh()) for one in (mine, units))
    assert not any(shown(one, reports) for one in after)
    switching.switch(boss, "dual_reporting", at=world.HOME, on=True)
    mine = replace(mine, snapshot=instance.plugins.refresh())
    assert shown(mine, reports)
    write(reports, "remove", boss, {}, made.id)
    assert not shown(mine, reports)


@contextmanager
def counted(instance: Instance) -> Iterator[list[str]]:
    """The statements that are carried out meanwhile."""
    engine, told = instance.database.engine, []
    plain = engine.execute_sql

    def noted(sql: str, *more: Any, **options: Any) -> Any:
        told.append(sql)
        return plain(sql, *more, **options)

    engine.execute_sql = noted
    try:
        yield told
    finally:
        del engine.execute_sql


def test_it_costs_one_statement_where_somebody_belongs_and_two_elsewhere_whatever_is_on(
    instance: Instance, caller: Make, reports: Any
) -> None:
    here, away = (world.person(instance, "甲", at=at) for at in (world.HOME, world.FOREIGN))
    cost = {}
    for plugins in ((), ("volunteer_points", "agency_contracts")):
        for plugin in plugins:
            world.enable(instance, plugin, at=world.CHENGGUAN)
        callers = {
            "resident here": caller("resident", person=here),
            "resident away": caller("resident", person=away),
            "office here": caller("grid_worker", at=world.HOME, person=here),
        }
        for name, one in callers.items():
            with counted(instance) as statements:
                for resource in instance.registry:
                    may(one, resource, "read")
            cost[name, len(plugins)] = len(statements)
    paid = {"resident here": 1, "resident away": 2, "office here": 0}
    assert cost == {(name, n): told for name, told in paid.items() for n in (0, 2)}
