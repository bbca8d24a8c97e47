"""Who may not merge, what hinders, and that a refusal leaves no trace."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, people
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.household import Household
from lifang.entities.person import Affiliation, Person
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.builtin.merging import (
    CITIZEN,
    OTHER,
    PHONE,
    Make,
    contents,
    foresee,
    merge,
    naming,
    reported,
    two,
)


@pytest.mark.parametrize(
    ("role", "at", "error"),
    [
        ("community_worker", world.CHENGGUAN, Forbidden),
        ("grid_worker", world.HOME, Forbidden),
        ("community_secretary", world.FOREIGN, NotFound),
        ("auditor", None, NotFound),
        ("community_secretary", world.HOME, Invalid),  # the one who stays is out of reach
        ("community_secretary", world.CHENGGUAN, None),
        ("district_admin", world.CITY, None),
    ],
)
def test_a_merge_needs_the_verb_on_both(
    instance: Instance, caller: Make, role: str, at: str | None, error: type[LifangError] | None
) -> None:
    duplicate = world.person(instance, "李强", at=world.HOME)
    kept = world.person(instance, "李强", at=world.NEIGHBOUR)
    who = caller(role, at=at)
    if error is None:
        assert foresee(who, duplicate, kept).obstacles == ()
        merge(who, duplicate, kept)
        return
    before = {**contents(instance)}
    for verb in (foresee, merge):
        with pytest.raises(error) as refused:
            verb(who, duplicate, kept)
        assert type(refused.value) is error
    after = contents(instance)
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert changed <= {"audit_entry", "sqlite_sequence"}  # a denial is noted, of both alike
    denied = AuditEntry.select().where(AuditEntry.outcome == "denied").count()
    assert denied == (0 if error is Invalid or role == "auditor" else 2)
    if error is Invalid:
        nobody = Person(id=987_654)
        with pytest.raises(Invalid) as unknown:
            merge(who, duplicate, nobody)
        assert unknown.value.sentence == refused.value.sentence


def test_whoever_sees_a_person_partly_cannot_merge_them(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    duplicate = world.person(instance, "李强", at=world.FOREIGN)
    kept = world.person(instance, "李强", at=world.HOME)
    here = {"person": duplicate.id, "community": {"code": world.HOME}, "kind": "works"}
    write(affiliations, "create", boss, here)
    secretary = caller("community_secretary", at=world.HOME)
    for one, other in ((duplicate, kept), (kept, duplicate)):
        for verb in (foresee, merge):
            with pytest.raises(Forbidden, match="部分信息"):
                verb(secretary, one, other)
    write(affiliations, "create", boss, {**here, "kind": "resides"})
    merge(secretary, duplicate, kept)


def test_nobody_merges_their_own_record_or_anyone_into_themselves(
    instance: Instance, caller: Make
) -> None:
    duplicate, kept = two(instance)
    secretary = caller("community_secretary", at=world.HOME, person=duplicate)
    for one, other in ((duplicate, kept), (kept, duplicate)):
        with pytest.raises(Forbidden, match="自己的记录"):
            merge(secretary, one, other)
    other = caller("community_secretary", at=world.HOME)
    with pytest.raises(Invalid) as refused:
        merge(other, kept, kept)
    assert [(one.field, one.code) for one in refused.value.errors] == [("into", "same")]
    merge(other, duplicate, kept)


def test_two_citizen_ids_are_two_people(instance: Instance, caller: Make) -> None:
    duplicate = world.person(instance, "李强", citizen_id=CITIZEN)
    kept = world.person(instance, "李强", citizen_id=OTHER)
    secretary, before = caller("community_secretary", at=world.HOME), contents(instance)
    assert "是两个人" in foresee(secretary, duplicate, kept).obstacles[0]
    with pytest.raises(Conflict, match="是两个人") as refused:
        merge(secretary, duplicate, kept)
    assert CITIZEN[6:17] not in refused.value.sentence
    assert contents(instance) == before
    write(people, "update", secretary, {"citizen_id": None}, duplicate.id)
    merge(secretary, duplicate, kept)


def test_what_only_one_person_may_have_once_hinders_and_nothing_is_written(
    instance: Instance, caller: Make, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CITY)
    duplicate, kept = two(instance, phone=PHONE)
    one, other = reported(instance, (duplicate, world.HOME), (kept, world.HOME))
    secretary, before = caller("community_secretary", at=world.HOME), contents(instance)
    hint = f"「报到记录」#{one.id}：与 #{other.id} 不能同时成立；请先结束或移除其中一条"
    assert foresee(secretary, duplicate, kept).obstacles == (hint,)
    with pytest.raises(Conflict) as refused:
        merge(secretary, duplicate, kept)
    assert (refused.value.sentence, refused.value.extra["obstacles"]) == (hint, [hint])
    assert contents(instance) == before
    reports: Any = instance.registry.find("dual_reporting", "reports")
    write(reports, "end", secretary, {"reason": "重复"}, one.id)
    merge(secretary, duplicate, kept)
    assert naming(instance, int(duplicate.id)) == {}


def test_what_hinders_out_of_sight_is_not_named(
    instance: Instance, caller: Make, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CITY)
    duplicate, kept = two(instance)
    for place in ((world.HOME, world.FOREIGN), (world.FOREIGN, world.HOME)):
        made = reported(instance, (duplicate, place[0]), (kept, place[1]))
        secretary = caller("community_secretary", at=world.HOME)
        (hint,) = foresee(secretary, duplicate, kept).obstacles
        assert "您看不到的记录" in hint
        assert "报到" not in hint
        assert not any(f"#{one.id}" in hint for one in made)
        reports: Any = instance.registry.find("dual_reporting", "reports")
        for one in made:
            write(reports, "end", world.boss(instance), {"reason": "x"}, one.id)


def test_of_two_merges_at_once_one_wins(instance: Instance) -> None:
    duplicate, kept = two(instance, phone=PHONE)
    third = world.person(instance, "李强")
    start, outcomes = threading.Barrier(2), []

    def run(into: Person) -> None:
        with instance.database.connection():
            start.wait()
            try:
                merge(world.boss(instance), duplicate, into)
                outcomes.append(200)
            except LifangError as refused:
                outcomes.append(refused.status)

    threads = [threading.Thread(target=run, args=(into,)) for into in (kept, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 404]
    gone = Person.get_by_id(duplicate.id)
    assert gone.removed_at <= clock.now()
    with_phone = Person.select().where(~Person.phone.is_null(), Person.removed_at.is_null())
    assert [row.id for row in with_phone] == [gone.merged_into_id]


def current(person: Person) -> Counter[tuple[int, str]]:
    """How often each link of somebody stands today."""
    found = Affiliation.select().where(
        Affiliation.person == person,
        Affiliation.removed_at.is_null(),
        Affiliation.to_date.is_null(),
    )
    return Counter((link.community_id, link.kind) for link in found)


def scatter(instance: Instance, rng: random.Random, house: Household) -> Person:
    """Somebody with links, perhaps over or removed, perhaps a household and a report."""
    boss, places = world.boss(instance), [world.HOME, world.NEIGHBOUR, world.FOREIGN]
    person = world.person(instance, "李强", at=rng.choice(places))
    for _link in range(rng.randrange(5)):
        where = {"person": person.id, "community": {"code": rng.choice(places)}}
        kind = rng.choice(["resides", "works"])
        link = write(affiliations, "create", boss, {**where, "kind": kind})
        if rng.random() < 0.3:
            write(affiliations, "end", boss, {"date": "2026-01-01"}, link.id)
        elif rng.random() < 0.3:
            write(affiliations, "remove", boss, None, link.id)
    if rng.random() < 0.5:
        told = {"household": house.id, "person": person.id}
        write(household_members, "create", boss, told)
    if rng.random() < 0.5:
        reported(instance, (person, rng.choice(places)))
    return person


def test_whatever_a_duplicate_has_a_merge_leaves_nothing_behind_or_everything(
    instance: Instance, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CITY)
    boss, rng = world.boss(instance), random.Random(20261123)
    place = {"number": "1", "community": {"code": world.HOME}}
    house, outcomes = write(households, "create", boss, place), Counter[str]()
    for _round in range(25):
        duplicate, kept = (scatter(instance, rng, house) for _side in "ab")
        theirs, ours = current(duplicate), current(kept)
        before, foreseen = contents(instance), foresee(boss, duplicate, kept)
        try:
            merge(boss, duplicate, kept)
        except Conflict as refused:
            assert refused.extra["obstacles"] == list(foreseen.obstacles) != []
            assert contents(instance) == before
            outcomes["refused"] += 1
            continue
        outcomes["merged"] += 1
        assert foreseen.obstacles == ()
        assert naming(instance, int(duplicate.id)) == {}
        assert current(kept) == {key: ours[key] or 1 for key in theirs | ours}
        home = (Affiliation.person == kept) & Affiliation.primary
        assert Affiliation.select().where(home, Affiliation.removed_at.is_null()).count() == 1
    assert min(outcomes["merged"], outcomes["refused"]) > 3
