"""A world thrown together at random: trees, people, links, seats, reports, and those who look."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from lifang.builtin.households import households
from lifang.builtin.people import affiliations, memberships, organizations, people
from lifang.builtin.places import communities
from lifang.entities.account import Account
from lifang.entities.caller import Caller, Standing
from lifang.entities.community import KINDS, Community, path_end, path_of
from lifang.entities.gram import NameGram
from lifang.entities.household import Household, HouseholdMember
from lifang.entities.organization import Organization
from lifang.entities.person import AFFILIATION_KINDS, Affiliation, Membership, Person
from lifang.kit import clock, ranges
from lifang.kit.text import grams
from lifang.lifecycle import switching
from lifang.plugins.tables import Activation, bump_epoch
from lifang.resources.registry import CORE
from lifang.services.instance import Instance
from lifang.store.record import moment
from lifang.testing import world

NAMES = ("王伟", "王芳", "李伟", "张敏", "赵志强", "钱野里")
ENDED = "2020-01-01"
ROLES = ("grid_worker", "community_worker", "community_secretary", "district_admin", "unit_liaison")


@dataclass
class Scattered:
    """What was thrown, by id, for an oracle that knows nothing of SQL."""

    dice: random.Random
    paths: dict[int, str]
    on: ranges.Ranges
    reports: Any


def scatter(instance: Instance, seed: int) -> Scattered:
    """Fill an empty instance, some of it removed or ended, a plugin on here and off there."""
    dice = random.Random(seed)
    switching.install(world.boss(instance), "dual_reporting")
    with instance.database.transaction():
        paths = _tree(instance, dice)
        _rows(instance, dice, list(paths))
        for place in dice.sample(list(paths), 6):
            told = {"plugin": "dual_reporting", "community": place}
            Activation.create(on=dice.random() < 0.6, changed_at=clock.now(), **told)
        bump_epoch()
    snapshot = instance.plugins.refresh()
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    with instance.database.transaction():
        _reports(instance, dice, reports, list(paths))
    return Scattered(dice, paths, snapshot.where("dual_reporting"), reports)


def _tree(instance: Instance, dice: random.Random) -> dict[int, str]:
    paths: dict[int, str] = {}
    for number in instance.database.allocate(Community, dice.randint(8, 40)):
        parent = dice.choice([None, *paths, *paths]) if paths else None
        paths[number] = path_of(number, paths.get(parent or 0, ""))
        Community.insert(
            id=number,
            code=f"{dice.randrange(10**6):06d}{number:06d}",
            name=f"地{number}",
            kind=dice.choice(list(KINDS)),
            parent=parent,
            path=paths[number],
            valid_to=dice.choice([None, None, None, ENDED]),
        ).execute()
    return paths


def _gone(dice: random.Random) -> str | None:
    return moment(clock.now()) if dice.random() < 0.1 else None


def _ended(dice: random.Random) -> str | None:
    return ENDED if dice.random() < 0.2 else None


def _many(instance: Instance, dice: random.Random, model: Any, count: int, rows: Any) -> list[int]:
    """Insert rows with gaps between their numbers."""
    numbers = [n for n in instance.database.allocate(model, count) if dice.random() < 0.9]
    for number in numbers:
        model.insert(id=number, removed_at=_gone(dice), **rows()).execute()
    return numbers


def _rows(instance: Instance, dice: random.Random, places: list[int]) -> None:
    some = dice.randint(20, 80)
    persons = _many(
        instance,
        dice,
        Person,
        some,
        lambda: {"name": dice.choice(NAMES), "status": dice.choice(["permanent", "floating"])},
    )
    for number, name in Person.select(Person.id, Person.name).tuples():
        for piece in grams(name):
            NameGram.insert(noun="core.people", gram=piece, record=number).execute()
    units = _many(
        instance,
        dice,
        Organization,
        12,
        lambda: {"name": dice.choice(NAMES), "kind": "party", "no_uscc_reason": "无"},
    )
    near = dice.sample(places, max(1, len(places) // 3))  # people live together, not anywhere

    def link() -> dict[str, Any]:
        side = {"person": dice.choice(persons)} if dice.random() < 0.7 else {}
        side = side or {"organization": dice.choice(units)}
        place = dice.choice(near if dice.random() < 0.8 else places)
        kind = dice.choice(list(AFFILIATION_KINDS))
        return {**side, "community": place, "kind": kind, "to_date": _ended(dice)}

    def seat() -> dict[str, Any]:
        told = {"person": dice.choice(persons), "organization": dice.choice(units)}
        return {**told, "to_date": _ended(dice)}

    _many(instance, dice, Affiliation, some * 2, link)
    _many(instance, dice, Membership, 30, seat)
    homes = _many(
        instance,
        dice,
        Household,
        20,
        lambda: {"number": str(dice.randrange(10**9)), "community": dice.choice(places)},
    )
    _many(
        instance,
        dice,
        HouseholdMember,
        30,
        lambda: {
            "household": dice.choice(homes),
            "person": dice.choice(persons),
            "relation": "other",
            "to_date": _ended(dice),
        },
    )


def _reports(instance: Instance, dice: random.Random, reports: Any, places: list[int]) -> None:
    persons = [row[0] for row in Person.select(Person.id).tuples()]
    units = [row[0] for row in Organization.select(Organization.id).tuples()]
    for number in instance.database.allocate(reports.model, 80):
        reports.model.insert(
            id=number,
            person=dice.choice(persons),
            organization=dice.choice([None, *units]),
            community=dice.choice(places),
            state="ended",  # of one person any number of these
            removed_at=_gone(dice),
        ).execute()


def nouns(thrown: Scattered) -> list[Any]:
    """Every way a noun can lie in the tree: over links, by itself, over another, by its place."""
    plain = [people, organizations, affiliations, memberships, communities, households]
    return [*plain, thrown.reports]


def somebody(instance: Instance, thrown: Scattered) -> Caller:
    """A caller with a few roles here and there, perhaps a person, perhaps for a unit."""
    dice, standings = thrown.dice, []
    for _n in range(dice.randint(0, 3)):
        role = dice.choice(ROLES)
        unit = dice.randint(1, 12) if role == "unit_liaison" else None
        path = None if unit else dice.choice(list(thrown.paths.values()))
        standings.append(Standing(role, path=path, organization=unit))
    if dice.random() < 0.1:
        standings.append(Standing("district_admin"))
    return Caller(
        instance=instance,
        snapshot=instance.plugins.refresh(),
        name="somebody",
        source="api",
        account=dice.choice([None, 1]) if Account.select().exists() else None,
        person=dice.choice([None, dice.randint(1, 30)]),
        standings=tuple(standings),
    )


def lies(thrown: Scattered, resource: Any, record: Any) -> list[str]:
    """The paths where a record lies today, told without a query on the tree."""
    if resource is communities:
        return [thrown.paths[record.id]]
    if resource is memberships:
        return lies(thrown, organizations, record.organization)
    if resource in (people, organizations):
        here = Affiliation.person if resource is people else Affiliation.organization
        links = Affiliation.select().where(here == record.id)
        return [thrown.paths[link.community_id] for link in links if held(link)]
    return [thrown.paths[record.community_id]]


def held(link: Any) -> bool:
    """Whether a link is neither removed nor ended."""
    return link.removed_at is None and link.to_date is None


def belongs(resource: Any, record: Any, caller: Caller) -> bool:
    """Whether a record is the caller's own, or of a unit the caller stands for, and read so."""
    units = {s.organization for s in caller.standings if s.role == "unit_liaison"}
    persons = {caller.person} - {None}
    if resource in (affiliations, memberships) or resource.plugin != CORE:
        return record.person_id in persons or record.organization_id in units
    if resource is people:
        seats = list(Membership.select().where(Membership.person == record.id))
        return record.id in persons or any(held(s) and s.organization_id in units for s in seats)
    if resource is organizations:
        seats = list(Membership.select().where(Membership.organization == record.id))
        return record.id in units or any(held(s) and s.person_id in persons for s in seats)
    if resource is households:
        members: Any = HouseholdMember.select().where(HouseholdMember.household == record.id)
        return any(held(member) and member.person_id in persons for member in members)
    links = list(Affiliation.select().where(Affiliation.community == record.id))
    return any(held(one) and (one.person_id in persons or one.organization_id in units)
               for one in links)  # fmt: skip


def readable(thrown: Scattered, caller: Caller, resource: Any) -> list[int]:
    """The ids of everything a caller reads of a noun, in order."""
    on = ranges.EVERYWHERE if resource.plugin == CORE else thrown.on
    working = [s for s in caller.standings if s.organization is None]
    if resource.plugin != CORE:
        working = [s for s in working if s.role != "grid_worker"]
    if resource.plugin == CORE and any(s.path is None for s in working):
        standing = resource.model.removed_at.is_null()
        return [
            int(record.id)
            for record in resource.model.select().where(standing).order_by(resource.model.id)
        ]
    mine = ranges.union(
        ("", "~") if s.path is None else (s.path, path_end(s.path)) for s in working
    )
    found = []
    for record in resource.model.select().where(resource.model.removed_at.is_null()):
        paths = [path for path in lies(thrown, resource, record) if ranges.holds(on, path)]
        within = any(ranges.holds(mine, path) for path in paths)
        placed = bool(paths) or resource.plugin == CORE
        if within or (placed and belongs(resource, record, caller)):
            found.append(int(record.id))
    return sorted(found)
