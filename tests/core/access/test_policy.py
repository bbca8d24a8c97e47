"""Permission as a condition: role × subtree × owner × unit, cut by where the plugin is on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifang.builtin.accounts import accounts
from lifang.builtin.people import affiliations, memberships, organizations, people
from lifang.builtin.places import communities
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.kit.errors import Forbidden, Invalid, NotFound
from lifang.lifecycle import switching
from lifang.plugins.manager import Snapshot
from lifang.services import accounts as accounting
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]


def seen(caller: Caller, resource: Any) -> set[str]:
    try:
        page = reading.find(caller, resource, Query(limit=500))
    except NotFound:
        return set()
    return {item["name"] for item in page.items}


def test_a_role_sees_its_own_subtree_and_nothing_above_or_beside_it(
    instance: Instance, caller: Make
) -> None:
    for name, place in (("甲", world.HOME), ("乙", world.NEIGHBOUR), ("丙", world.FOREIGN)):
        world.person(instance, name, at=place)
    expected = {
        world.HOME: {"甲"},
        world.NEIGHBOUR: {"乙"},
        "620102001000": {"甲", "乙"},
        world.CHENGGUAN: {"甲", "乙"},
        world.QILIHE: {"丙"},
        world.CITY: {"甲", "乙", "丙"},
    }
    for role in ("district_admin", "subdistrict_admin", "community_secretary", "grid_worker"):
        for place, names in expected.items():
            assert seen(caller(role, at=place), people) == names, (role, place)
    worker = caller("community_worker", at=world.HOME)
    assert seen(worker, communities) == {"畅家巷社区"}


def test_the_border_node_itself_belongs_to_its_subtree_and_the_next_one_does_not(
    instance: Instance,
) -> None:
    home = Community.get(Community.code == world.HOME)
    neighbour = Community.get(Community.code == world.NEIGHBOUR)
    assert home.path < path_end(home.path) <= neighbour.path


def test_each_rung_of_the_ladder_includes_those_below(instance: Instance, caller: Make) -> None:
    told = {"name": "甲", "community": {"code": world.HOME}}
    with pytest.raises(Forbidden):
        write(people, "create", caller("grid_worker", at=world.HOME), told)
    made = write(people, "create", caller("community_worker", at=world.HOME), told)
    with pytest.raises(Forbidden):
        write(people, "remove", caller("community_worker", at=world.HOME), None, made.id)
    write(people, "remove", caller("community_secretary", at=world.HOME), None, made.id)


def test_residents_see_themselves_and_liaisons_their_own_people(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    one, other = world.person(instance, "甲"), world.person(instance, "乙")
    unit = world.organization(instance, "示例单位")
    rival = world.organization(instance, "示例对手")
    write(memberships, "create", boss, {"person": other.id, "organization": unit.id})
    assert seen(caller("resident", person=one), people) == {"甲"}
    assert seen(caller("unit_liaison", unit=unit), people) == {"乙"}
    assert seen(caller("unit_liaison", unit=unit), organizations) == {"示例单位"}
    assert seen(caller("unit_liaison", unit=rival), people) == set()
    page = reading.find(caller("resident", person=one), affiliations, Query())
    assert [item["person"]["name"] for item in page.items] == ["甲"]


def test_someone_who_only_works_here_keeps_their_secrets(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    person = world.person(instance, "甲", at=world.FOREIGN, phone="13812345678")
    works = {"person": person.id, "community": {"code": world.HOME}, "kind": "works"}
    write(affiliations, "create", boss, works)
    here = reading.view(caller("community_secretary", at=world.HOME), people, person.id)
    there = reading.view(caller("community_secretary", at=world.FOREIGN), people, person.id)
    assert (here["name"], here["phone"]) == ("甲", None)
    assert there["phone"] == "138****5678"
    with pytest.raises(Forbidden):
        reading.reveal(
            caller("community_secretary", at=world.HOME),
            people,
            person.id,
            fields=["phone"],
            reason="核对",
        )


def test_a_plugin_that_is_off_does_not_exist_there(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    switching.install(boss, "dual_reporting")
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    person = world.person(instance, "甲")
    worker = caller("community_worker", at=world.HOME)
    with pytest.raises(NotFound):
        reading.find(worker, reports, Query())
    switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=True)
    worker = caller("community_worker", at=world.HOME)
    told = {"person": person.id, "community": {"code": world.HOME}}
    made = write(reports, "create", worker, told)
    assert reading.count(worker, reports, Query()) == 1

    switching.switch(boss, "dual_reporting", at=world.HOME, on=False)
    district = caller("district_admin", at=world.CHENGGUAN)
    assert reading.count(district, reports, Query()) == 0
    with pytest.raises(NotFound):
        reading.get(district, reports, made.id)
    with pytest.raises(NotFound):
        reading.find(caller("community_worker", at=world.HOME), reports, Query())
    with pytest.raises(NotFound):
        reading.find(caller("resident", person=person), reports, Query())
    other = world.person(instance, "乙")
    with pytest.raises(Forbidden):
        write(reports, "create", district, {**told, "person": other.id})

    switching.switch(boss, "dual_reporting", at=world.HOME, on=True)
    assert reading.count(caller("district_admin", at=world.CHENGGUAN), reports, Query()) == 1
    with pytest.raises(NotFound):
        reading.find(caller("community_worker", at=world.FOREIGN), reports, Query())


def test_moving_a_grant_takes_effect_with_the_next_caller(instance: Instance, boss: Caller) -> None:
    from lifang.access.callers import caller_for

    world.person(instance, "甲")
    account, _password = accounting.create_account(boss, "w", role="grid_worker", at=world.HOME)
    fresh = Account.get_by_id(account.id)
    assert seen(caller_for(instance, fresh, source="api"), people) == {"甲"}
    assert accounting.revoke(boss, "w", role="grid_worker", at=world.HOME, unit=None) == 1
    assert seen(caller_for(instance, fresh, source="api"), people) == set()
    with pytest.raises(NotFound):
        accounting.revoke(boss, "w", role="grid_worker", at=None, unit=None)


def test_nobody_grants_to_themselves_or_grants_nonsense(instance: Instance, boss: Caller) -> None:
    from lifang.access.callers import caller_for

    accounting.create_account(boss, "sec", role="security_administrator")
    account = Account.get(Account.name == "sec")
    security = caller_for(instance, account, source="api")
    for told in ({"role": "district_admin", "at": world.CITY}, {"role": "platform_administrator"}):
        with pytest.raises((Forbidden, Invalid)):
            accounting.grant(security, "sec", **told)
    accounting.create_account(security, "other")
    with pytest.raises(Invalid):
        accounting.grant(security, "other", role="emperor", at=world.CITY)
    assert Grant.select().where(Grant.account == account).count() == 1
    unit = world.organization(instance, "示例单位")
    for told in (
        {"role": "unit_liaison", "at": world.CITY},
        {"role": "grid_worker", "unit": unit.id},
        {"role": "auditor", "unit": unit.id},
        {"role": "grid_worker"},
        {"role": None, "at": world.CITY},
        {"role": "grid_worker", "at": "620999999999"},
    ):
        with pytest.raises(Invalid):
            accounting.grant(boss, "other", **told)
    accounting.grant(boss, "other", role="unit_liaison", unit=unit.id)


def test_accounts_are_for_security_administrators(instance: Instance, caller: Make) -> None:
    district = caller("district_admin", at=world.CITY)
    with pytest.raises(NotFound):
        reading.find(district, accounts, Query())
    with pytest.raises(NotFound):
        accounting.create_account(district, "x")
    with pytest.raises(Forbidden):
        accounting.new_password(district, "x")


def test_a_plugin_writes_beyond_its_own_nouns_only_what_it_declared(
    instance: Instance, boss: Caller
) -> None:
    from lifang.access.callers import plugin_caller
    from lifang.plugins.plugin import Plugin

    person, unit = world.person(instance, "甲"), world.organization(instance, "示例单位")
    told = {"person": person.id, "organization": unit.id}
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    where = instance.plugins.refresh().on["dual_reporting"]
    for name, writes in (("silent", ()), ("seating", ("core.memberships:create",))):
        instance.plugins.register(Plugin(name, "x", writes=writes))
        caller = plugin_caller(instance, name, actor="甲", correlation=None, cause=1)
        caller = replace(caller, snapshot=Snapshot(9, {name: where}))
        if not writes:
            with pytest.raises(Forbidden):
                write(memberships, "create", caller, told)
            continue
        made = write(memberships, "create", caller, told)
        with pytest.raises(Forbidden):
            write(memberships, "remove", caller, None, made.id)
        foreign = world.organization(instance, "示例远方", at=world.FOREIGN)
        with pytest.raises(Invalid):  # where the plugin is off it does not even see
            write(memberships, "create", caller, {**told, "organization": foreign.id})
