"""Permission as a query condition: one rule answers both "may I" and "which ones".

role × subtree × owner × unit, cut by where the plugin is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifang.access.roles import included
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.kit import clock, ranges
from lifang.resources.reach import Belonging, Itself, Linked, Via
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource

Condition = Any
"""A peewee expression; True stands for every row and False for none."""


@dataclass(frozen=True)
class Rights:
    """How far one verb reaches for one caller: `tree` without further ado, `on` for the others."""

    tree: ranges.Ranges = ranges.NOWHERE
    on: ranges.Ranges = ranges.NOWHERE
    person: int | None = None
    units: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether the verb is allowed on anything at all."""
        return bool(self.tree) or bool(self.on and (self.person is not None or self.units))


def rights(caller: Caller, resource: Resource[Any], verb: str) -> Rights:
    """How far a verb on a resource reaches for this caller, wherever its plugin is on."""
    snapshot = caller.snapshot
    on = snapshot.where(resource.plugin)
    if caller.scope is not None and not {verb, f"{resource.id}:{verb}"} & caller.scope:
        return Rights()
    if caller.plugin is not None:
        return _plugin_rights(caller, resource, verb, snapshot.where(caller.plugin))
    reaches: list[ranges.Range] = []
    units: list[int] = []
    own = "own" in resource.roles.get("resident", {}).get(verb, ())
    for standing in caller.standings:
        allowed = {
            reach
            for role in included(standing.role)
            for reach in resource.roles.get(role, {}).get(verb, ())
        }
        if "tree" in allowed and standing.organization is None:
            path = standing.path
            reaches.append(("", "~") if path is None else (path, path_end(path)))
        if "unit" in allowed and standing.organization is not None:
            units.append(standing.organization)
        own = own or "own" in allowed
    person = _self_of(caller, resource) if own else None
    return Rights(ranges.intersect(ranges.union(reaches), on), on, person, tuple(units))


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
    reads_core = resource.plugin == CORE and verb == "read"
    if own or reads_core or f"{resource.id}:{verb}" in declared:
        return Rights(tree=on, on=on)
    return Rights()


def condition(caller: Caller, resource: Resource[Any], reach: Rights) -> Condition:
    """Turn rights into a condition on the resource's rows."""
    parts: list[Condition] = []
    if reach.tree:
        parts.append(placed(caller, resource, reach.tree))
    if reach.person is not None and resource.owner is not None and reach.on:
        mine = _belongs(resource, resource.owner, (reach.person,))
        parts.append(_both(mine, placed(caller, resource, reach.on)))
    if reach.units and resource.unit is not None and reach.on:
        ours = _belongs(resource, resource.unit, reach.units)
        parts.append(_both(ours, placed(caller, resource, reach.on)))
    parts = [part for part in parts if part is not False]
    if any(part is True for part in parts):
        return True
    if not parts:
        return False
    whole = parts[0]
    for part in parts[1:]:
        whole = whole | part
    return whole


def condition_own(resource: Resource[Any], person: int) -> Condition:
    """Which rows belong to a person, wherever they lie."""
    return _belongs(resource, resource.owner, (person,))


def readable(caller: Caller, resource: Resource[Any]) -> Condition:
    """Which rows of a resource a caller sees."""
    return condition(caller, resource, rights(caller, resource, "read"))


def placed(caller: Caller, resource: Resource[Any], where: ranges.Ranges) -> Condition:
    """Which rows lie within a part of the tree, by the resource's scope."""
    if where == ranges.EVERYWHERE:
        return True
    return lying(caller, resource, within(where)) if where else False


def lying(caller: Caller, resource: Resource[Any], told: Condition) -> Condition:
    """Which rows lie in the communities of which something is told, by the resource's scope."""
    model: Any = resource.model
    scope = resource.scope
    if scope is None:
        return False
    if isinstance(scope, Itself):
        return told
    if isinstance(scope, Via):
        field = getattr(model, scope.reference)
        target = caller.instance.registry.of(field.rel_model)
        inner = lying(caller, target, told)
        return field.in_(target.model.select(target.model.id).where(inner))
    if isinstance(scope, Linked):
        link: Any = scope.model
        here, there = getattr(link, scope.here), getattr(link, scope.there)
        places = Community.select(Community.id).where(told)
        return model.id.in_(link.select(here).where(current(link), there.in_(places)))
    return getattr(model, scope).in_(Community.select(Community.id).where(told))


def within(where: ranges.Ranges) -> Condition:
    """Which communities lie within a part of the tree."""
    whole: Condition = None
    for low, high in where:
        part = (Community.path >= low) & (Community.path < high)
        whole = part if whole is None else whole | part
    return whole


def current(link: Any) -> Condition:
    """Which links hold today: neither removed nor ended."""
    open_end = link.to_date.is_null() | (link.to_date > clock.today())
    return link.removed_at.is_null() & open_end


def _belongs(resource: Resource[Any], belonging: Belonging, ids: tuple[int, ...]) -> Condition:
    model: Any = resource.model
    if isinstance(belonging, Linked):
        link: Any = belonging.model
        here, there = getattr(link, belonging.here), getattr(link, belonging.there)
        return model.id.in_(link.select(here).where(current(link), there.in_(ids)))
    field = model.id if belonging == "id" else getattr(model, str(belonging))
    return field.in_(ids)


def _both(one: Condition, other: Condition) -> Condition:
    if other is True:
        return one
    return False if other is False else (one & other)
