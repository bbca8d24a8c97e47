"""Erasing what events tell of a person: the values go, positions and replays stay."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import Erasable, EventRow
from lifang.kit.errors import Forbidden, Invalid
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services.auditing import Change, record_effect
from lifang.services.places import places_of
from lifang.services.values import columns_of
from lifang.store.whole import whole


@whole
def erase(caller: Caller, subject: str) -> int:
    """Erase the personal values that events and other records' erasable fields hold of a record
    (`core.person/7`), and the notices somebody got; gives how many.

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
        told = EventRow.select().where(EventRow.agg == subject, EventRow.type == event)
        if number or not told.exists():
            changes = [Change("erased:events", None, str(number))]
            places = places_of(caller, resource, record)
            record_effect(caller, resource, "erase", int(record.id), changes=changes)
            publish(event, subject, {"values": number}, caller=caller, communities=places)
    return number


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
    for resource in caller.instance.registry:
        model: Any = resource.model
        for name, whose in resource.erasable.items():
            spec = resource.by_name[name]
            theirs = [getattr(model, one) == record.id for one in whose
                      if resource.by_name[one].target is type(record)]  # fmt: skip
            kept = columns_of(spec) if spec.kind == "sensitive" else (name,)
            column = getattr(model, name)
            nothing, held = (None, ~column.is_null()) if column.null else ("", column != "")
            gone = model.update({**dict.fromkeys(kept, nothing), "version": model.version + 1})
            emptied += gone.where(reduce(or_, theirs), held).execute() if theirs else 0
    return emptied
