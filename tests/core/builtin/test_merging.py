"""One person once: what stays, what follows, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lifang.access import sign_in
from lifang.builtin.households import household_members, households
from lifang.builtin.people import affiliations, memberships, people
from lifang.entities.account import Account
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.gram import NameGram
from lifang.entities.household import HouseholdMember
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, EventScope
from lifang.kit.errors import Conflict, Invalid, NotFound
from lifang.lifecycle import switching
from lifang.resources.action import Preview
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query, read_filters
from lifang.testing import world
from tests.core.builtin.merging import (
    CITIZEN,
    PHONE,
    Make,
    contents,
    events_since,
    foresee,
    last_event,
    merge,
    naming,
    reported,
    two,
)


def rows_of(told: Preview, section: int) -> dict[str, tuple[str, ...]]:
    return {label: tuple(cells) for label, *cells in told.sections[section].rows}


def test_the_one_who_stays_keeps_their_values_and_gains_what_was_open(
    instance: Instance, caller: Make
) -> None:
    told = {"sex": "male", "phone": PHONE, "address": "示例小区3号楼2单元501室"}
    duplicate = world.person(instance, "李小强", citizen_id=CITIZEN, birth_date="1980", **told)
    kept = world.person(instance, "李强", birth_date="1980-01-01")
    secretary = caller("community_secretary", at=world.HOME)
    merged = merge(secretary, duplicate, kept)
    assert (merged.id, merged.merged_into_id) == (duplicate.id, kept.id)
    view = reading.view(secretary, people, kept.id)
    shown = ("name", "sex", "birth_date", "phone", "citizen_id")
    assert [view[name] for name in shown] == [
        "李强", "male", "1980-**-**", "138****5678", "620102***********3"]  # fmt: skip
    names = ["birth_date", "citizen_id", "phone", "address"]
    opened = reading.reveal(secretary, people, kept.id, fields=names, reason="核对")
    assert list(opened.values()) == ["1980-01-01", CITIZEN, PHONE, told["address"]]
    for exact in ({"phone": PHONE}, {"citizen_id": CITIZEN}):
        found = reading.find(secretary, people, Query(exact=exact)).items
        assert [item["id"] for item in found] == [kept.id]
    with pytest.raises(Conflict) as again:
        world.person(instance, "李大强", citizen_id=CITIZEN)
    assert again.value.extra["id"] == kept.id


def test_the_duplicate_is_gone_and_says_where_it_went_to_those_who_may_look(
    instance: Instance, caller: Make, boss: Caller
) -> None:
    duplicate = world.person(instance, "欧阳小燕")
    kept = world.person(instance, "李强")
    merge(caller("community_secretary", at=world.HOME), duplicate, kept)
    worker, stranger = (caller("grid_worker", at=at) for at in (world.HOME, world.FOREIGN))
    with pytest.raises(NotFound, match=f"已合并到 {kept.id}"):
        reading.view(worker, people, duplicate.id)
    with pytest.raises(NotFound, match="没有找到"):
        reading.view(stranger, people, duplicate.id)
    assert reading.find(boss, people, Query(q="欧阳")).items == []
    grams = NameGram.select().where(NameGram.noun == "core.people")
    assert {row.record for row in grams} == {kept.id}
    for verb in ("update", "remove", "merge"):
        data = {"update": {"name": "x"}, "merge": {"into": int(kept.id)}}.get(verb)
        with pytest.raises(NotFound):
            write(people, verb, boss, data, duplicate.id)
    with pytest.raises(Invalid):
        merge(boss, kept, duplicate)


def entangle(instance: Instance, person: Person) -> dict[str, Any]:
    """Give somebody a record of every kind, some out of the secretary's sight, by their event."""
    boss = world.boss(instance)
    home = {"code": world.HOME}
    unit = world.organization(instance, "示例党支部")
    house = write(households, "create", boss, {"number": "1", "community": home})
    told = {"household": house.id, "person": person.id, "relation": "head"}
    far = {"person": person.id, "community": {"code": world.FOREIGN}, "kind": "works"}
    seat = {"person": person.id, "organization": unit.id}
    with instance.database.transaction():
        account = Account.create(name="liqiang", person=person)
    return {
        "core.account": account,
        "core.membership": write(memberships, "create", boss, seat),
        "core.household_member": write(household_members, "create", boss, told),
        "core.affiliation": write(affiliations, "create", boss, far),
        "dual_reporting.report": reported(instance, (person, world.HOME))[0],
    }


def test_everything_that_named_the_duplicate_names_the_one_who_stays(
    instance: Instance, boss: Caller, caller: Make, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CITY)
    duplicate, kept = two(instance)
    earlier = world.person(instance, "李强")
    merge(boss, earlier, duplicate)
    made = entangle(instance, duplicate)
    over = {"person": duplicate.id, "community": {"code": world.FOREIGN}, "kind": "serves"}
    left = write(affiliations, "create", boss, over)
    write(affiliations, "remove", boss, None, left.id)
    switching.switch(world.boss(instance), "dual_reporting", at=world.CHENGGUAN, on=False)
    secretary, before = caller("community_secretary", at=world.HOME), last_event()
    merge(secretary, duplicate, kept)
    assert naming(instance, int(duplicate.id)) == {}
    assert Person.get_by_id(earlier.id).merged_into_id == kept.id
    assert Affiliation.get_by_id(left.id).person_id == kept.id
    told_of = {(type, agg): data for type, agg, data in events_since(before)}
    for noun, one in made.items():
        assert told_of[(f"{noun}.updated", f"{noun}/{one.id}")] == {"fields": ["person"]}
        assert type(one).get_by_id(one.id).version == one.version + 1
    assert not any(agg == f"core.affiliation/{left.id}" for _type, agg in told_of)
    entry = AuditEntry.select().where(AuditEntry.noun == "accounts").order_by(AuditEntry.id.desc())
    change = AuditChange.get(AuditChange.entry == entry.first())
    assert (change.field, change.before, change.after) == (
        "person", str(duplicate.id), str(kept.id))  # fmt: skip


def test_a_merge_is_told_in_both_places_and_on_both_timelines(
    instance: Instance, boss: Caller
) -> None:
    duplicate = world.person(instance, "李强", at=world.FOREIGN, phone=PHONE)
    kept = world.person(instance, "李强", at=world.HOME)
    before = last_event()
    merge(boss, duplicate, kept)
    told = {(type, agg): data for type, agg, data in events_since(before)}
    assert told["core.person.merged", f"core.person/{duplicate.id}"] == {"into": kept.id}
    assert told["core.person.updated", f"core.person/{kept.id}"] == {"fields": ["phone"]}
    merged = EventRow.get(EventRow.type == "core.person.merged")
    scope = {row.community_id for row in EventScope.select().where(EventScope.pos == merged.pos)}
    places = [Community.get(Community.code == code).id for code in (world.HOME, world.FOREIGN)]
    assert scope == set(places)
    entries = AuditEntry.select().where(AuditEntry.noun == "people", AuditEntry.verb == "merge")
    assert {entry.record for entry in entries} == {duplicate.id, kept.id}
    changes = AuditChange.select().where(AuditChange.entry.in_(entries))
    assert {(row.field, row.after) for row in changes} == {
        ("input:into", str(kept.id)),
        ("merged:person", str(duplicate.id)),
        ("phone", None),
    }
    assert all(row.sealed for row in changes if row.field == "phone")


def test_nobody_who_gains_nothing_is_told_to_have_changed(instance: Instance, boss: Caller) -> None:
    duplicate, kept = two(instance)
    before = last_event()
    merge(boss, duplicate, kept)
    assert all(agg != f"core.person/{kept.id}" for _type, agg, _data in events_since(before))
    assert Person.get_by_id(kept.id).version == 1


def homes(person: Person) -> list[tuple[str, bool]]:
    found = Affiliation.select().where(
        Affiliation.person == person,
        Affiliation.kind == "resides",
        Affiliation.removed_at.is_null(),
    )
    return sorted((link.community.code, link.primary) for link in found)


def test_the_duplicates_home_becomes_an_ordinary_one(instance: Instance, boss: Caller) -> None:
    duplicate = world.person(instance, "李强", at=world.NEIGHBOUR)
    kept = world.person(instance, "李强", at=world.HOME)
    merge(boss, duplicate, kept)
    assert homes(kept) == [(world.HOME, True), (world.NEIGHBOUR, False)]


def test_the_same_home_is_kept_once_and_stays_the_primary_one(
    instance: Instance, boss: Caller
) -> None:
    duplicate = world.person(instance, "李强", at=world.HOME)
    mine = Affiliation.get(Affiliation.person == duplicate)
    write(affiliations, "update", boss, {"from_date": "2020-01-01"}, mine.id)
    kept = world.person(instance, "李强", at=world.FOREIGN)
    gone = Affiliation.get(Affiliation.person == kept)
    here = {"person": kept.id, "community": {"code": world.HOME}, "kind": "resides"}
    stays = write(affiliations, "create", boss, {**here, "primary": False})
    write(affiliations, "end", boss, {"date": "2021-01-01"}, gone.id)
    before = last_event()
    merge(boss, duplicate, kept)
    assert homes(kept) == [(world.HOME, True), (world.FOREIGN, True)]  # that one is over
    twin = Affiliation.get_by_id(stays.id)
    assert (twin.from_date.isoformat(), twin.primary) == ("2020-01-01", True)
    told = {(type, agg) for type, agg, _data in events_since(before)}
    assert ("core.affiliation.removed", f"core.affiliation/{mine.id}") in told
    assert ("core.affiliation.updated", f"core.affiliation/{stays.id}") in told
    assert naming(instance, int(duplicate.id)) == {}


def test_a_household_counts_the_merged_person_once(instance: Instance, boss: Caller) -> None:
    duplicate, kept = two(instance)
    house = write(households, "create", boss, {"number": "1", "community": {"code": world.HOME}})
    for person, relation in ((duplicate, "head"), (kept, "other")):
        told = {"household": house.id, "person": person.id, "relation": relation}
        write(household_members, "create", boss, told)
    merge(boss, duplicate, kept)
    standing = HouseholdMember.select().where(HouseholdMember.removed_at.is_null())
    assert [(row.person_id, row.relation) for row in standing] == [(kept.id, "head")]


def test_the_preview_tells_what_the_merge_does_and_writes_nothing(
    instance: Instance, boss: Caller, caller: Make, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CITY)
    duplicate = world.person(instance, "李小强", phone=PHONE, citizen_id=CITIZEN)
    kept = world.person(instance, "李强", sex="male")
    far = {"person": duplicate.id, "community": {"code": world.FOREIGN}, "kind": "works"}
    write(affiliations, "create", boss, far)
    reported(instance, (duplicate, world.HOME), )  # fmt: skip
    secretary, before = caller("community_secretary", at=world.HOME), contents(instance)
    told = foresee(secretary, duplicate, kept)
    assert contents(instance) == before
    fields = rows_of(told, 0)
    assert fields["姓名"] == ("李小强", "李强", "李强")
    assert fields["性别"] == ("未知", "男", "男")
    assert fields["手机号"] == ("138****5678", "", "138****5678")
    assert fields["公民身份号码"] == ("620102***********3", "", "620102***********3")
    assert rows_of(told, 1) == {
        "归属关系": ("1", "1"), "报到记录": ("1", "0"), "其他记录": ("1", "")}  # fmt: skip
    assert told.obstacles == ()
    assert CITIZEN not in repr(told)
    assert "下西园" not in repr(told)
    everything = foresee(world.boss(instance), duplicate, kept)
    assert rows_of(everything, 1) == {"归属关系": ("2", "1"), "报到记录": ("1", "0")}
    merge(secretary, duplicate, kept)
    after = reading.view(secretary, people, kept.id)
    assert (after["phone"], after["name"]) == (fields["手机号"][2], fields["姓名"][2])


def test_an_account_of_the_duplicate_acts_as_the_one_who_stays(
    instance: Instance, boss: Caller
) -> None:
    from lifang.access.callers import caller_for

    duplicate, kept = two(instance)
    with instance.database.transaction():
        account = Account.create(name="liqiang", person=duplicate)
        secret = sign_in.open_token(account, days=1)
    merge(boss, duplicate, kept)
    holder, _scope = sign_in.bearer(instance.database, secret)
    mine = caller_for(instance, holder, source="api")
    asked = Query(filters=read_filters([("person", kept.id)]))
    assert mine.person == kept.id
    assert len(reading.find(mine, affiliations, asked).items) == 1
