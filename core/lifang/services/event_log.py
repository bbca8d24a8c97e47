"""The event log as people see it: what happened, to what, where, by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.events import log
from lifang.events.event import Event
from lifang.events.tables import EventRow, EventScope
from lifang.kit import ranges
from lifang.kit.errors import Forbidden, Invalid
from lifang.kit.words import _
from lifang.services.query import find_community

SEERS = ("platform_administrator", "auditor")
PAGE = 500


@dataclass(frozen=True)
class Place:
    """A community an event concerns."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class SeenEvent:
    """One event as it is listed: what happened, to what, where, by whom, and what it tells."""

    position: int
    type: str
    noun: str
    subject: int
    sequence: int
    actor: str | None
    at: dt.datetime
    correlation: str | None
    cause: int | None
    communities: tuple[Place, ...]
    data: dict[str, Any]


def list_events(
    caller: Caller,
    *,
    type: str | None = None,
    about: str | None = None,
    within: str | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Iterator[SeenEvent]:
    """Events, newest first, within what the caller may see; Forbidden for who may see none.

    `about` names a record as `core.person/7`, `within` a community's code, `before` a position.
    """
    told = _seen(caller, within)
    if type is not None:
        told.append(EventRow.type == type)
    if about is not None:
        told.append(EventRow.agg == about)
    return islice(_pages(told, before), limit)


def sight(caller: Caller) -> ranges.Ranges:
    """The parts of the tree whose events a caller sees: as platform administrator or auditor."""
    return ranges.union(
        ("", "~") if standing.path is None else (standing.path, path_end(standing.path))
        for standing in caller.standings
        if standing.role in SEERS and standing.organization is None
    )


def _seen(caller: Caller, within: str | None) -> list[Any]:
    """The conditions of what a caller may see, narrowed to a subtree if one is named."""
    reach = sight(caller)
    if not reach:
        raise unseen()
    if within is not None:
        node = find_community(caller, within, past=True)
        if node is None:
            raise Invalid(_("没有编号为「{code}」的社区，或您看不到它", code=within))
        reach = ranges.intersect(reach, ((node.path, path_end(node.path)),))
    if reach == ranges.EVERYWHERE:
        return [EventRow.pos > 0]
    places = Community.select(Community.id).where(policy.within(reach)) if reach else []
    scopes = EventScope.select(EventScope.pos).where(EventScope.community_id.in_(places))
    return [EventRow.pos.in_(scopes)]


def unseen() -> Forbidden:
    """What those are told who may not see events."""
    return Forbidden(_("只有平台管理员或审计员可以查看事件"))


def _pages(told: list[Any], before: int | None) -> Iterator[SeenEvent]:
    """Every matching event, read page by page, so that no cursor stays open."""
    while True:
        older = [EventRow.pos < before] if before is not None else []
        rows: Any = (
            EventRow.select(EventRow.pos)
            .where(*told, *older)
            .order_by(EventRow.pos.desc())
            .limit(PAGE)
            .tuples()
        )
        positions = [position for (position,) in rows]
        events = log.read(positions)
        places = _places({number for event in events for number in event.communities})
        yield from (_shown(event, places) for event in reversed(events))
        if len(positions) < PAGE:
            return
        before = positions[-1]


def _places(numbers: set[int]) -> dict[int, Place]:
    found: dict[int, Place] = {}
    for batch in pw.chunked(sorted(numbers), PAGE):
        query: Any = Community.select(Community.id, Community.code, Community.name)
        rows = query.where(Community.id.in_(batch)).tuples()
        found.update({row[0]: Place(*row) for row in rows})
    return found


def _shown(event: Event, places: dict[int, Place]) -> SeenEvent:
    return SeenEvent(
        position=event.position,
        type=event.type,
        noun=event.noun,
        subject=event.subject,
        sequence=event.sequence,
        actor=event.actor,
        at=event.at,
        correlation=event.correlation,
        cause=event.cause,
        communities=tuple(places[n] for n in event.communities if n in places),
        data=dict(event.data),
    )
