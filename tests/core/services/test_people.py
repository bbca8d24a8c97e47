"""What the core's own nouns promise: moving, being known elsewhere, belonging, being found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.people import affiliations, memberships, organizations, people
from lifang.builtin.places import communities
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, EventScope
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid, LifangError, NotFound
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.presenting import present_one
from lifang.services.query import Query, read_filters
from lifang.testing import world

Make = Callable[..., Caller]
CITIZEN = "620102198001010033"


def blamed(error: LifangError) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in error.errors}


def events() -> list[tuple[str, str]]:
    return list(EventRow.select(EventRow.type, EventRow.agg).order_by(EventRow.pos).tuples())


def names(caller: Caller, **query: Any) -> list[str]:
    return [item["name"] for item in reading.find(caller, people, Query(**query)).items]


def test_moving_goes_through_its_action_and_is_told_in_both_places(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    person = world.person(instance, "李强")
    old, new = (Community.get(Community.code == code) for code in (world.HOME, world.FOREIGN))
    with pytest.raises(Invalid) as refused:
        write(people, "update", boss, {"community": {"code": world.FOREIGN}}, person.id)
    assert "迁居" in refused.value.sentence
    told = {"community": {"code": world.FOREIGN}, "date": clock.today().isoformat()}
    with pytest.raises(Invalid):  # a worker of the old community cannot see the new one
        write(people, "move", caller("community_worker", at=world.HOME), told, person.id)
    write(people, "move", boss, told, person.id)
    event = EventRow.select().order_by(EventRow.pos.desc()).first()
    assert event.type == "core.person.moved"
    assert f'"old":{old.id},"new":{new.id}' in event.data
    scope = {row.community_id for row in EventScope.select().where(EventScope.pos == event.pos)}
    assert scope == {old.id, new.id}
    with pytest.raises(Conflict):
        write(people, "move", boss, told, person.id)
    tomorrow = (clock.today() + dt.timedelta(days=1)).isoformat()
    with pytest.raises(Invalid):
        write(people, "move", boss, {**told, "date": tomorrow}, person.id)
    assert names(caller("community_worker", at=world.HOME)) == []
    assert names(caller("community_worker", at=world.FOREIGN)) == ["李强"]


def test_someone_known_elsewhere_gains_a_link_and_nothing_is_revealed(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    known = world.person(
        instance, "李强", at=world.FOREIGN, citizen_id=CITIZEN, phone="13812345678"
    )
    worker = caller("community_worker", at=world.HOME)
    told = {"name": "李大强", "citizen_id": CITIZEN, "community": {"code": world.HOME}}
    answer = present_one(worker, people, write(people, "create", worker, told))
    assert answer["id"] == known.id
    assert (answer["name"], answer["phone"]) == ("李大强", None)
    assert answer["community"]["code"] == world.HOME
    links = Affiliation.select().where(Affiliation.person == known).order_by(Affiliation.id)
    assert [(link.community.code, link.primary) for link in links] == [
        (world.FOREIGN, True),
        (world.HOME, False),
    ]
    assert Person.get_by_id(known.id).name == "李强"
    with pytest.raises(Conflict) as again:  # now that the worker can see them it is a duplicate
        write(people, "create", worker, told)
    assert again.value.extra["id"] == known.id


def test_an_employer_elsewhere_shows_only_name_kind_and_code(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    uscc = "55620102MLA001016E"
    told = {"kind": "self_governing", "uscc": uscc, "no_uscc_reason": None}
    world.organization(instance, "示例居委会", at=world.FOREIGN, founded_on="2001-01-01", **told)
    worker = caller("community_worker", at=world.HOME)
    typed = {"name": "某单位", **told, "community": {"code": world.HOME}}
    made = write(organizations, "create", worker, typed)
    shown = reading.view(worker, organizations, made.id)
    assert (shown["name"], shown["uscc"], shown["founded_on"]) == ("示例居委会", uscc, None)
    assert reading.view(boss, organizations, made.id)["founded_on"] == "2001-01-01"


def test_an_action_tells_when_it_really_happened_but_never_the_future(
    instance: Instance, boss: Caller
) -> None:
    person = world.person(instance, "李强")
    yesterday = clock.now() - dt.timedelta(days=1)
    write(people, "update", boss, {"sex": "male"}, person.id, occurred_at=yesterday)
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert entry.occurred_at == yesterday
    with pytest.raises(Invalid):
        write(
            people,
            "update",
            boss,
            {"sex": "female"},
            person.id,
            occurred_at=clock.now() + dt.timedelta(minutes=1),
        )


def test_removed_records_are_gone_from_everywhere_and_free_their_identity(
    instance: Instance, boss: Caller
) -> None:
    person = world.person(instance, "李强", citizen_id=CITIZEN)
    write(people, "remove", boss, None, person.id, version=1)
    assert names(boss) == []
    for verb, data in (("update", {"name": "x"}), ("remove", None), ("move", None)):
        with pytest.raises((NotFound, Invalid)):
            write(people, verb, boss, data, person.id)
    assert AuditChange.select().count() > 0
    again = world.person(instance, "李强", citizen_id=CITIZEN)
    assert again.id != person.id


def test_what_does_not_exist_has_no_verbs(instance: Instance, boss: Caller, caller: Make) -> None:
    person = world.person(instance, "李强")
    with pytest.raises(NotFound):
        write(people, "promote", boss, {}, person.id)
    with pytest.raises(NotFound):
        write(people, "update", boss, {"name": "x"}, None)
    stranger = caller("auditor")
    with pytest.raises(NotFound):
        write(people, "update", stranger, {"name": "x"}, person.id)


def test_an_affiliation_is_one_sided_and_a_home_is_one(instance: Instance, boss: Caller) -> None:
    person = world.person(instance, "李强")
    unit = world.organization(instance, "示例党支部")
    home = {"code": world.HOME}
    for sides in ({}, {"person": person.id, "organization": unit.id}):
        with pytest.raises(Invalid) as refused:
            write(affiliations, "create", boss, {**sides, "community": home, "kind": "works"})
        assert blamed(refused.value) == {("person", "one_of")}
    second = {"person": person.id, "community": {"code": world.NEIGHBOUR}, "kind": "resides"}
    with pytest.raises(Conflict):
        write(affiliations, "create", boss, {**second, "primary": True})
    write(affiliations, "create", boss, {**second, "primary": False})
    with pytest.raises(Invalid):
        write(memberships, "create", boss, {"organization": unit.id})
    seat = {"organization": unit.id, "person": person.id, "from_date": "2026-02-01"}
    with pytest.raises(Invalid):
        write(memberships, "create", boss, {**seat, "to_date": "2026-01-01"})
    write(memberships, "create", boss, seat)


def test_an_organization_has_its_code_or_a_reason(instance: Instance, boss: Caller) -> None:
    plain = {"name": "示例", "kind": "party", "community": {"code": world.HOME}}
    with pytest.raises(Invalid):
        write(organizations, "create", boss, plain)
    with pytest.raises(Invalid):
        write(organizations, "create", boss, {**plain, "uscc": "55620102MLA001016F"})
    both = {"uscc": "55620102MLA001016E", "no_uscc_reason": "无"}
    with pytest.raises(Invalid):
        write(organizations, "create", boss, {**plain, **both})


def test_the_tree_keeps_its_order(instance: Instance, boss: Caller) -> None:
    told = {"code": "620102001009", "name": "x", "kind": "community"}
    with pytest.raises(Invalid) as refused:
        write(communities, "create", boss, {**told, "parent": {"code": world.HOME}})
    assert blamed(refused.value) == {("parent", "order")}
    with pytest.raises(Conflict):
        write(communities, "create", boss, {**told, "code": world.HOME})
    place = Community.get(Community.code == world.HOME)
    with pytest.raises(Invalid):
        write(communities, "update", boss, {"parent": {"code": world.QILIHE}}, place.id)


@pytest.mark.parametrize("q", ["李", "李强", "lq", "LQ", "强"])
def test_any_part_of_a_name_finds_it(instance: Instance, boss: Caller, q: str) -> None:
    world.person(instance, "李强")
    world.person(instance, "赵敏")
    assert names(boss, q=q) == ["李强"]


def test_a_renamed_person_is_found_by_the_new_name_only(instance: Instance, boss: Caller) -> None:
    person = world.person(instance, "阿依古丽·买买提")
    assert names(boss, q="古丽买买") == [] or names(boss, q="古丽") == ["阿依古丽·买买提"]
    write(people, "update", boss, {"name": "王芳"}, person.id)
    assert names(boss, q="古丽") == []
    assert names(boss, q="wf") == ["王芳"]


def test_filters_sort_and_pages_agree(instance: Instance, boss: Caller) -> None:
    for number in range(7):
        world.person(instance, f"甲{number}", sex="male" if number % 2 else "female")
    seen: list[str] = []
    cursor = None
    while True:
        page = reading.find(boss, people, Query(sort="-name", limit=3, cursor=cursor))
        seen += [item["name"] for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"甲{number}" for number in reversed(range(7))]
    males = Query(filters=read_filters([("sex", "male")]))
    assert reading.count(boss, people, males) == 3
    both = Query(filters=read_filters([("sex", ["male", "female"])]))
    assert reading.count(boss, people, both) == 7
    later = Query(filters=read_filters([("created_at__gte", clock.now().isoformat())]))
    assert reading.count(boss, people, later) == 0
    assert reading.count(boss, people, Query(within=world.QILIHE)) == 0
