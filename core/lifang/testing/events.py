"""The events of a test: what was published, and deliveries that fail, come late or break off.

All of it acts on the real bus and the real database. Where something is to go wrong, the plugin's
own handlers are wrapped for the length of a block; nothing else is put in anybody's place.
"""

from __future__ import annotations

import datetime as dt
import inspect
import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import time_machine

from lifang.entities.caller import Caller
from lifang.events import log, retry
from lifang.events.dispatch import Dispatcher
from lifang.events.event import Event, Handler, Reaction, RetryAfter, wanted
from lifang.events.log import Place
from lifang.events.subscriptions import Subscriber
from lifang.events.tables import EventRow, Inbox, Retry, Subscription
from lifang.lifecycle import switching
from lifang.services import delivery
from lifang.services.clockwork import tick
from lifang.services.letters import Letter, Wanted, letters
from lifang.services.resending import carry_out

Named = Reaction | str | None
"""A handler: its function, or `plugin.function`; None stands for every handler."""

Act = Callable[[str, Event, Callable[[], None]], None]
"""What is done in a handler's place: its name, the event, and the handler itself to be run."""


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        """Move time by a traveller."""
        self._traveller = traveller

    def later(self, **delta: float) -> None:
        """Let time go by, or back: `later(hours=2)`, in the words of `timedelta`."""
        self._traveller.shift(dt.timedelta(**delta))

    def move_to(self, instant: dt.datetime) -> None:
        """Let it be a certain moment, with its zone."""
        self._traveller.move_to(instant, tick=False)


class Crash(BaseException):
    """The process that delivers ends at this point, as far as the bus can tell."""


class Behind(Dispatcher):
    """A dispatcher that was away while another went on, and believes nothing has happened since."""

    def __init__(self, now: Dispatcher, event: Event, names: Collection[str]) -> None:
        """Stand just before an event, for some subscribers."""
        super().__init__(now.database, now._gather)
        row = EventRow.get_by_id(event.position)
        self._there, self._names = Place(row.xid, row.pos - 1), names

    def _standing(self, everyone: dict[str, Subscriber]) -> dict[str, Place]:
        return {name: self._there for name in everyone if name in self._names}


class Events:
    """What happened since the test began, delivered when the test says so."""

    def __init__(self, boss: Caller) -> None:
        """Begin at the end of the log of the caller's instance; `boss` may see every event."""
        self._boss, self._instance = boss, boss.instance
        self._start = log.end().position

    def published(self, type: str | None = None) -> list[Event]:
        """The events since the test began, in order, perhaps of one type."""
        of_type = [EventRow.type == type] if type else []
        rows: Any = EventRow.select(EventRow.pos).where(EventRow.pos > self._start, *of_type)
        return self._instance.events.read([position for (position,) in rows.tuples()])

    def deliver(self) -> None:
        """Do what a worker does until nothing is due: tell what time brings, and every handler.

        What failed waits for its next try: move the clock and deliver again. A dispatcher that
        crashes leaves its lease behind, and another takes its place.
        """
        dispatcher, outsiders = self._workers()
        more = True
        while more:
            more = tick(self._instance)
            try:
                while any([dispatcher.step(), outsiders.step()]):
                    more = True
            except Crash:
                self.abandon(dispatcher)
                dispatcher, outsiders = self._workers()
                more = True
        dispatcher.release()

    def _workers(self) -> tuple[Dispatcher, delivery.Outsiders]:
        return delivery.dispatcher_of(self._instance), delivery.Outsiders(self._instance)

    def abandon(self, dispatcher: Dispatcher) -> None:
        """Let a dispatcher be gone like a killed process: its leases still bear its name."""
        gone = f"{socket.gethostname()[:40]}/{os.getpid()}/0"  # it started at another time than we
        Subscription.update(lease_owner=gone).where(
            Subscription.lease_owner == dispatcher.owner
        ).execute()

    @contextmanager
    def failing(
        self,
        handler: Named = None,
        *,
        times: int | None = None,
        nth: int | None = None,
        event: Event | None = None,
        error: Exception | None = None,
    ) -> Iterator[None]:
        """Let deliveries fail after the handler has done its work, which must leave no trace.

        All that are told within the block, or the first `times` tries of each; only the `nth` event
        it is told, or only one `event`. The `error` may be `lf.Dead` or `lf.RetryAfter`.
        """
        seen: dict[tuple[str, int], int] = {}  # a batch may be run twice: calls do not count

        def act(name: str, told: Event, run: Callable[[], None]) -> None:
            run()
            number = seen.setdefault((name, told.position), 1 + sum(n == name for n, _p in seen))
            meant = nth in (None, number) and (event is None or event.position == told.position)
            if meant and (times is None or self.tries(name, told) < times):
                raise error or RuntimeError("this delivery fails because the test says so")

        with self._around(handler, act):
            yield

    @contextmanager
    def late(self, event: Event, handler: Named = None, *, seconds: float = 60) -> Iterator[None]:
        """Let an event be told late: what its order does not hold back is told before it."""
        error = RetryAfter(seconds, "late because the test says so")
        with self.failing(handler, event=event, times=1, error=error):
            yield

    @contextmanager
    def crashing(
        self, handler: Named = None, *, times: int = 1, event: Event | None = None
    ) -> Iterator[None]:
        """Let the process end, so many `times`, when a handler has done its work and before COMMIT.

        So its work is undone, and the next process tells it again; the third time parks it.
        """
        left = times

        def act(name: str, told: Event, run: Callable[[], None]) -> None:
            nonlocal left
            run()
            if left and (event is None or event.position == told.position):
                left -= 1
                raise Crash(f"{name} at {told.position}")

        with self._around(handler, act):
            yield

    @contextmanager
    def twice(self, handler: Named = None) -> Iterator[None]:
        """Let every delivery be made twice, one right after the other."""

        def act(_name: str, _told: Event, run: Callable[[], None]) -> None:
            run()
            run()

        with self._around(handler, act):
            yield

    def again(self, event: Event, handler: Named = None) -> None:
        """Tell an event that was told already once more, as after a crash before that was noted.

        A handler outside transactions is called again, with the same key. One inside is not: who
        comes back and believes that nothing has happened since finds the cursor moved.
        """
        named = [one for one in self._subscribers() if _is(handler, one)]
        inside = [one.name for one in named if one.handler.mode == "tx"]
        Behind(delivery.dispatcher_of(self._instance), event, inside).step()
        for one in named:
            if one.handler.mode == "ext" and wanted(one.handler.types, event.type):
                Inbox.delete().where(
                    Inbox.sub == one.name, Inbox.id == str(event.position)
                ).execute()
                retry.queue(one.name, event)
        delivery.Outsiders(self._instance).step()

    def letters(self, handler: Named = None, state: str | None = None) -> list[Letter]:
        """Deliveries that failed: waiting, dead, parked or skipped ones, the oldest event first."""
        names = {one.name for one in self._subscribers() if _is(handler, one)}
        found = letters(self._boss, Wanted(state=state))
        meant = [one for one in found if one.subscriber in names]
        return sorted(meant, key=lambda one: (one.event.position, one.subscriber))

    def replay(self, handler: Named = None, *, data: Mapping[str, Any] | None = None) -> int:
        """Let dead letters wait to be told once more, a single one perhaps with changed data."""
        keys = tuple(one.key for one in self.letters(handler, "dead"))
        return carry_out(self._boss, "replay", Wanted(keys), data=data) if keys else 0

    def tell_past(self, plugin: str, *, at: str, since: str = "restart") -> None:
        """Switch a plugin off and on again at a community's code, to be told the past there.

        `since` is "restart" for all of it, or a day such as "2026-09-01".
        """
        switching.switch(self._boss, plugin, at=at, on=False)
        switching.switch(self._boss, plugin, at=at, on=True, history=since)

    def tries(self, name: str, event: Event) -> int:
        """How often a delivery has failed so far."""
        row: Any = Retry.select(Retry.tries).where(Retry.sub == name, Retry.pos == event.position)
        return int(row.scalar() or 0)

    def _subscribers(self) -> list[Subscriber]:
        loaded = self._instance.plugins.loaded.values()
        return [one for plugin in loaded for one in delivery.subscribers_of(plugin)]

    @contextmanager
    def _around(self, named: Named, act: Act) -> Iterator[None]:
        """Let something be done in the place of some handlers, while the block runs."""
        if not any(_is(named, one) for one in self._subscribers()):
            known = ", ".join(one.name for one in self._subscribers())
            raise LookupError(f"no handler {named}; there are: {known}")
        before = {plugin: plugin.handlers for plugin in self._instance.plugins.loaded.values()}
        for plugin, handlers in before.items():
            plugin.handlers = tuple(
                _wrapped(one, act) if _is(named, one) else one.handler
                for one in (Subscriber(plugin.id, handler) for handler in handlers)
            )
        try:
            yield
        finally:
            for plugin, handlers in before.items():
                plugin.handlers = handlers


def _is(named: Named, one: Subscriber) -> bool:
    return named is None or named == one.name or named is inspect.unwrap(one.handler.react)


def _wrapped(one: Subscriber, act: Act) -> Handler:
    react = one.handler.react

    @wraps(react)
    def told(event: Event, caller: Caller) -> None:
        act(one.name, event, lambda: react(event, caller))

    return replace(one.handler, react=told)
