"""Events of an instance: delivered to its plugins' handlers, counted, and shown to who may see."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import peewee as pw

from lifang.access.callers import plugin_caller
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events import log, retry
from lifang.events.dispatch import Audience, Dispatcher
from lifang.events.event import Event
from lifang.events.subscriptions import Subscriber, subscribe
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit import ranges
from lifang.plugins.plugin import Plugin
from lifang.services import event_log
from lifang.services.event_log import list_events
from lifang.services.instance import Instance

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
    """Deliver until no subscriber has anything due; says whether that came before the `timeout`.

    What failed and waits for its next try is not due. The timeout is in seconds. Another
    dispatcher of the instance may be at work meanwhile: what lies in its hands is waited for.
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
    ahead = log.ahead_of(log.Place(row.xid, row.pos)) & EventRow.type.in_(json.loads(row.types))
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
    standing = (Retry.sub == row.name) & ~Retry.error.is_null() & (Retry.state != "skipped")
    last: Any = Retry.select(Retry.error).where(standing)
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
    if not event_log.sees_all(caller):
        raise event_log.unseen()
    return lag(caller.instance)


__all__ = ["drain", "lag", "lag_seen_by", "let_in", "list_events"]
