"""What follows the tree: plugins and their switches, records that are placed, lists of then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, people
from lifang.builtin.places import communities
from lifang.entities.caller import Caller
from lifang.entities.household import Household
from lifang.events.event import Event, on
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from lifang.lifecycle import switching
from lifang.plugins.tables import Activation, read_epoch
from lifang.services import bulk, reading
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query, read_filters
from lifang.testing import world
from tests.core.builtin.trees import YEAR, at, decree, node, told
from tests.core.events.listeners import Note, listen, note

STREET, XIYUAN = "620102001000", "620103001000"
TODAY = clock.today()


def household(boss: Caller, code: str, number: str = "1-101") -> Any:
    return write(households, "create", boss, {"number": number, "community": {"code": code}})


@pytest.fixture
def reported(
    instance: Instance, boss: Caller, enable: Callable[..., None]
) -> Callable[..., set[str]]:
    enable("dual_reporting", at=world.CHENGGUAN)
    reports: Any = instance.registry.find("dual_reporting", "reports")
    person = world.person(instance, "李强")
    write(reports, "create", world.boss(instance), {"person": person.id,
          "community": {"code": world.HOME}})  # fmt: skip

    def seen(role: str, place: str) -> set[str]:
        return told(at(instance, role, node(place)), reports, "state")

    return seen


def test_a_plugin_follows_its_switches_along_the_tree_at_once(
    instance: Instance, boss: Caller, reported: Any, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.HOME)
    epoch = read_epoch()
    assert reported("community_worker", world.HOME) == {"submitted"}
    decree(boss, "transfer", world.HOME, TODAY, parent={"code": XIYUAN})
    assert read_epoch() > epoch
    # its own switch goes along: on at the community, and nowhere else in the district
    assert reported("district_admin", world.QILIHE) == {"submitted"}
    decree(boss, "split", world.HOME, TODAY, into="e1 东社区\ne2 西社区")
    switches = Activation.select().where(Activation.community == node("e1"))
    assert [(row.plugin, row.on) for row in switches] == [("dual_reporting", True)]


def test_what_a_node_inherits_it_inherits_from_where_it_lies_today(
    instance: Instance, boss: Caller, reported: Any
) -> None:
    decree(boss, "transfer", world.HOME, TODAY, parent={"code": XIYUAN})
    with pytest.raises(NotFound):
        reported("district_admin", world.QILIHE)
    reports: Any = instance.registry.find("dual_reporting", "reports")
    assert told(world.boss(instance), reports, "state") == set()
    switching.switch(world.boss(instance), "dual_reporting", at=world.QILIHE, on=True)
    assert reported("district_admin", world.QILIHE) == {"submitted"}


def test_a_switch_that_was_off_at_a_merged_node_hides_nothing_from_its_heir(
    instance: Instance, boss: Caller, reported: Any
) -> None:
    switching.switch(world.boss(instance), "dual_reporting", at=world.HOME, on=False)
    assert reported("district_admin", world.CHENGGUAN) == set()
    decree(world.boss(instance), "merge", world.HOME, TODAY, into={"code": world.NEIGHBOUR})
    assert reported("community_worker", world.NEIGHBOUR) == {"submitted"}


def test_records_of_a_split_node_are_placed_in_bulk(instance: Instance, boss: Caller) -> None:
    for number in range(3):
        household(boss, world.HOME, f"1-{number}")
    stays = household(boss, world.NEIGHBOUR)
    old = node(world.HOME)
    decree(boss, "split", world.HOME, TODAY, into=f"{world.HOME} 畅家巷社区\ne2 西社区")
    yesterday = f"{world.HOME}@{TODAY - dt.timedelta(days=1)}"
    waiting = Query(within=yesterday, filters=read_filters([("unassigned", "true")]))
    street = at(instance, "community_worker", node(STREET))
    e2 = {"community": {"code": "e2"}}
    assert bulk.check(street, households, "place", waiting, e2).ready == 3
    with pytest.raises(Invalid, match="当时的区划"):
        bulk.check(street, households, "place", Query(within=yesterday, as_of="then"), e2)
    job = bulk.carry_out(street, households, bulk.begin(street, households, "place", waiting, e2))
    assert (job.state, job.updated, job.failed) == ("finished", 3, 0)
    assert reading.count(boss, households, Query(filters=waiting.filters)) == 0
    assert reading.count(boss, households, Query(within="e2")) == 3
    assert reading.count(boss, households, Query(within="e2", as_of="then")) == 3
    assert reading.count(boss, households, Query(within=yesterday, as_of="then")) == 0
    with pytest.raises(Conflict, match="没有停用"):
        write(households, "place", street, e2, int(stays.id))
    assert old.id != node(world.HOME).id


def test_what_lay_in_a_merged_node_waits_once_its_heir_is_split(
    instance: Instance, boss: Caller
) -> None:
    household(boss, world.HOME)
    waiting = Query(filters=read_filters([("unassigned", "true")]))
    decree(boss, "merge", world.HOME, YEAR, into={"code": world.NEIGHBOUR})
    assert reading.count(boss, households, waiting) == 0
    decree(boss, "split", world.NEIGHBOUR, TODAY, into="e1 东社区\ne2 西社区")
    assert reading.count(boss, households, waiting) == 1
    e2 = {"community": {"code": "e2"}}
    job = bulk.carry_out(boss, households, bulk.begin(boss, households, "place", waiting, e2))
    assert (job.updated, reading.count(boss, households, waiting)) == (1, 0)


def test_a_record_is_placed_by_whoever_may_change_it_and_only_where_they_see(
    instance: Instance, boss: Caller
) -> None:
    made = household(boss, world.HOME)
    Household.update(created_at=clock.now() - dt.timedelta(days=9)).execute()
    old = node(world.HOME)
    decree(boss, "split", old, TODAY, into="e1 东社区\ne2 西社区")
    before = at(instance, "community_worker", old)
    assert told(before, households, "number") == {"1-101"}
    with pytest.raises(Invalid, match="看不到它"):
        write(households, "place", before, {"community": {"code": "e1"}}, int(made.id))
    with pytest.raises(NotFound):
        write(households, "place", at(instance, "community_worker", node("e1")),
              {"community": {"code": "e1"}}, int(made.id))  # fmt: skip
    with pytest.raises(Forbidden):
        write(households, "place", at(instance, "grid_worker", node(STREET)),
              {"community": {"code": "e1"}}, int(made.id))  # fmt: skip
    write(households, "place", boss, {"community": {"code": "e1"}}, int(made.id))
    assert told(before, households, "number") == set()
    assert told(at(instance, "community_worker", node("e1")), households, "number") == {"1-101"}
    ago = f"{world.HOME}@{TODAY - dt.timedelta(days=1)}"
    assert told(boss, households, "number", within=ago, as_of="then") == {"1-101"}


@on("core.community.transferred", "core.community.merged", "core.community.split")
def hears_of_it(event: Event, caller: Caller) -> None:
    note("hears_of_it", event)


def test_a_plugin_hears_of_what_leaves_and_of_what_comes(instance: Instance, boss: Caller) -> None:
    listen(instance, hears_of_it, at=[XIYUAN])
    decree(boss, "transfer", world.NEIGHBOUR, TODAY, parent={"code": XIYUAN})
    decree(boss, "transfer", world.NEIGHBOUR, TODAY, parent={"code": STREET})
    decree(boss, "merge", world.HOME, TODAY, into={"code": world.FOREIGN})
    decree(
        boss, "split", world.NEIGHBOUR, TODAY, into="e1 东社区\ne2 西社区"
    )  # of no concern there
    drain(instance)
    ids = [int(node(world.NEIGHBOUR, closed=True).id), int(node(world.HOME, closed=True).id)]
    told_of = [note.agg for note in Note.select().order_by(Note.id)]
    assert told_of == [f"core.community/{ids[at]}" for at in (0, 0, 1)]


def test_what_is_reached_over_another_record_is_judged_by_its_own_day(
    instance: Instance, boss: Caller
) -> None:
    home = household(boss, world.HOME)
    for name, since in (("甲", YEAR - dt.timedelta(days=1)), ("乙", YEAR), ("丙", None)):
        told_of = {"person": world.person(instance, name).id, "household": home.id}
        day = since and str(since)
        write(household_members, "create", boss, {**told_of, "from_date": day})
    decree(boss, "transfer", world.HOME, YEAR, parent={"code": XIYUAN})

    def members(within: str, as_of: str) -> set[str]:
        views = reading.stream(boss, household_members, Query(within=within, as_of=as_of))
        return {view["person"]["name"] for view in views}

    assert members(STREET, "then") == {"甲"}
    assert members(XIYUAN, "then") == {"乙", "丙"}  # of 丙 only the day of the entry is known
    assert (members(STREET, "now"), members(XIYUAN, "now")) == (set(), {"甲", "乙", "丙"})


def test_links_and_the_tree_itself_are_judged_by_their_own_day_too(
    instance: Instance, boss: Caller
) -> None:
    for name, since in (("甲", YEAR - dt.timedelta(days=1)), ("乙", YEAR)):
        person = world.person(instance, name, at=world.NEIGHBOUR)
        told_of = {"person": person.id, "community": {"code": world.HOME}, "kind": "works"}
        write(affiliations, "create", boss, {**told_of, "from_date": str(since)})
    decree(boss, "transfer", world.HOME, YEAR, parent={"code": XIYUAN})
    decree(boss, "transfer", world.NEIGHBOUR, YEAR, parent={"code": XIYUAN})
    lay = {code: told(boss, people, "name", within=code, as_of="then") for code in (STREET, XIYUAN)}
    assert lay == {STREET: {"甲"}, XIYUAN: {"甲", "乙"}}  # both live there since they were entered
    made = {"code": "n1", "name": "新", "kind": "community", "parent": {"code": STREET}}
    early = str(YEAR - dt.timedelta(days=9))
    write(communities, "create", boss, {**made, "valid_from": early})
    decree(boss, "transfer", "n1", YEAR, parent={"code": XIYUAN})
    assert "n1" in told(boss, communities, "code", within=STREET, as_of="then")
    assert "n1" not in told(boss, communities, "code", within=STREET)
    accounts: Any = instance.registry.find("core", "accounts")
    with pytest.raises(Malformed, match="不属于任何社区"):
        reading.count(boss, accounts, Query(within=STREET, as_of="then"))
    with pytest.raises(Malformed, match="unassigned"):
        reading.count(boss, accounts, Query(filters=read_filters([("unassigned", "true")])))
