"""Every write of every interface ends in `write`; it reads top to bottom, in the order of its law.

shape → transaction( re-read → permission → moves → apply with the version in the WHERE → re-check
reach → audit → publish ) → commit → wake the dispatcher.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.resources import schema
from lifang.resources.action import Action, Preview
from lifang.resources.resource import Resource
from lifang.services import known, values
from lifang.services.auditing import Change
from lifang.services.checks import (
    admitted,
    check_reach,
    demand_editable,
    gate,
    holding,
    keep_rules,
    keep_up,
    let_go,
    may_create,
    not_in_the_future,
    ready,
    save,
    shape,
)
from lifang.services.deeds import Deed, tell
from lifang.services.places import places_of
from lifang.services.references import settle
from lifang.store.record import Record

M = TypeVar("M", bound=Record)


def write(  # noqa: PLR0913 – the one way in; each is part of what a write is
    resource: Resource[M],
    verb: str,
    caller: Caller,
    data: Mapping[str, Any] | None = None,
    id: int | None = None,
    *,
    version: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> M:
    """Create, update, remove or act on a record; gives it as saved.

    `version` is the one the caller has seen; `occurred_at` is when it really happened, never
    later than now. Raises the errors of `lifang.kit.errors`; nothing is kept of a refused write,
    but a denial is audited in a transaction of its own.
    """
    gate(resource, verb, caller)
    told = shape(resource, verb, data or {})
    not_in_the_future(occurred_at)

    def run() -> M:
        given = dict(told)
        with admitted(resource, verb, caller, id, version) as record:
            if verb == "create":
                return _create(resource, caller, given, occurred_at)
            if verb in ("update", "remove"):
                demand_editable(resource, record, verb)
            if verb == "update":
                return _update(resource, caller, record, given, occurred_at)
            if verb == "remove":
                return _remove(resource, caller, record, occurred_at)
            return _act(resource, resource.actions[verb], caller, record, given, occurred_at)

    return caller.instance.database.whole(run)


class _Undo(Exception):
    """Rolls back whatever a preview has tried."""


def preview(  # noqa: PLR0913 – what `write` takes
    resource: Resource[M],
    verb: str,
    caller: Caller,
    data: Mapping[str, Any] | None = None,
    id: int | None = None,
    *,
    version: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> Preview:
    """Tell what an action that has a preview would do; refused as the action is, and undone."""
    gate(resource, verb, caller)
    action = resource.actions[verb]
    assert action.preview is not None  # noqa: S101 – interfaces offer it where one was declared
    given = shape(resource, verb, data or {})
    not_in_the_future(occurred_at)
    with suppress(_Undo), admitted(resource, verb, caller, id, version) as record:
        told = action.preview(record, caller, **ready(resource, action, caller, record, given))
        raise _Undo
    return told


def _create(
    resource: Resource[M], caller: Caller, given: dict[str, Any], occurred_at: dt.datetime | None
) -> M:
    may_create(resource, caller)
    given = settle(caller, schema.create_fields(resource), given, hold=holding(resource))
    found = known.elsewhere(resource, caller, given)
    if found is not None:
        linked: M = known.link(resource, caller, found, given, _insert)
        return linked
    return _insert(resource, caller, given, occurred_at)


def _insert(
    resource: Resource[M],
    caller: Caller,
    given: dict[str, Any],
    occurred_at: dt.datetime | None = None,
) -> M:
    """Insert a record whose references are settled; a link to a fresh record cannot be read yet."""
    may_create(resource, caller)
    linked = [given.pop(spec.name) for spec in resource.fields if spec.virtual]
    number = caller.instance.database.allocate(resource.model)[0]
    record = resource.model(id=number, created_by=caller.account)
    changes = values.put(caller, resource, record, given)
    keep_rules(resource, caller, record)
    caller.instance.database.add(record)
    values.remember_names(caller, resource, record, changes)
    for place in linked:
        known.add_link(resource, caller, number, place, _insert)
    check_reach(resource, "create", caller, record)
    keep_up(resource, caller, record)
    tell(resource, caller, record, Deed("create", "created", changes, occurred_at=occurred_at))
    return record


def _update(
    resource: Resource[M],
    caller: Caller,
    record: M,
    given: dict[str, Any],
    occurred_at: dt.datetime | None,
) -> M:
    given = settle(caller, schema.update_fields(resource), given, hold=holding(resource))
    before = places_of(caller, resource, record)
    changes = values.put(caller, resource, record, given)
    if not changes:
        return record
    keep_rules(resource, caller, record)
    save(resource, caller, record)
    names = [change.field for change in changes]
    values.remember_names(caller, resource, record, changes)
    check_reach(resource, "update", caller, record)
    keep_up(resource, caller, record)
    deed = Deed("update", "updated", changes, {"fields": names}, before, occurred_at)
    tell(resource, caller, record, deed)
    return record


def _remove(resource: Resource[M], caller: Caller, record: M, occurred_at: dt.datetime | None) -> M:
    before = places_of(caller, resource, record)
    record.removed_at = clock.now()
    let_go(resource, record)
    save(resource, caller, record)
    tell(resource, caller, record, Deed("remove", "removed", [], {}, before, occurred_at))
    return record


def _act(
    resource: Resource[M],
    action: Action,
    caller: Caller,
    record: M,
    given: dict[str, Any],
    occurred_at: dt.datetime | None,
) -> M:
    given = ready(resource, action, caller, record, given)
    # an action between two records of a noun concerns the places of both
    both = [record, *(one for one in given.values() if isinstance(one, resource.model))]
    before = [place for one in both for place in places_of(caller, resource, one)]
    kept = dict(record.__data__)
    told = dict(action.run(record, caller, **given) or {})
    if resource.state and action.moves:
        setattr(record, resource.state, action.target(getattr(record, resource.state)))
    keep_rules(resource, caller, record)
    save(resource, caller, record)
    kept_inputs = {spec.name for spec in action.fields if not spec.passing}
    said = {name: value for name, value in given.items() if name in kept_inputs}
    inputs = {name: values.as_json(value) for name, value in said.items() if value is not None}
    event = caller.instance.plugins.payloads.get(f"{resource.aggregate}.{action.event}")
    personal = event.erasable if event is not None else {}
    changes = [
        Change(f"input:{name}", None, values.as_text(said), sensitive=name in personal)
        for name, said in inputs.items()
    ]
    told_of, theirs = values.as_text, resource.erasable
    changes += [
        Change(n := spec.name, told_of(kept.get(n), spec), told_of(after, spec), n in theirs)
        for spec in resource.fields
        if spec.kind != "sensitive"
        and not spec.virtual
        and (after := record.__data__.get(spec.name)) != kept.get(spec.name)
    ]
    values.remember_names(caller, resource, record, changes)
    deed = Deed(action.name, action.event, changes, inputs | told, before, occurred_at)
    tell(resource, caller, record, deed)
    return record


__all__ = ["gate", "preview", "write"]
