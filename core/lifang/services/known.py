"""Places of people and organizations are links; what is known elsewhere gains one (decision 14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services import values
from lifang.services.standpoint import reached

Insert = Callable[[Resource[Any], Caller, dict[str, Any]], Any]
"""The gateway's insert of settled values: what is linked may not be readable before it is."""


def elsewhere(resource: Resource[Any], caller: Caller, given: Mapping[str, Any]) -> Any:
    """The standing record with the same identity that the caller cannot see, or None.

    Raises Conflict when the caller can see it: that is a plain duplicate.
    """
    name = resource.identity
    value = given.get(name) if name else None
    if name is None or value is None:
        return None
    model: Any = resource.model
    spec = resource.by_name[name]
    if spec.kind == "sensitive":
        same = getattr(model, f"{name}_index") == caller.instance.keys.index(
            value, kind=str(spec.secret)
        )
    else:
        same = getattr(model, name) == value
    record = model.select().where(same, model.removed_at.is_null()).first()
    if record is None:
        return None
    if reached(caller, resource, "read", [int(record.id)]):
        raise Conflict(
            _("{label}已经登记过：编号 {id}", label=_(spec.label), id=record.id), id=record.id
        )
    return record


def link(
    resource: Resource[Any], caller: Caller, record: Any, given: Mapping[str, Any], insert: Insert
) -> Any:
    """Link what is known elsewhere to the place asked for; the answer holds only what was typed."""
    scope = resource.scope
    assert isinstance(scope, Linked) and scope.shown_as  # noqa: S101 – identity needs such a scope
    told = scope.writes | scope.elsewhere
    _link(resource, caller, int(record.id), given[scope.shown_as], told, insert)
    answer = resource.model(id=record.id, version=record.version, created_at=record.created_at)
    answer.updated_at = record.updated_at
    typed = {name: value for name, value in given.items() if not resource.by_name[name].virtual}
    values.put(caller, resource, answer, typed)
    return answer


def add_link(
    resource: Resource[Any], caller: Caller, record: int, place: Any, insert: Insert
) -> None:
    """Link a fresh record to the place it was created in."""
    scope = resource.scope
    assert isinstance(scope, Linked)  # noqa: S101 – only linked scopes have virtual fields
    _link(resource, caller, record, place, scope.writes, insert)


def _link(
    resource: Resource[Any],
    caller: Caller,
    record: int,
    place: Any,
    told: Mapping[str, Any],
    insert: Insert,
) -> None:
    scope = resource.scope
    assert isinstance(scope, Linked)  # noqa: S101 – as above
    data = {**told, scope.here: record, scope.there: place}
    insert(caller.instance.registry.of(scope.model), caller, data)
