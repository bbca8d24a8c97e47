"""Erasing what events and other records tell of a person: values and files go, positions stay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial, reduce
from operator import or_
from typing import Any

from lifang.entities.attachment import Attachment
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import Erasable, EventRow
from lifang.kit.errors import Forbidden, Invalid
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import depot
from lifang.services.auditing import Change, record_effect
from lifang.services.places import places_of
from lifang.services.values import columns_of
from lifang.store.whole import whole


@whole
def erase(caller: Caller, subject: str) -> int:
    """Erase the personal values that events and other records' erasable fields hold of a record
    (`core.person/7`), the notices somebody got, and their files; gives how many values went.

    Told as `core.person.erased`, once for all that was there: who keeps copies of their own erases
    them then. Raises Forbidden for all but platform administrators, Invalid for what is no record.
    """
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以删除个人信息"))
    resource, record = _found(caller, subject)
    event = f"{resource.aggregate}.erased"
    with caller.instance.database.transaction():
        number = int(Erasable.delete().where(Erasable.subject == subject).execute())
        number += _empty(caller, record)
        number += caller.instance.notices.forget(record)
        gone = files(caller, subject)
        Attachment.delete().where(Attachment.id.in_([one.id for one in gone])).execute()
        drops = [partial(depot.drop, caller.instance, str(one.place)) for one in gone]
        caller.instance.database.unit.after += drops  # another machine's worker sweeps its own
        told = EventRow.select().where(EventRow.agg == subject, EventRow.type == event)
        if number or gone or not told.exists():
            kept = {"values": number, "files": len(gone)}
            changes = [Change("erased:events", None, str(number))]
            changes += [Change("erased:files", None, str(len(gone)))] if gone else []
            places = places_of(caller, resource, record)
            record_effect(caller, resource, "erase", int(record.id), changes=changes)
            publish(event, subject, kept, caller=caller, communities=places)
    return number


def files(caller: Caller, subject: str) -> list[Any]:
    """The attachments that go with a record: its own, removed or not, and those of other records
    whose kind is declared `erasable` with it; raises Invalid for what is no record.
    """
    resource, record = _found(caller, subject)
    theirs = Attachment.about == f"{resource.table}/{record.id}"
    for one, name, whose in _theirs(caller, record):
        if name in one.attachments:
            model: Any = one.model
            about = [f"{one.table}/{id}" for (id,) in model.select(model.id).where(whose).tuples()]
            theirs |= (Attachment.kind == name) & Attachment.about.in_(about)
    return list(Attachment.select().where(theirs))


def _found(caller: Caller, subject: str) -> tuple[Resource[Any], Any]:
    noun, _slash, number = subject.rpartition("/")
    for resource in caller.instance.registry:
        if resource.aggregate == noun and number.isascii() and number.isdigit():
            model: Any = resource.model
            record = model.get_or_none(model.id == int(number))
            if record is not None:
                return resource, record
    told = _("没有记录「{record}」；应写作 core.person/7", record=subject)
    raise Invalid.about("subject", "unknown", told)


def _empty(caller: Caller, record: Any) -> int:
    """Empty what other records say of somebody, as their declarations name it; gives how many."""
    emptied = 0
    for resource, name, whose in _theirs(caller, record):
        spec = resource.by_name.get(name)
        if spec is not None:
            model: Any = resource.model
            kept = columns_of(spec) if spec.kind == "sensitive" else (name,)
            column = getattr(model, name)
            nothing, held = (None, ~column.is_null()) if column.null else ("", column != "")
            gone = model.update({**dict.fromkeys(kept, nothing), "version": model.version + 1})
            emptied += gone.where(whose, held).execute()
    return emptied


def _theirs(caller: Caller, record: Any) -> Iterator[tuple[Resource[Any], str, Any]]:
    """What declarations name as somebody's: a field or a kind of files, and in which records."""
    for resource in caller.instance.registry:
        model: Any = resource.model
        for name, whose in resource.erasable.items():
            named = [getattr(model, one) == record.id for one in whose
                     if resource.by_name[one].target is type(record)]  # fmt: skip
            if named:
                yield resource, name, reduce(or_, named)
