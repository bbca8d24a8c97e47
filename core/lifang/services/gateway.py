"""Every write of every interface ends in `write`; it reads top to bottom, in the order of its law.

shape → transaction( re-read → permission → moves → apply with the version in the WHERE → re-check
reach → audit → publish ) → commit → wake the dispatcher.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, Stale
from lifang.kit.words import _
from lifang.resources import schema
from lifang.resources.action import ANY, Action
from lifang.resources.resource import Resource
from lifang.services import known, values
from lifang.services.auditing import Change, record_denial, record_effect
from lifang.services.places import places_of
from lifang.services.presenting import present_one
from lifang.services.references import settle
from lifang.store.record import Record

M = TypeVar("M", bound=Record)


def write(
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
    given = _shape(resource, verb, data or {})
    _past(occurred_at)
    try:
        with caller.instance.database.transaction():
            if verb == "create":
                return _create(resource, caller, given, occurred_at)
            record = _reread(resource, caller, id)
            _permit(resource, verb, caller, record)
            _expect(resource, caller, record, version)
            if verb == "update":
                return _update(resource, caller, record, given, occurred_at)
            if verb == "remove":
                return _remove(resource, caller, record, occurred_at)
            return _act(resource, resource.actions[verb], caller, record, given, occurred_at)
    except (Forbidden, NotFound) as denied:
        if not caller.instance.database.in_transaction:
            record_denial(caller, resource, verb, id, denied)
        raise


def gate(resource: Resource[Any], verb: str, caller: Caller) -> None:
    """Nothing of a resource exists for those who cannot read any of it or where it is off."""
    if not caller.instance.registry.owns(resource) or not (
        policy.rights(caller, resource, "read") or policy.rights(caller, resource, verb)
    ):
        raise NotFound(_("没有找到"))
    if verb not in ("create", "update", "remove") and verb not in resource.actions:
        raise NotFound(_("「{label}」没有操作「{verb}」", label=_(resource.label), verb=verb))


def _shape(resource: Resource[Any], verb: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if verb in ("create", "update"):
        creating = verb == "create"
        schema.refuse_locked(resource, data, creating=creating)
        fields = schema.create_fields(resource) if creating else schema.update_fields(resource)
        given = schema.load(fields, data, partial=not creating)
        if creating:
            values.refuse_masks(fields, given)
        return given
    fields = () if verb == "remove" else resource.actions[verb].fields
    return schema.load(fields, data, partial=False)


def _past(occurred_at: dt.datetime | None) -> None:
    if occurred_at is not None and occurred_at > clock.now():
        raise Invalid(_("发生时间不能晚于现在"))


def _create(
    resource: Resource[M], caller: Caller, given: dict[str, Any], occurred_at: dt.datetime | None
) -> M:
    _may_create(resource, caller)
    given = settle(caller, schema.create_fields(resource), given, as_records=False)
    found = known.elsewhere(resource, caller, given)
    if found is not None:
        linked: M = known.link(resource, caller, found, given, _insert)
        return linked
    return _insert(resource, caller, given, occurred_at)


def _may_create(resource: Resource[Any], caller: Caller) -> None:
    if not policy.rights(caller, resource, "create"):
        raise Forbidden(_("您没有新建「{label}」的权限", label=_(resource.label)))


def _insert(
    resource: Resource[M],
    caller: Caller,
    given: dict[str, Any],
    occurred_at: dt.datetime | None = None,
) -> M:
    """Insert a record whose references are settled; a link to a fresh record cannot be read yet."""
    _may_create(resource, caller)
    linked = [given.pop(spec.name) for spec in resource.fields if spec.virtual]
    number = caller.instance.database.allocate(resource.model)[0]
    record = resource.model(id=number, created_by=caller.account)
    changes = values.put(caller, resource, record, given)
    _keep_rules(resource, caller, record)
    record.save(force_insert=True)
    values.remember_names(caller, resource, record, given, fresh=True)
    for place in linked:
        known.add_link(resource, caller, number, place, _insert)
    _check_reach(resource, "create", caller, record)
    _tell(resource, caller, "create", "created", record, changes, {}, [], occurred_at)
    return record


def _update(
    resource: Resource[M],
    caller: Caller,
    record: M,
    given: dict[str, Any],
    occurred_at: dt.datetime | None,
) -> M:
    given = settle(caller, schema.update_fields(resource), given, as_records=False)
    before = places_of(caller, resource, record)
    changes = values.put(caller, resource, record, given)
    if not changes:
        return record
    _keep_rules(resource, caller, record)
    _save(resource, caller, record)
    names = [change.field for change in changes]
    values.remember_names(caller, resource, record, names)
    _check_reach(resource, "update", caller, record)
    _tell(resource, caller, "update", "updated", record, changes, {"fields": names}, before,
          occurred_at)  # fmt: skip
    return record


def _remove(resource: Resource[M], caller: Caller, record: M, occurred_at: dt.datetime | None) -> M:
    before = places_of(caller, resource, record)
    record.removed_at = clock.now()
    _save(resource, caller, record)
    _tell(resource, caller, "remove", "removed", record, [], {}, before, occurred_at)
    return record


def _act(
    resource: Resource[M],
    action: Action,
    caller: Caller,
    record: M,
    given: dict[str, Any],
    occurred_at: dt.datetime | None,
) -> M:
    state = getattr(record, resource.state) if resource.state else None
    if not action.offered(state):
        raise Conflict(_not_offered(resource, action, state), state=state)
    given = settle(caller, action.fields, given, as_records=True)
    before, kept = places_of(caller, resource, record), dict(record.__data__)
    told = dict(action.run(record, caller, **given) or {})
    if resource.state and action.moves:
        setattr(record, resource.state, action.target(state))
    _keep_rules(resource, caller, record)
    _save(resource, caller, record)
    inputs = {name: values.as_json(value) for name, value in given.items() if value is not None}
    changes = [Change(f"input:{name}", None, values.as_text(v)) for name, v in inputs.items()]
    changes += [
        Change(spec.name, values.as_text(kept.get(spec.name)), values.as_text(after))
        for spec in resource.fields
        if spec.kind != "sensitive"
        and not spec.virtual
        and (after := record.__data__.get(spec.name)) != kept.get(spec.name)
    ]
    _tell(resource, caller, action.name, action.event, record, changes, inputs | told, before,
          occurred_at)  # fmt: skip
    return record


def _reread(resource: Resource[M], caller: Caller, id: int | None) -> M:
    """The record as it is now, under the transaction's lock, if the caller can read it at all."""
    model: Any = resource.model
    allowed = policy.readable(caller, resource)
    query = model.select().where(model.id == id, model.removed_at.is_null())
    if allowed is not True:
        query = query.where(allowed if allowed is not False else model.id < 0)
    record: M | None = query.first() if id is not None else None
    if record is None:
        raise NotFound(_("没有找到"))
    return record


def _permit(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> None:
    if not _reaches(resource, verb, caller, record):
        label = _(resource.actions[verb].label) if verb in resource.actions else _(verb)
        raise Forbidden(_("您没有对它「{verb}」的权限", verb=label))


def _reaches(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> bool:
    model: Any = resource.model
    allowed = policy.condition(caller, resource, policy.rights(caller, resource, verb))
    if isinstance(allowed, bool):
        return allowed
    return bool(model.select(model.id).where(model.id == record.id, allowed).exists())


def _expect(resource: Resource[Any], caller: Caller, record: Record, version: int | None) -> None:
    if version is not None and version != record.version:
        raise _stale(resource, caller, record, version)


def _stale(resource: Resource[Any], caller: Caller, record: Record, seen: int) -> LifangError:
    from lifang.services.history import changed_since

    changed = changed_since(resource, int(record.id), seen)
    labels = "、".join(_(resource.by_name[name].label) for name in changed)
    return Stale(
        _("这条记录已被别人修改({fields});请核对后再保存", fields=labels or "—"),
        current=present_one(caller, resource, record),
        changed=changed,
    )


def _not_offered(resource: Resource[Any], action: Action, state: str | None) -> str:
    states = dict(resource.by_name[resource.state].choices) if resource.state else {}
    now = _(states.get(state or "", "—"))
    if ANY in action.moves:
        return _("这条记录已是「{now}」，不能再{verb}", now=now, verb=_(action.label))
    sources = "、".join(f"「{_(states.get(source, source))}」" for source in action.moves)
    return _("只有{sources}的记录可以{verb}；这条记录是「{now}」", sources=sources,
             verb=_(action.label), now=now)  # fmt: skip


def _keep_rules(resource: Resource[Any], caller: Caller, record: Record) -> None:
    for rule in resource.rules:
        rule(record, caller)


def _save(resource: Resource[Any], caller: Caller, record: Record) -> None:
    """Write the record's fields where its version is still the one that was read."""
    model: Any = resource.model
    seen = record.version
    record.version, record.updated_at = seen + 1, clock.now()
    data = {getattr(model, name): value for name, value in record.__data__.items() if name != "id"}
    query = model.update(data).where(model.id == record.id, model.version == seen)
    if query.execute() != 1:
        raise _stale(resource, caller, record, seen)


def _check_reach(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> None:
    """A condition cannot judge a row that does not exist yet, so the saved one is tested."""
    if not _reaches(resource, verb, caller, record):
        raise Forbidden(_("这条记录不在您的管辖范围内"))


def _tell(
    resource: Resource[Any],
    caller: Caller,
    verb: str,
    event: str,
    record: Record,
    changes: list[Change],
    data: Mapping[str, Any],
    before: list[int],
    occurred_at: dt.datetime | None,
) -> None:
    """Audit and publish, in the same transaction as the change."""
    number = int(record.id)
    places = [*before, *places_of(caller, resource, record)]
    reason = data.get("reason")
    record_effect(
        caller,
        resource,
        verb,
        number,
        changes=changes,
        community=places[0] if places else None,
        reason=str(reason) if reason else None,
        occurred_at=occurred_at,
        version=record.version,
    )
    publish(
        f"{resource.aggregate}.{event}",
        f"{resource.aggregate}/{number}",
        data,
        caller=caller,
        communities=places,
    )


__all__ = ["gate", "write"]
