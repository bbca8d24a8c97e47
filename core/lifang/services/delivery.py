"""Events of an instance: delivered to its plugins' handlers, counted, and shown to who may see."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.access.callers import plugin_caller
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.events import log, retry
from lifang.events.dispatch import Audience, Dispatcher
from lifang.events.event import Event
from lifang.events.subscriptions import Subscriber, subscribe
from lifang.events.tables import EventRow, EventScope, Retry, Subscription
from lifang.kit import ranges
from lifang.kit.errors import Forbidden, Invalid
from lifang.kit.words import _
from lifang.plugins.plugin import Plugin
from lifang.services.instance import Instance
from lifang.services.query import find_community

SEERS = ("platform_administrator", "auditor")
PAGE = 500
STAND_BY = 0.02  # seconds between looks while another dispatcher is at work


def dispatcher_of(instance: Instance) -> Dispatcher:
    """Make a dispatcher for the plugins of an instance; it acts when its `step` is called."""
    return Dispatcher(instance.database, lambda: audience_of(instance))


def audience_of(instance: Instance) -> Audience:
    """The handlers of every plugin that is on somewhere now; the others keep their place."""
    snapshot = instance.plugins.refresh()
    paths: dict[int, str | None] = {}
    actors: dict[str, Caller] = {}

    def is_on(plugin: str, communities: Sequence[int]) -> bool:
        where = snapshot.where(plugin)
        if not communities:
            return bool(where)
        for number in communities:
            if number not in paths:
                row: Any = Community.select(Community.path).where(Community.id == number)
                paths[number] = row.scalar()
        found = [paths[number] for number in communities]
        return any(path is not None and ranges.holds(where, path) for path in found)

    def caller_of(plugin: str, event: Event) -> Caller:
        if plugin not in actors:
            actors[plugin] = plugin_caller(instance, plugin, actor=None, correlation=None, cause=0)
        return replace(
            actors[plugin],
            on_behalf_of=event.actor,
            correlation=event.correlation,
            cause=event.position,
        )

    loaded = list(instance.plugins.loaded.values())
    on = [one for plugin in loaded if snapshot.where(plugin.id) for one in subscribers_of(plugin)]
    return Audience(tuple(on), is_on, caller_of)


def subscribers_of(plugin: Plugin) -> list[Subscriber]:
    """The handlers of a plugin, each a reader of the log."""
    return [Subscriber(plugin.id, handler) for handler in plugin.handlers]


def let_in(plugin: Plugin) -> None:
    """Let a plugin's handlers into the log from here on; who was in before keeps its place.

    Called in the transaction that switches it on, so that nothing after the switch is missed.
    """
    subscribe(subscribers_of(plugin))


def drain(instance: Instance, timeout: float = 30.0) -> bool:
    """Deliver until no subscriber has anything due; says whether that came within `timeout` seconds.

    What failed and waits for its next try is not due. Another dispatcher of the instance may be at
    work meanwhile: what lies in its hands is waited for.
    """
    dispatcher = dispatcher_of(instance)
    deadline = time.monotonic() + timeout
    with instance.database.connection():
        try:
            while time.monotonic() < deadline:
                if dispatcher.step():
                    continue
                if not _anything_due(instance):
                    return True
                time.sleep(STAND_BY)
        finally:
            dispatcher.release()
    return False


def _anything_due(instance: Instance) -> bool:
    live = [one for one in lag(instance) if one.state == "live"]
    return any(one.behind for one in live) or bool(retry.due([one.name for one in live], 1))


@dataclass(frozen=True)
class Lag:
    """How far one subscriber is behind the log.

    `state` is live, or paused while its plugin is off everywhere; `oldest` is when the oldest event
    happened that it has still to be told; `error` is what its latest failed delivery said.
    """

    name: str
    state: str
    position: int
    behind: int
    retrying: int
    dead: int
    oldest: dt.datetime | None
    error: str | None


def lag(instance: Instance) -> list[Lag]:
    """How far every subscriber is, by name; for `doctor` and whoever may see events."""
    listening = {one.name for one in audience_of(instance).subscribers}
    query: Any = Subscription.select().order_by(Subscription.name)
    return [_lag(row, live=row.name in listening) for row in query]


def _lag(row: Any, *, live: bool) -> Lag:
    ahead = (EventRow.pos > row.pos) & EventRow.type.in_(json.loads(row.types))
    first: Any = EventRow.select(EventRow.at).where(ahead).order_by(EventRow.pos).first()
    counted: Any = Retry.select(Retry.state, pw.fn.COUNT(Retry.pos)).where(Retry.sub == row.name)
    failures = dict(counted.group_by(Retry.state).tuples())
    waiting: Any = (
        EventRow.select(EventRow.at)
        .join(Retry, on=(Retry.pos == EventRow.pos))
        .where(Retry.sub == row.name, Retry.state == "waiting")
        .order_by(EventRow.pos)
        .first()
    )
    last: Any = Retry.select(Retry.error).where(Retry.sub == row.name, Retry.error.is_null(False))
    return Lag(
        name=row.name,
        state=row.state if live else "paused",
        position=row.pos,
        behind=EventRow.select().where(ahead).count(),
        retrying=failures.get("waiting", 0),
        dead=failures.get("dead", 0),
        oldest=min((one.at for one in (first, waiting) if one is not None), default=None),
        error=last.order_by(Retry.pos.desc()).limit(1).scalar(),
    )


def lag_seen_by(caller: Caller) -> list[Lag]:
    """How far every subscriber is; for those who may see every event, Forbidden for others."""
    if sight(caller) != ranges.EVERYWHERE:
        raise _unseen()
    return lag(caller.instance)


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
        raise _unseen()
    if within is not None:
        node = find_community(caller, within)
        if node is None:
            raise Invalid(_("没有编号为「{code}」的社区，或您看不到它", code=within))
        reach = ranges.intersect(reach, ((node.path, path_end(node.path)),))
    if reach == ranges.EVERYWHERE:
        return []
    places = Community.select(Community.id).where(policy.within(reach)) if reach else []
    scopes = EventScope.select(EventScope.pos).where(EventScope.community_id.in_(places))
    return [EventRow.pos.in_(scopes)]


def _unseen() -> Forbidden:
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
