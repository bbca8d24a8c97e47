"""Timers: what will be told about a record when its time has come."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import Timer
from lifang.kit import clock
from lifang.resources.resource import Resource
from lifang.services.places import places_of
from lifang.store.record import Record

log = logging.getLogger("lifang.clock")


def timer(record: Record, caller: Caller, name: str, at: dt.datetime | None, **data: Any) -> bool:
    """Let an event be told about a record at a moment: `dual_reporting.report.overdue`.

    The resource declares the name in `timers=`. It is set, or moved where it is set already, in the
    running transaction; its data then carries `at` beside what is given. Without a moment it is
    taken back, timer or deadline. Says whether it was set before. Raises LookupError for a name
    that was not declared, ValueError for a moment without a zone.
    """
    if at is None:
        return _take_back(record, caller, name)
    resource = declared(record, caller, name)
    before = put(resource, record, caller, name, at, data)
    if before is not None and before.rule is not None:
        tell_of(before, caller, "deadline_cancelled", places_of(caller, resource, record))
    return before is not None


def _take_back(record: Record, caller: Caller, name: str) -> bool:
    resource = declared(record, caller, name)
    row = standing(resource, record, name)
    if row is None:
        return False
    drop(row)
    if row.rule is not None:
        tell_of(row, caller, "deadline_cancelled", places_of(caller, resource, record))
    return True


def declared(record: Record, caller: Caller, name: str) -> Resource[Any]:
    """The resource of a record, if it declares a timer of this name."""
    resource = caller.instance.registry.of(type(record))
    if name not in resource.timers:
        raise LookupError(f"{resource.id} declares no timer {name!r}; say timers=[{name!r}]")
    return resource


def standing(resource: Resource[Any], record: Record, name: str) -> Any:
    """The row of a timer that is set, or None."""
    return Timer.get_or_none(Timer.agg == f"{resource.aggregate}/{record.id}", Timer.name == name)


def put(  # noqa: PLR0913 – everything a row says
    resource: Resource[Any],
    record: Record,
    caller: Caller,
    name: str,
    at: dt.datetime,
    data: dict[str, Any],
    rule: str | None = None,
) -> Any:
    """Write a timer's row in the running transaction; gives the row as it was, or None."""
    assert caller.instance.database.unit  # noqa: S101 – raises outside of a transaction
    before = standing(resource, record, name)
    values = {
        "at": at,
        "data": json.dumps(data, ensure_ascii=False),
        "rule": rule,
        "corr": caller.correlation or caller.request_id,
    }
    if before is not None:
        Timer.update(values).where(Timer.id == before.id).execute()
    else:
        agg = f"{resource.aggregate}/{record.id}"
        Timer.insert(plugin=resource.plugin, agg=agg, name=name, **values).execute()
    return before


def drop(row: Any) -> None:
    """Take a timer away; another transaction that does the same is overtaken."""
    Timer.delete().where(Timer.id == row.id).execute()


def forget(resource: Resource[Any], record: Record) -> None:
    """Let nothing more be told about a record: it is being removed."""
    if resource.timers:
        Timer.delete().where(Timer.agg == f"{resource.aggregate}/{record.id}").execute()


def tell(row: Any, caller: Caller) -> None:
    """Publish a timer that is due, in the transaction that takes it away.

    It concerns the places of its record as they are now. One whose record was removed, or is
    declared no more, has nothing left to be told about.
    """
    drop(row)
    resource, record = subject_of(row, caller)
    if resource is None or record is None:
        log.info("%s of %s: there is no such record any more", row.name, row.agg)
        return
    data = {**json.loads(row.data), "at": clock.local(row.at).isoformat()}
    tell_of(row, caller, row.name, places_of(caller, resource, record), **data)


def subject_of(row: Any, caller: Caller) -> tuple[Resource[Any] | None, Any]:
    """The resource and the standing record of a timer; None for what is not there."""
    noun, _slash, number = row.agg.rpartition("/")
    for resource in caller.instance.registry:
        if resource.aggregate == noun:
            return resource, caller.instance.database.standing(resource.model, int(number))
    return None, None


def tell_of(row: Any, caller: Caller, what: str, places: list[int], **data: Any) -> None:
    """Publish something about the record of a timer."""
    noun = row.agg.rpartition("/")[0]
    told = data if what == row.name else {"name": row.name, **data}
    publish(f"{noun}.{what}", row.agg, told, caller=caller, communities=places)
