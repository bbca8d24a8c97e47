"""What was done, told twice in the transaction of the change: to audit and to the event log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.resources.resource import Resource
from lifang.services.auditing import Change, record_effect
from lifang.services.places import places_of
from lifang.store.record import Record


@dataclass(frozen=True)
class Deed:
    """What was done, as audit and the event tell it; `before` are the places it was done in.

    Without an `event` it is of no interest to anybody but the auditors.
    """

    verb: str
    event: str | None
    changes: list[Change]
    data: Mapping[str, Any] = field(default_factory=dict)
    before: list[int] = field(default_factory=list)
    occurred_at: dt.datetime | None = None


def tell(resource: Resource[Any], caller: Caller, record: Record, deed: Deed) -> None:
    """Audit and publish, in the same transaction as the change."""
    places = [*deed.before, *places_of(caller, resource, record)]
    tell_of(resource, caller, int(record.id), deed, places, version=record.version)


def tell_of(
    resource: Resource[Any],
    caller: Caller,
    number: int,
    deed: Deed,
    places: list[int],
    *,
    version: int = 1,
) -> None:
    """The same of a record whose number and places are known."""
    reason = deed.data.get("reason") or deed.data.get("basis")
    record_effect(
        caller,
        resource,
        deed.verb,
        number,
        changes=deed.changes,
        community=places[0] if places else None,
        reason=str(reason) if reason else None,
        occurred_at=deed.occurred_at,
        version=version,
    )
    if deed.event is not None:
        publish(
            f"{resource.aggregate}.{deed.event}",
            f"{resource.aggregate}/{number}",
            deed.data,
            caller=caller,
            communities=places,
        )
