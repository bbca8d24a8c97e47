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
from lifang.entities.community import Community, path_end
from lifang.events import catchup, log, retry, subscriptions
from lifang.events.audience import Audience, Here
from lifang.events.dispatch import Dispatcher
from lifang.events.event import Event
from lifang.events.outside import Outside
from lifang.events.subscriptions import Subscriber, subscribe
from lifang.events.tables import EventRow, EventScope, Retry, Subscription
from lifang.plugins.manager import Snapshot, Turned
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import read_epoch
from lifang.services import event_log
from lifang.services.event_log import list_events
from lifang.services.instance import Instance

STAND_BY = 0.02  # seconds between looks while another dispatcher is at work
REMEMBERED = 50_000  # answers about plugins and places that are kept between batches


def dispatcher_of(instance: Instance) -> Dispatcher:
    """Make a dispatcher for the plugins of an instance; it acts when its `step` is called.

    Handlers that run outside transactions are told by dispatchers of their own (`outside`).
    """
    return Dispatcher(instance.database, Audiences(instance, mode="tx").now)


class Outsiders:
    """A dispatcher for each handler outside transactions; those switched on later join in."""

    def __init__(self, instance: Instance) -> None:
        """Look after the handlers of an instance."""
        self._instance = instance
        self._known: dict[str, Outside] = {}

    def newcomers(self) -> list[Outside]:
        """Those that were not there when this was asked before."""
        instance, snapshot = self._instance, self._instance.plugins.refresh()
        names = {
            one.name
            for plugin in list(instance.plugins.loaded.values())
            if snapshot.where(plugin.id)
            for one in subscribers_of(plugin)
            if one.handler.mode == "ext"
        }
        fresh = sorted(names - self._known.keys())
        for name in fresh:
            gather = Audiences(instance, mode="ext").now
            self._known[name] = Outside(instance.database, gather, name, instance.id)
        return [self._known[name] for name in fresh]

    def step(self) -> bool:
        """Let each tell what is due once around, one after the other; says whether any did."""
        self.newcomers()
        told = [one.step() for one in self._known.values()]
        return any(told)

    @property
    def hang(self) -> bool:
        """Whether some receiver was left to itself and has not come to an end."""
        return any(one.hangs for one in self._known.values())


def audience_of(instance: Instance) -> Audience:
    """The handlers of every plugin that is on somewhere now; the others keep their place."""
    return Audiences(instance).now()


class Audiences:
    """Who listens, batch by batch: found anew when a switch was turned or the tree changed."""

    def __init__(self, instance: Instance, *, mode: str | None = None) -> None:
        """Know nothing yet; with a `mode`, of the handlers that run so."""
        self._instance, self._mode, self._snapshot = instance, mode, Snapshot(epoch=-1)
        self._listening: tuple[Subscriber, ...] = ()
        self._heres: dict[tuple[str, int], Here | None] = {}
        self._actors: dict[str, Caller] = {}

    def now(self) -> Audience:
        """The handlers of every plugin that is on somewhere now; the others keep their place."""
        snapshot = self._instance.plugins.refresh()
        if snapshot is not self._snapshot:
            self._begin(snapshot)
        unfinished = catchup.unfinished()
        arrears: dict[str, list[catchup.Range]] = {}
        for one in catchup.ranges([one.name for one in self._listening]) if unfinished else ():
            arrears.setdefault(one.name, []).append(one)

        def current() -> bool:
            return read_epoch() == snapshot.epoch and catchup.unfinished() == unfinished

        told = (self._decides, self._caller_of, self._instance.events)
        hushed = self._instance.registry.confidential
        return Audience(self._listening, *told, arrears, current, hushed)

    def _begin(self, snapshot: Snapshot) -> None:
        self._snapshot, self._heres, self._actors = snapshot, {}, {}
        on = [one for one in self._instance.plugins.loaded.values() if snapshot.where(one.id)]
        all = (one for plugin in on for one in subscribers_of(plugin))
        self._listening = tuple(one for one in all if self._mode in (None, one.handler.mode))

    def _decides(self, plugin: str, community: int) -> Here | None:
        key = plugin, community
        if key not in self._heres:
            rows = self._instance.database.ask("path", (community,), _path_of)
            if not rows:
                return None
            if len(self._heres) >= REMEMBERED:
                self._heres.clear()
            turned = self._snapshot.decides(plugin, rows[0][0])
            here = Here(turned.node, turned.since, turned.on) if turned else None
            self._heres[key] = here
        return self._heres[key]

    def _caller_of(self, plugin: str, event: Event) -> Caller:
        """The plugin because of an event; made by `replace` it would take most of a delivery."""
        if plugin not in self._actors:
            told: Any = {"actor": None, "correlation": None, "cause": 0}
            self._actors[plugin] = plugin_caller(self._instance, plugin, **told)
        acting = object.__new__(Caller)
        led = {"correlation": event.correlation, "cause": event.position, "trace": event.trace}
        acting.__dict__.update(self._actors[plugin].__dict__, on_behalf_of=event.actor, **led)
        acting.__dict__["rights"] = {}
        return acting


def _path_of(told: Sequence[Any]) -> Any:
    return Community.select(Community.path).where(Community.id == told[0])


def subscribers_of(plugin: Plugin) -> list[Subscriber]:
    """The handlers of a plugin, each a reader of the log."""
    return [Subscriber(plugin.id, handler) for handler in plugin.handlers]


def let_in(plugin: Plugin) -> None:
    """Let a plugin's handlers into the log from here on; who was in before keeps its place.

    Called in the transaction that switches it on, so that nothing after the switch is missed.
    """
    subscribe(subscribers_of(plugin))


def turned(
    plugin: str, node: int, former: Turned | None, *, on: bool, since: log.Place | str
) -> None:
    """Keep what a node misses from now on, or say what it is told of the past.

    `former` is the switch that decided there before. Called in the transaction that switches.
    """
    cursors = subscriptions.hold(plugin)
    if former is None or former.node != node:
        catchup.inherit(cursors, node, former.node if former else None)
    if on:
        catchup.turned_on(cursors, node, since)
        retry.wake(cursors)
    else:
        catchup.turned_off(cursors, node)


def go_to_end(plugin: str) -> None:
    """Let a plugin that was off everywhere pass over what happened meanwhile."""
    subscriptions.move(subscriptions.hold(plugin), log.end())


def drain(instance: Instance, timeout: float = 30.0) -> bool:
    """Deliver until no subscriber has anything due; says whether that came before the `timeout`.

    What failed and waits for its next try is not due. The timeout is in seconds. Another
    dispatcher of the instance may be at work meanwhile: what lies in its hands is waited for.
    """
    dispatcher, outsiders = dispatcher_of(instance), Outsiders(instance)
    deadline = time.monotonic() + timeout
    with instance.database.connection():
        try:
            while time.monotonic() < deadline:
                if any([dispatcher.step(), outsiders.step()]):
                    continue
                if not outsiders.hang and not _anything_due(instance):
                    return True
                time.sleep(STAND_BY)
        finally:
            dispatcher.release()
    return False


def _anything_due(instance: Instance) -> bool:
    live = {
        one.name: one.behind + sum(part.behind for part in one.parts if part.state == "telling")
        for one in lag(instance)
        if one.state == "live"
    }
    held = retry.held(live)
    waits = held | subscriptions.troubled(live)
    return any(behind and name not in waits for name, behind in live.items()) or bool(
        retry.due(live.keys() - waits, 1)
    )


@dataclass(frozen=True)
class Part:
    """What one subscriber has not told at one community and what its switch decides for.

    `state` is off while the plugin is off there, telling while it catches up, from `position` on;
    `behind` counts the events that concern that subtree.
    """

    code: str
    name: str
    state: str
    position: int
    behind: int


@dataclass(frozen=True)
class Lag:
    """How far one subscriber is behind the log.

    `state` is live, or paused while its plugin is off everywhere; `oldest` is when the oldest event
    happened that it has still to be told; `error` is why all of it waits, or else what its latest
    failed delivery said; `parts` are the communities that lag behind it.
    """

    name: str
    state: str
    position: int
    behind: int
    retrying: int
    dead: int
    oldest: dt.datetime | None
    error: str | None
    parts: tuple[Part, ...] = ()


def lag(instance: Instance, plugin: str = "") -> list[Lag]:
    """How far every subscriber is, perhaps of one plugin, by name; for who may see events."""
    audience = audience_of(instance)
    listening = {one.name for one in audience.subscribers}
    every: Any = Subscription.select().order_by(Subscription.name)
    rows = [row for row in every if row.name.startswith(f"{plugin}." if plugin else "")]
    open_ranges: dict[str, list[Part]] = {}
    types = {row.name: (json.loads(row.types), log.Place(row.xid, row.pos)) for row in rows}
    for one in catchup.ranges(types):
        if one.end is None:
            here = audience.decides(one.name.partition(".")[0], one.community)
            telling = here is not None and here.on and here.node == one.community
            open_ranges.setdefault(one.name, []).append(_part(one, *types[one.name], on=telling))
    return [
        replace(_lag(row, live=row.name in listening), parts=tuple(open_ranges.get(row.name, ())))
        for row in rows
    ]


def _part(told: catchup.Range, types: list[str], cursor: log.Place, *, on: bool) -> Part:
    node = Community.get_by_id(told.community)
    below = Community.select(Community.id).where(
        Community.path >= node.path, Community.path < path_end(node.path)
    )
    there = EventScope.select(EventScope.pos).where(EventScope.community_id.in_(below))
    missed = log.ahead_of(told.place) & log.of_types(types) & EventRow.pos.in_(there)
    behind = EventRow.select().where(missed, ~log.ahead_of(cursor)).count()
    state = "telling" if on else "off"
    return Part(node.code, node.name, state, told.place.position, behind)


def _lag(row: Any, *, live: bool) -> Lag:
    counted: Any = Retry.select(Retry.state, pw.fn.COUNT(Retry.pos)).where(Retry.sub == row.name)
    failures = dict(counted.group_by(Retry.state).tuples())
    standing = (Retry.sub == row.name) & ~Retry.error.is_null() & (Retry.state != "skipped")
    last: Any = Retry.select(Retry.error).where(standing)
    return Lag(
        name=row.name,
        state=row.state if live else "paused",
        position=row.pos,
        behind=EventRow.select().where(_ahead(row)).count(),
        retrying=failures.get("waiting", 0),
        dead=failures.get("dead", 0) + failures.get("parked", 0),
        oldest=_oldest(row),
        error=row.trouble or last.order_by(Retry.pos.desc()).limit(1).scalar(),
    )


def _ahead(row: Any) -> Any:
    """Which events a subscription has still to read and will be told of."""
    return log.ahead_of(log.Place(row.xid, row.pos)) & log.of_types(json.loads(row.types))


def _oldest(row: Any) -> dt.datetime | None:
    """When the oldest event happened that a subscription is still to be told, read or tried."""
    at: Any = EventRow.select(EventRow.at).order_by(EventRow.pos)
    retried = at.join(Retry, on=(Retry.pos == EventRow.pos)).where(
        Retry.sub == row.name, Retry.state == "waiting"
    )
    found = (at.where(_ahead(row)).first(), retried.first())
    return min((one.at for one in found if one is not None), default=None)


def waiting_since(instance: Instance) -> dict[str, dt.datetime]:
    """When the oldest event happened that waits for each subscriber who is on and behind."""
    listening = [one.name for one in audience_of(instance).subscribers]
    rows: Any = Subscription.select().where(Subscription.name.in_(listening))
    found = {row.name: _oldest(row) for row in rows}
    return {name: at for name, at in found.items() if at is not None}


def lag_seen_by(caller: Caller) -> list[Lag]:
    """How far every subscriber is; for those who may see every event, Forbidden for others."""
    if not event_log.sees_all(caller):
        raise event_log.unseen()
    return lag(caller.instance)


__all__ = ["drain", "lag", "lag_seen_by", "let_in", "list_events"]
