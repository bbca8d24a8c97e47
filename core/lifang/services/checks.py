"""What a write must pass, each check one sentence of the gateway's law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.event import ANY
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, Stale
from lifang.kit.words import _
from lifang.resources import schema
from lifang.resources.action import Action
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import timers, values
from lifang.services.auditing import record_denial
from lifang.services.history import changed_since
from lifang.services.presenting import present_one
from lifang.services.references import settle
from lifang.services.standpoint import in_reach, reached
from lifang.store.record import Record

M = TypeVar("M", bound=Record)


def gate(resource: Resource[Any], verb: str, caller: Caller) -> None:
    """Nothing of a resource exists for those who cannot read any of it or where it is off."""
    if not caller.instance.registry.owns(resource) or not (
        policy.rights(caller, resource, "read") or policy.rights(caller, resource, verb)
    ):
        raise NotFound(_("没有找到"))
    if verb not in ("create", "update", "remove") and verb not in resource.actions:
        raise NotFound(_("「{label}」没有操作「{verb}」", label=_(resource.label), verb=verb))


def shape(resource: Resource[Any], verb: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as judged values; raises Invalid naming every field that is wrong."""
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


def not_in_the_future(occurred_at: dt.datetime | None) -> None:
    """What is told has happened."""
    if occurred_at is not None and occurred_at > clock.now():
        raise Invalid(_("发生时间不能晚于现在"))


def may_create(resource: Resource[Any], caller: Caller) -> None:
    """Whether the caller may create such a record anywhere; where, the saved row will show."""
    if not policy.rights(caller, resource, "create"):
        raise Forbidden(_("您没有新建「{label}」的权限", label=_(resource.label)))


@contextmanager
def admitted(
    resource: Resource[M], verb: str, caller: Caller, id: int | None, version: int | None
) -> Iterator[M]:
    """The transaction of a write, and the record as it is under its lock; none for a new one.

    A denial is audited in a transaction of its own: the refused one was rolled back.
    """
    database = caller.instance.database
    try:
        with database.transaction():
            record: Any = None
            if verb != "create":
                record = reread(resource, caller, id)
                permit(resource, verb, caller, record)
                expect_version(resource, caller, record, version)
            yield record
    except (Forbidden, NotFound) as denied:
        if not database.in_transaction:
            record_denial(caller, resource, verb, id, denied)
        raise


def reread(resource: Resource[M], caller: Caller, id: int | None) -> M:
    """The record as it is now, under the transaction's lock, if the caller can read it at all."""
    record = in_reach(caller, resource, id, hold="change")
    if record is None:
        raise NotFound(_("没有找到"))
    return record


def permit(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> None:
    """The record can be read; raises Forbidden when the verb does not reach it, or is barred."""
    if not reaches(resource, verb, caller, record):
        label = verb_name(resource, verb)
        raise Forbidden(_("您没有对它「{verb}」的权限", verb=label))
    number = int(record.id)
    for said in caller.instance.separation.barred(caller, resource, verb, [number]).values():
        raise Forbidden(said)


def reaches(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> bool:
    """Whether a verb of the caller's reaches a row as it lies in the database now."""
    return bool(reached(caller, resource, verb, [int(record.id)]))


def expect_version(
    resource: Resource[Any], caller: Caller, record: Record, version: int | None
) -> None:
    """The record is still the one the caller has seen, if they said which that was."""
    if version is not None and version != record.version:
        raise stale(resource, caller, record, version)


def stale(resource: Resource[Any], caller: Caller, record: Record, seen: int) -> LifangError:
    """Say that someone else was first, with the record as it is and what they changed."""
    changed = changed_since(resource, int(record.id), seen)
    labels = _("、").join(_(resource.by_name[name].label) for name in changed)
    return Stale(
        _("这条记录已被别人修改（{fields}）；请核对后再保存", fields=labels or "—"),
        current=present_one(caller, resource, record),
        changed=changed,
    )


def not_offered(resource: Resource[Any], action: Action, state: str | None) -> str:
    """Say in which states an action can run, and in which this record is."""
    if ANY in action.moves:
        now = _state_names(resource, [state or ""])
        return _("这条记录已是{now}，不能再{verb}", now=now, verb=_(action.label))
    return _only_in(resource, action.moves, _(action.label), state)


def _state_names(resource: Resource[Any], states: Iterable[str]) -> str:
    labels = dict(resource.by_name[resource.state].choices) if resource.state else {}
    return _("、").join(_("「{name}」", name=_(labels.get(one, one or "—"))) for one in states)


def _only_in(resource: Resource[Any], states: Iterable[str], verb: str, state: str | None) -> str:
    told = {"sources": _state_names(resource, states), "now": _state_names(resource, [state or ""])}
    return _("只有{sources}的记录可以{verb}；这条记录是{now}", verb=verb, **told)


def editable(resource: Resource[Any], state: str | None) -> bool:
    """Whether a record in this state can be changed and removed, not only acted on."""
    return not resource.editable or state in resource.editable


def demand_editable(resource: Resource[Any], record: Record, verb: str) -> None:
    """Raise Conflict where a record has come to a state in which only its actions change it."""
    state = getattr(record, resource.state) if resource.state else None
    if not editable(resource, state):
        label = verb_name(resource, verb)
        raise Conflict(_only_in(resource, resource.editable, label, state), state=state)


def ready(
    resource: Resource[M], action: Action, caller: Caller, record: M, given: dict[str, Any]
) -> dict[str, Any]:
    """The input of an action that the record's state allows, its references settled.

    Raises Conflict where it cannot run, Invalid for a reference that leads nowhere.
    """
    state = getattr(record, resource.state) if resource.state else None
    if not action.offered(state):
        raise Conflict(not_offered(resource, action, state), state=state)
    return settle(caller, action.fields, given)


def keep_rules(resource: Resource[Any], caller: Caller, record: Record) -> None:
    """Ask the resource's own rules about the whole record.

    They may look at others that belong to the same. Where writers work side by side, two who add to
    one person or household at once would not see each other: so what they add to is written too.
    """
    database = caller.instance.database
    if database.holds and resource.rules:
        for spec in resource.fields:
            owner = record.__data__.get(spec.name) if spec.target is not None else None
            if owner is not None and spec.target is not Community:
                database.touch(spec.target, owner)
    for rule in resource.rules:
        rule(record, caller)


def holding(resource: Resource[Any]) -> str:
    """How a write holds what a record points at: rules touch it, see `keep_rules`."""
    return "change" if resource.rules else "keep"


def keep_up(resource: Resource[Any], caller: Caller, record: Record) -> None:
    """Let what the resource keeps beside its records follow one that was saved."""
    for follow in resource.saved:
        follow(record, caller)


def let_go(resource: Resource[Any], record: Record) -> None:
    """Let what the resource keeps beside its records go with one that is being removed."""
    values.forget_names(resource, record)
    timers.forget(resource, record)


def save(resource: Resource[Any], caller: Caller, record: Record) -> None:
    """Write the record's fields where its version is still the one that was read."""
    model: Any = resource.model
    seen = record.version
    record.version, record.updated_at = seen + 1, clock.now()
    data = {getattr(model, name): value for name, value in record.__data__.items() if name != "id"}
    query = model.update(data).where(model.id == record.id, model.version == seen)
    if query.execute() != 1:
        raise stale(resource, caller, record, seen)


def check_reach(resource: Resource[Any], verb: str, caller: Caller, record: Record) -> None:
    """A condition cannot judge a row that does not exist yet, so the saved one is tested."""
    if not reaches(resource, verb, caller, record):
        raise Forbidden(_("这条记录不在您的管辖范围内"))
