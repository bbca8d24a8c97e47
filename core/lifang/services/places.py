"""Which communities a record lies in: an event concerns them all."""

from __future__ import annotations

from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import CommunitySuccessor
from lifang.resources.reach import Itself, Linked, Via
from lifang.resources.resource import Resource


def places_of(caller: Caller, resource: Resource[Any], record: Any) -> list[int]:
    """The ids of the communities a record lies in now, by its resource's scope.

    What happens to a community also concerns the one above it, and those that took over from it.
    """
    scope = resource.scope
    if scope is None:
        return []
    if isinstance(scope, Itself):
        heirs: Any = CommunitySuccessor.select(CommunitySuccessor.new).tuples()
        rows = heirs.where(CommunitySuccessor.old == record.id) if record.valid_to else ()
        above = record.__data__.get("parent")
        return [int(record.id), *([int(above)] if above else []), *(row[0] for row in rows)]
    if isinstance(scope, Via):
        target = getattr(record, scope.reference)
        if target is None:
            return []
        return places_of(caller, caller.instance.registry.of(type(target)), target)
    if isinstance(scope, Linked):
        link: Any = scope.model
        here, there = getattr(link, scope.here), getattr(link, scope.there)
        query = link.select(there).where(here == record.id, policy.current(link))
        return sorted({int(row[0]) for row in query.tuples()})
    place = record.__data__.get(scope)
    return [] if place is None else [int(place)]
