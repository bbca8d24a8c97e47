"""The gateway as plugin authors call it: by function, with arguments that mypy checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from lifang.entities.caller import Caller
from lifang.events import inbox
from lifang.events.publish import publish
from lifang.resources.action import action_of
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.places import places_of
from lifang.services.query import Query, read_filters
from lifang.services.timers import declared
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


def count(resource: Resource[Any], caller: Caller, *, shown: bool = False, **filters: Any) -> int:
    """How many records match, within what the caller may read.

    What is only `shown`, as on a card, is counted up to 1,000: more are 1,001 and told as 1,000+.
    """
    counted = reading.count_up if shown else reading.count
    return counted(caller, resource, Query(filters=read_filters(filters.items())))


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


def tell(record: Record, caller: Caller, name: str, **data: Any) -> None:
    """Tell something about a record in the running transaction, without a change of it.

    The resource declares the name in `timers=`: this is a timer whose time is now, told as often as
    it is asked for. Raises LookupError for a name that was not declared.
    """
    resource = declared(record, caller, name)
    aggregate = f"{resource.aggregate}/{record.id}"
    communities = places_of(caller, resource, record)
    publish(f"{resource.aggregate}.{name}", aggregate, data, caller=caller, communities=communities)


def derived_secret(record: Record, caller: Caller, salt: str) -> bytes:
    """32 bytes that nobody finds without the instance's key file, the same for one record and salt.

    They are kept nowhere, so neither database nor backup holds them; a new salt makes new ones.
    """
    resource = caller.instance.registry.of(type(record))
    return caller.instance.keys.derived(f"secret|{resource.aggregate}/{record.id}|{salt}")
