"""Permission as a query condition: one rule answers both "may I" and "which ones".

role × subtree × owner × unit, cut by where the plugin is on. What is somebody's own begins to show
where a plugin is on at a place they belong to, or where they have a record of it: else not a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import peewee as pw

from lifang.access import minors
from lifang.access.roles import included
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.household import Household, HouseholdMember
from lifang.entities.person import Affiliation, Membership
from lifang.kit import clock, ranges
from lifang.resources.reach import Belonging, Itself, Linked, Via
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource

Condition = Any
"""A peewee expression; True stands for every row and False for none."""
BY_TREE = ("create", "uncover", "anonymise")
"""What roles grant on confidential records by the tree."""
Among = Callable[..., Condition]
"""Whether a key is among a column of other rows: `judged` or `gathered`, with the same answer."""


def judged(key: Any, rows: Any, column: Any, *told: Condition) -> Condition:
    """Asked of each row by itself: costs the same however large the tree and the subtree are.

    The OFFSET keeps both databases from making a join of it after all.
    """
    return pw.fn.EXISTS(rows.select(pw.SQL("1")).where(column == key, *told).limit(1).offset(0))


def gathered(key: Any, rows: Any, column: Any, *told: Condition) -> Condition:
    """Asked the other way round: the other rows are gathered first, each by its own index."""
    return key.in_(rows.select(column).where(*told))


def set_apart(model: Any, told: Iterable[Condition]) -> Condition:
    """Rows of which something is told, gathered before anything else is looked at."""
    mine = model.select(model.id).where(*told).cte("mine", materialized=True)
    return model.id.in_(pw.Select((mine,), (mine.c.id,)).with_cte(mine))


@dataclass(frozen=True)
class Rights:
    """How far one verb reaches for one caller: `tree` without further ado, `on` for the others.

    With `adults` it reaches nobody's in the tree who is under 14.
    """

    tree: ranges.Ranges = ranges.NOWHERE
    on: ranges.Ranges = ranges.NOWHERE
    person: int | None = None
    units: tuple[int, ...] = ()
    adults: bool = False
    uncovered: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether the verb is allowed on anything at all."""
        some = self.person is not None or self.units or self.uncovered
        return bool(self.tree) or bool(self.on and some)


def rights(caller: Caller, resource: Resource[Any], verb: str) -> Rights:
    """How far a verb on a resource reaches for this caller, wherever its plugin is on."""
    found: Rights | None = caller.rights.get((resource, verb))
    if found is None:
        found = _granted(caller, resource, verb)
        if found and not (found.tree or found.uncovered or shows(resource.plugin, caller)):
            found = Rights()
        caller.rights[resource, verb] = found
    return found


def shows(plugin: str, caller: Caller) -> bool:
    """Whether there is a plugin at all for a caller, who may be nobody in particular.

    It is on where they stand or belong to now, or they have a record of it where it is on.
    """
    on = caller.snapshot.where(plugin)
    told = caller.standings or caller.person or caller.account
    if plugin == CORE or caller.plugin is not None or not told or not on:
        return bool(on)
    key = "shows", plugin
    if key not in caller.rights:
        caller.rights.update({key: True} if _meets(caller, on) else _kept(caller))
    return bool(caller.rights[key])


def _meets(caller: Caller, on: ranges.Ranges) -> bool:
    """Whether something is on where a caller stands, or belongs today."""
    if ranges.intersect(on, ranges.union(o.reach for o in caller.standings if not o.organization)):
        return True
    if "homes" not in caller.rights:
        whose = caller.person or 0, *(o.organization for o in caller.standings if o.organization)
        today = clock.today()
        caller.rights["homes"] = caller.instance.database.ask(("homes", today), whose, _homes)
    return any(ranges.holds(on, path) for (path,) in caller.rights["homes"])


def _homes(whose: Sequence[int]) -> Any:
    """Where a person, and the units they act for, belong: by affiliation, seat and household."""
    who, units = whose[0], whose[1:]
    links = Affiliation.select(Affiliation.community).where(current(Affiliation))
    mine = Affiliation.person == who, Affiliation.organization.in_(units)
    held = Membership.person == who, current(Membership)
    seats = Affiliation.organization.in_(Membership.select(Membership.organization).where(*held))
    house = HouseholdMember.select(Household.community).join(Household)
    lives = house.where(HouseholdMember.person == who, current(HouseholdMember))
    every = links.where(mine[0]) | links.where(mine[1]) | links.where(seats) | lives
    return Community.select(Community.path).where(Community.id.in_(every))


def _kept(caller: Caller) -> dict[tuple[str, str], bool]:
    """Whether plugins that are on elsewhere show by a record there: asked for all of them at once.

    One statement answers for everybody who holds the same roles; it is written down once.
    """
    away = [name for name, on in caller.snapshot.on.items() if not _meets(caller, on)]

    def build(whose: Sequence[int]) -> Any:
        one = replace(caller, person=whose[0], account=whose[1], scope=None)
        told: dict[str, list[Condition]] = {name: [pw.Value(value=False)] for name in away}
        for noun in caller.instance.registry:
            some = condition(one, noun, _granted(one, noun, "read"), gathered)
            if noun.plugin in told and some is not False:
                where = (noun.model.removed_at.is_null(), *wheres(noun, some))
                told[noun.plugin].append(pw.fn.EXISTS(noun.model.select(pw.SQL("1")).where(*where)))
        columns = [*map(pw.Value, whose), *map(any_of, told.values())]
        return pw.Select(columns=columns).bind(caller.instance.database.engine)

    question = ("kept", caller.snapshot.epoch, caller.standings, tuple(away), clock.today())
    whose = caller.person or 0, caller.account or 0
    (has,) = caller.instance.database.ask(question, whose, build)
    return {("shows", name): bool(some) for name, some in zip(away, has[2:], strict=True)}


def _granted(caller: Caller, resource: Resource[Any], verb: str) -> Rights:
    on = caller.snapshot.where(resource.plugin)
    if caller.scope is not None and not {verb, f"{resource.id}:{verb}"} & caller.scope:
        return Rights()
    if caller.plugin is not None:
        return _plugin_rights(caller, resource, verb, caller.snapshot.where(caller.plugin))
    reaches: list[ranges.Range] = []
    units: list[int] = []
    adults = resource.minors_hidden
    own = "own" in resource.roles.get("resident", {}).get(verb, ())
    for standing in caller.standings:
        allowed = {
            reach
            for role in included(standing.role)
            for reach in resource.roles.get(role, {}).get(verb, ())
        }
        if "tree" in allowed and standing.organization is None:
            adults = adults and standing.role == "resident"
            reaches.append(standing.reach)
        if "unit" in allowed and standing.organization is not None:
            units.append(standing.organization)
        own = own or "own" in allowed
    if resource.confidential is not None and verb not in BY_TREE:
        person = caller.person if own or reaches or units else None
        uncovered = resource.confidential.uncovered(caller, resource) if verb == "read" else ()
        return Rights(on=on, person=person, uncovered=uncovered)
    person = _self_of(caller, resource) if own else None
    tree = ranges.intersect(ranges.union(reaches), on) if reaches else ranges.NOWHERE
    return Rights(tree, on, person, tuple(units), adults and bool(tree))


def _self_of(caller: Caller, resource: Resource[Any]) -> int | None:
    """Who `:own` means: the person, or the account where the owner of a record is an account."""
    return caller.account if of_an_account(resource) else caller.person


def of_an_account(resource: Resource[Any]) -> bool:
    """Whether the owner of such records is an account, not a person."""
    owner = resource.by_name.get(resource.owner) if isinstance(resource.owner, str) else None
    return owner is not None and owner.target is Account


def _plugin_rights(caller: Caller, resource: Resource[Any], verb: str, on: ranges.Ranges) -> Rights:
    """A plugin acts on its own resources, reads the core, and writes elsewhere as declared."""
    plugin = caller.instance.plugins.loaded.get(caller.plugin or "")
    declared = plugin.writes if plugin else frozenset()
    own = resource.plugin == caller.plugin
    if resource.confidential is not None and not own:
        return Rights()
    reads_core = resource.plugin == CORE and verb == "read"
    if own or reads_core or f"{resource.id}:{verb}" in declared:
        return Rights(tree=on, on=on)
    return Rights()


def condition(
    caller: Caller, resource: Resource[Any], reach: Rights, among: Among = judged
) -> Condition:
    """Turn rights into a condition on the resource's rows."""
    parts: list[Condition] = []
    if reach.tree:
        there = placed(caller, resource, reach.tree, among)
        grown = minors.left_out(caller, resource) if reach.adults else True
        parts.append(grown if there is True else there if grown is True else there & grown)
    on = placed(caller, resource, reach.on)
    for belonging, ids in (
        (resource.owner, () if reach.person is None else (reach.person,)),
        (resource.unit, reach.units),
    ):
        if ids and belonging is not None and on is not False:
            theirs = _belongs(resource, belonging, ids, among)
            parts.append(theirs if on is True else theirs & on)
    if reach.uncovered and on is not False:
        seen = _key_of(resource).in_(reach.uncovered)
        parts.append(seen if on is True else seen & on)
    parts = [part for part in parts if part is not False]
    if any(part is True for part in parts):
        return True
    return any_of(parts) if parts else False


def _key_of(resource: Resource[Any]) -> Any:
    """What names the assigned record: a record itself, or its reference to the one it is with."""
    via = resource.owner if isinstance(resource.owner, Via) else None
    model: Any = resource.model
    return getattr(model, via.reference) if via and resource.above else model.id


def condition_own(resource: Resource[Any], *people: int) -> Condition:
    """Which rows belong to any of some people, wherever they lie."""
    return _belongs(resource, resource.owner, people, judged)


def readable(caller: Caller, resource: Resource[Any], among: Among = judged) -> Condition:
    """Which rows of a resource a caller sees."""
    return condition(caller, resource, rights(caller, resource, "read"), among)


def wheres(resource: Resource[Any], allowed: Condition) -> tuple[Any, ...]:
    """A condition as what a query's `where` takes."""
    model: Any = resource.model
    return () if allowed is True else (model.id < 0,) if allowed is False else (allowed,)


def placed(
    caller: Caller, resource: Resource[Any], where: ranges.Ranges, among: Among = judged
) -> Condition:
    """Which rows lie within a part of the tree, by the resource's scope."""
    if where == ranges.EVERYWHERE:
        return True
    if not where:
        return False
    return lying(caller, resource, lambda place: within(where, place), among)


def lying(
    caller: Caller,
    resource: Resource[Any],
    told: Callable[[Any], Condition],
    among: Among = judged,
    row: Any = None,
) -> Condition:
    """Which rows lie in the communities of which something is told, by the resource's scope."""
    row = resource.model if row is None else row
    scope, place = resource.scope, Community.alias()
    if scope is None:
        return False
    if isinstance(scope, Via):
        field = getattr(row, scope.reference)
        target = caller.instance.registry.of(field.rel_model)
        above = target.model.alias()
        inner = lying(caller, target, told, among, above)
        return False if inner is False else among(field, above, above.id, inner)
    if isinstance(scope, Linked):
        link: Any = scope.model.alias()
        here, there = getattr(link, scope.here), getattr(link, scope.there)
        lies = among(there, place, place.id, told(place))
        return among(row.id, link, here, current(link), lies)
    if isinstance(scope, Itself) and among is not judged:
        return told(row)
    key = row.id if isinstance(scope, Itself) else getattr(row, scope)
    return among(key, place, place.id, told(place))


def within(where: ranges.Ranges, place: Any = Community) -> Condition:
    """Which communities lie within a part of the tree."""
    return any_of([(place.path >= low) & (place.path < high) for low, high in where])


def any_of(parts: list[Condition]) -> Condition:
    """At least one of them, nested by halves: a plugin may be off in hundreds of places."""
    half = len(parts) // 2
    return any_of(parts[:half]) | any_of(parts[half:]) if half else parts[0]


def current(link: Any) -> Condition:
    """Which links hold today: neither removed nor ended."""
    open_end = link.to_date.is_null() | (link.to_date > clock.today())
    return link.removed_at.is_null() & open_end


def _belongs(
    resource: Resource[Any],
    belonging: Belonging,
    ids: tuple[int, ...],
    among: Among,
    row: Any = None,
) -> Condition:
    model: Any = resource.model if row is None else row
    if isinstance(belonging, tuple):
        return any_of([getattr(model, name).in_(ids) for name in belonging])
    if isinstance(belonging, Via):
        assert resource.above is not None  # noqa: S101 – the registry found it
        above = resource.above.model.alias()
        theirs = _belongs(resource.above, resource.above.owner, ids, among, above)
        return among(getattr(model, belonging.reference), above, above.id, theirs)
    if isinstance(belonging, Linked):
        link: Any = belonging.model.alias()
        here, there = getattr(link, belonging.here), getattr(link, belonging.there)
        return among(model.id, link, here, current(link), there.in_(ids))
    if callable(belonging):
        return belonging(model, ids)
    field = model.id if belonging == "id" else getattr(model, str(belonging))
    return field.in_(ids)
