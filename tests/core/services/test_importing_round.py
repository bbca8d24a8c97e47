"""What was exported comes back and changes nothing, whatever the noun and whoever exports it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, memberships, organizations, people
from lifang.entities.caller import Caller
from lifang.resources.resource import Resource
from lifang.services.exchange import export
from lifang.services.gateway import write
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

NOTHING_NEW = {"created": 0, "updated": 0, "failed": 0, "errors": []}


@pytest.fixture
def filled(instance: Instance, boss: Caller, enable: Callable[..., None]) -> Resource[Any]:
    """People, organizations, seats and reports of every shade; gives the reports' resource."""
    enable("dual_reporting", at=world.CITY)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    boss = world.boss(instance)
    one = world.person(instance, "=李强", phone="13800005678", birth_date="1980-05",
                       citizen_id="620102198001010033", address="畅家巷 1 号楼")  # fmt: skip
    two = world.person(instance, "𠮷野", at=world.FOREIGN, birth_date="1980", sex="female")
    unit = world.organization(instance, '\'x,"单位"', founded_on="2001-01-01")
    world.organization(instance, "下级", at=world.FOREIGN, parent=unit.id)
    seat = {"organization": unit.id, "person": one.id, "post": "-书记", "from_date": "2026-01-01"}
    write(memberships, "create", boss, seat)
    ended = {"person": two.id, "community": {"code": world.HOME}, "kind": "works"}
    made = write(affiliations, "create", boss, ended)
    write(affiliations, "end", boss, {"date": "2026-02-01"}, made.id)
    home = {"code": world.HOME}
    told = {"number": "+1-401", "community": home, "address": "畅家巷 1 号楼 401"}
    household = write(households, "create", boss, told)
    member = {"household": household.id, "person": one.id, "relation": "head"}
    write(household_members, "create", boss, member)
    report = write(
        reports, "create", boss, {"person": one.id, "organization": unit.id, "community": home}
    )
    write(reports, "create", boss, {"person": two.id, "community": home})
    write(reports, "accept", boss, {}, report.id)
    return reports


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("role", ["boss", "community_worker"])
def test_an_export_changes_nothing_when_it_comes_back(
    instance: Instance, filled: Resource[Any], caller: Callable[..., Caller], form: str, role: str
) -> None:
    who = world.boss(instance) if role == "boss" else caller(role, at=world.CHENGGUAN)
    core = (people, organizations, affiliations, memberships, households, household_members)
    for resource in (*core, filled):
        raw = b"".join(export(who, resource, Query(), form=form))
        for dry_run in (True, False):
            done = import_table(who, resource, io.BytesIO(raw), dry_run=dry_run)
            unchanged = done.pop("unchanged")  # type: ignore[misc]
            assert done == NOTHING_NEW, resource
            assert unchanged > 0, resource


def test_a_rule_of_the_noun_is_asked_before_anything_is_written(boss: Caller) -> None:
    text = f"name,kind,community\n某公司,企业,{world.HOME}\n"
    done = import_table(boss, organizations, io.BytesIO(text.encode()), dry_run=True)
    assert [(error["row"], error["column"]) for error in done["errors"]] == [(2, "uscc")]


def test_what_only_writing_shows_undoes_its_piece_or_is_skipped_alone(
    instance: Instance, filled: Resource[Any]
) -> None:
    boss = world.boss(instance)
    three, four = (world.person(instance, name) for name in ("甲", "乙"))
    rows = [f"{number},{world.HOME}" for number in (three.id, four.id, four.id)]
    raw = "\n".join(["person,community", *rows]).encode()
    done = import_table(boss, filled, io.BytesIO(raw))
    assert (done["created"], done["failed"], done["errors"][0]["row"]) == (0, 1, 4)
    done = import_table(boss, filled, io.BytesIO(raw), skip_invalid=True)
    assert (done["created"], done["failed"]) == (2, 1)


def test_a_state_is_moved_by_actions_only(instance: Instance, filled: Resource[Any]) -> None:
    boss, new = world.boss(instance), world.person(instance, "甲")
    for state, sound in (("submitted", True), ("已提交", True), ("accepted", False)):
        text = f"person,community,state\n{new.name},{world.HOME},{state}\n"
        done = import_table(boss, filled, io.BytesIO(text.encode()), dry_run=True)
        assert (done["created"] == 1) == sound, state
