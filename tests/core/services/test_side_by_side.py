"""Writers side by side on PostgreSQL: no rule is broken between two of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from lifang.builtin.households import household_members, households
from lifang.builtin.people import memberships, people
from lifang.builtin.places import communities
from lifang.entities.audit import AuditEntry
from lifang.entities.community import Community
from lifang.entities.household import HouseholdMember
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow
from lifang.kit.errors import Busy, Conflict, LifangError
from lifang.services import accounts
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.store.sides import Side, at_once

pytestmark = pytest.mark.served


def test_one_citizen_registered_twice_at_one_moment_is_one_person(instance: Instance) -> None:
    for number in range(6):
        citizen = "62010219800101" + ["0033", "0041", "005X", "0068", "0076", "0084"][number]
        told = {"name": "李强", "citizen_id": citizen}

        def register(at: str, home: str, told: dict[str, Any] = told) -> Callable[[], Any]:
            worker = world.caller(instance, "community_worker", at=at)
            data = {**told, "community": {"code": home}}
            return lambda: write(people, "create", worker, data)

        here, there = register(world.CHENGGUAN, world.HOME), register(world.QILIHE, world.FOREIGN)
        made = at_once(instance, here, there)
        assert not [one for one in made if isinstance(one, Exception)], made
        assert made[0].id == made[1].id
        links = Affiliation.select().where(Affiliation.person == made[0].id)
        assert sorted(link.primary for link in links) == [False, True]
    assert Person.select().count() == 6


def test_of_two_accounts_with_one_name_made_at_one_moment_one_is_refused(
    instance: Instance,
) -> None:
    boss = world.boss(instance)
    made = at_once(instance, *[lambda: accounts.create_account(boss, "王芳")] * 3)
    refused = [one for one in made if isinstance(one, Conflict)]
    assert (len(refused), len(made)) == (2, 3), made


def test_writers_of_one_record_all_get_their_turn_or_are_asked_to_come_back(
    instance: Instance,
) -> None:
    person = world.person(instance, "赵敏")
    boss = world.boss(instance)

    def often(name: str) -> tuple[int, int]:
        done = 0
        for number in range(15):
            try:
                write(
                    people,
                    "update",
                    boss,
                    {"name": f"{name}{'一二三四五六七八九十甲乙丙丁戊'[number]}"},
                    person.id,
                )
                done += 1
            except Busy:
                pass
        return done, 15 - done

    told = at_once(instance, *[lambda n=n: often(n) for n in ("赵", "钱", "孙")])
    done = sum(one[0] for one in told)
    assert done > 30, told
    stored = Person.get_by_id(person.id)
    assert stored.version == 1 + done, "every acknowledged change is there, none twice"
    entries = AuditEntry.select().where(AuditEntry.record == person.id, AuditEntry.verb == "update")
    assert entries.count() == done
    seqs = [row.seq for row in EventRow.select().where(EventRow.agg == f"core.person/{person.id}")]
    assert sorted(seqs) == list(range(1, done + 2))


def test_two_heads_of_one_household_are_not_made_at_one_moment(instance: Instance) -> None:
    boss = world.boss(instance)
    for number in range(5):
        home = write(
            households, "create", boss, {"number": f"1-{number}", "community": {"code": world.HOME}}
        )
        both = [world.person(instance, name) for name in ("张伟", "李娜")]

        def join(one: Person, home: Any = home) -> Callable[[], Any]:
            told = {"household": home.id, "person": one.id, "relation": "head"}
            return lambda: write(household_members, "create", boss, told)

        made = at_once(instance, *map(join, both))
        assert sorted(type(one).__name__ for one in made) == ["Conflict", "HouseholdMember"], made
    assert HouseholdMember.select().count() == 5


def test_many_who_add_to_one_organization_come_to_an_end_without_waiting_for_one_another(
    instance: Instance,
) -> None:
    boss, unit = world.boss(instance), world.organization(instance, "示例甲")
    told = [
        {"person": world.person(instance, name).id, "organization": unit.id}
        for name in ("甲", "乙", "丙", "丁")
    ]

    def join(seat: dict[str, Any]) -> Callable[[], Any]:
        def often() -> int:
            done = 0
            while done < 4:  # rules touch the organization: sharing it first would be a knot
                with suppress(Busy):  # overtaken too often; whoever is told so tries again
                    write(memberships, "create", boss, seat)
                    done += 1
            return done

        return often

    began = time.monotonic()
    assert at_once(instance, *map(join, told)) == [4, 4, 4, 4]
    assert time.monotonic() - began < 10  # PostgreSQL unties a knot in a second, one at a time


def test_nobody_is_registered_in_a_community_at_the_moment_it_closes(instance: Instance) -> None:
    boss = world.boss(instance)
    database = instance.database
    node = Community.get(Community.code == world.NEIGHBOUR)

    def close(side: Side) -> Any:
        with database.transaction():
            closed = write(
                communities, "close", boss, {"date": "2026-11-25", "basis": "兰政发1号"}, node.id
            )
            side.pause()
        return closed

    closing = Side(instance, close).wait()
    adding = Side(
        instance,
        lambda _side: write(
            people, "create", boss, {"name": "周迅", "community": {"code": world.NEIGHBOUR}}
        ),
    )
    adding.thread.join(0.3)
    closing.finish()
    adding.thread.join(20)
    assert isinstance(adding.result, LifangError), adding.result
    assert adding.result.errors[0].field == "community"
    assert Affiliation.select().where(Affiliation.community == node.id).count() == 0
