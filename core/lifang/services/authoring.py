"""The gateway as plugin authors call it: by function, with arguments that mypy checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from lifang.entities.caller import Caller
from lifang.events import inbox
from lifang.resources.action import action_of
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.query import Query, read_filters
from lifang.store.record import Record
from lifang.store.whole import whole

M = TypeVar("M", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")


def act(
    action: Callable[Concatenate[M, Caller, P], T],
    record: M,
    caller: Caller,
    /,
    *given: P.args,
    **inputs: P.kwargs,
) -> M:
    """Do something to a record through the gateway: permission, moves, audit and event included."""
    resource: Resource[M] = caller.instance.registry.of(type(record))
    return write(resource, action_of(action).name, caller, inputs, int(record.id))


def each(resource: Resource[M], caller: Caller, **filters: Any) -> Iterator[M]:
    """Every record that matches and the caller may read, with no cursor left open.

    Filters are `field=value`, a list meaning or, and `field__gte`, `__lte`, `__isnull`, `__not`.
    """
    return reading.each(resource, caller, **filters)


def find(resource: Resource[M], caller: Caller, **filters: Any) -> M | None:
    """The first record that matches and the caller may read, or None."""
    return next(reading.each(resource, caller, **filters), None)


def get(resource: Resource[M], caller: Caller, id: int) -> M:
    """One record; raises NotFound when it does not exist or is out of reach."""
    return reading.get(caller, resource, id)


def count(resource: Resource[Any], caller: Caller, **filters: Any) -> int:
    """How many records match, within what the caller may read."""
    return reading.count(caller, resource, Query(filters=read_filters(filters.items())))


@whole
def take_in(
    caller: Caller, source: str, number: str, effect: Callable[[], object] = lambda: None
) -> bool:
    """Do something for a message of another system, once however often it comes; says whether now.

    It is known by its source and its number there, each of at most 120 characters. Both are kept
    in the transaction of the effect, for thirty days: only after it may the other system be told.
    """
    with caller.instance.database.transaction():
        fresh = bool(inbox.take_in(caller.plugin or "core", source, [number]))
        if fresh:
            effect()
    return fresh


__all__ = ["act", "count", "each", "find", "get", "take_in", "write"]
