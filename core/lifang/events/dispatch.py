"""Delivering: every subscriber is told every event that concerns it, with one effect each.

A handler writes in the transaction that moves its cursor, so its effect and the cursor are kept
together or not at all; there is no moment between them at which a crash could lose or double one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from lifang.entities.caller import Caller
from lifang.events import log, retry, subscriptions
from lifang.events.event import Event
from lifang.events.log import Place
from lifang.events.subscriptions import Subscriber
from lifang.store.database import Database, Overtaken

BATCH = 200
LOOK_AHEAD = 1_000
HOLD = 0.02  # seconds of held write lock after which a batch ends: web writers go first
SLOW = 0.05

logger = logging.getLogger("lifang.events")


@dataclass(frozen=True)
class Audience:
    """Who listens during one batch, where each is switched on, and as whom each acts.

    `is_on(plugin, communities)` says whether a plugin is on at any of some communities, and
    without any, whether it is on anywhere.
    """

    subscribers: tuple[Subscriber, ...]
    is_on: Callable[[str, Sequence[int]], bool]
    caller_of: Callable[[str, Event], Caller]

    def concerns(self, subscriber: Subscriber, event: Event) -> bool:
        """Whether an event is told to a subscriber, or passed over.

        A handler declared with `at` looks only at the community under that key of the data; an
        event that names none there concerns nobody.
        """
        handler = subscriber.handler
        if event.type not in handler.types:
            return False
        if handler.at is None:
            return self.is_on(subscriber.plugin, event.communities)
        place = event.data.get(handler.at)
        return isinstance(place, int) and self.is_on(subscriber.plugin, (place,))


@dataclass(frozen=True)
class Delivery:
    """One event for one subscriber; `tries` counts how often it has failed before."""

    subscriber: Subscriber
    event: Event
    tries: int = 0

    @property
    def lane(self) -> retry.Lane:
        """Within what its order is kept."""
        return self.subscriber.name, retry.aggregate(self.event)


@dataclass(frozen=True)
class _Batch:
    """What to tell those who stand at one position, and where that brings them."""

    names: tuple[str, ...]
    place: Place
    end: Place
    plan: list[tuple[Place, Event, list[Delivery]]]


class _Failed(Exception):
    """A handler failed in a batch that ran without savepoints: it is rolled back and redone."""


class Dispatcher:
    """Moves every subscription along the log, batch by batch, in the thread that calls it.

    Several may run, in as many processes: whoever holds a subscription's lease moves it, the
    others stand by. `gather` is asked before each batch who listens now.
    """

    def __init__(self, database: Database, gather: Callable[[], Audience]) -> None:
        """Work on a database for whoever `gather` finds listening."""
        self._database = database
        self._gather = gather
        self.owner = subscriptions.this_process()

    def step(self) -> bool:
        """Tell what is due once around; says whether there may be more to tell at once."""
        audience = self._gather()
        everyone = {one.name: one for one in audience.subscribers}
        if not everyone:
            return False
        standing = self._standing(everyone)
        told = self._again(audience, [everyone[name] for name in standing])
        cohorts: dict[Place, list[Subscriber]] = {}
        for name, place in standing.items():
            cohorts.setdefault(place, []).append(everyone[name])
        for place in sorted(cohorts):
            told = self._onward(audience, cohorts[place], place) or told
        return told

    def release(self) -> None:
        """Give up all leases, so that another dispatcher can go on at once."""
        with self._database.transaction():
            subscriptions.release(self.owner)

    def _standing(self, everyone: dict[str, Subscriber]) -> dict[str, Place]:
        """Where those stand that this dispatcher may move; newcomers are let in first."""
        places = subscriptions.places(everyone, self.owner)
        if len(places) < len(everyone):
            with self._database.transaction():
                subscriptions.subscribe(one for name, one in everyone.items() if name not in places)
            places = subscriptions.places(everyone, self.owner)
        return {name: place for name, place in places.items() if place is not None}

    def _onward(self, audience: Audience, cohort: list[Subscriber], place: Place) -> bool:
        """Tell the next events to all who stand at one place, and move them on together."""
        ahead = log.after(place, LOOK_AHEAD)
        types = {type for one in cohort for type in one.handler.types}
        wanted = [there for there, type in ahead if type in types][:BATCH]
        if not wanted and len(ahead) < LOOK_AHEAD:
            return False  # nothing for anyone here: not worth a write until there is much of it
        end = wanted[-1] if len(wanted) == BATCH else ahead[-1][0]
        at = {there.position: there for there in wanted}
        plan = [
            (at[event.position], event,
             [Delivery(one, event) for one in cohort if audience.concerns(one, event)])
            for event in log.read(at)
        ]  # fmt: skip
        batch = _Batch(tuple(one.name for one in cohort), place, end, plan)
        whole = self._database.whole
        try:
            return whole(lambda: self._move(audience, batch, careful=False))
        except _Failed:
            return whole(lambda: self._move(audience, batch, careful=True))

    def _move(self, audience: Audience, batch: _Batch, *, careful: bool) -> bool:
        """Run a batch's handlers and move the cursors, in one transaction."""
        with self._database.transaction():
            taken = subscriptions.claim(batch.names, self.owner, place=batch.place)
            blocked = retry.blocked(taken, [event for _at, event, _told in batch.plan])
            end, hold = batch.end, _deadline()
            for place, _event, told in batch.plan:
                for delivery in told:
                    if delivery.subscriber.name in taken:
                        self._tell(audience, delivery, blocked, careful=careful)
                if time.monotonic() > hold:
                    end = place
                    break
            subscriptions.move(taken, end)
        return bool(taken)

    def _again(self, audience: Audience, subscribers: list[Subscriber]) -> bool:
        """Try once more what has failed before and is due."""
        names = {one.name: one for one in subscribers}
        if not retry.due(names, 1):
            return False
        return self._database.whole(lambda: self._once_more(audience, names))

    def _once_more(self, audience: Audience, names: dict[str, Subscriber]) -> bool:
        with self._database.transaction():
            taken = subscriptions.claim(names, self.owner)
            hold = _deadline()
            blocked: set[retry.Lane] = set()
            for delivery in self._due(names, taken):
                if delivery.lane in blocked:
                    continue
                subscriber, event = delivery.subscriber, delivery.event
                passed_over = not audience.concerns(subscriber, event)
                if passed_over or self._tell(audience, delivery, blocked, careful=True):
                    retry.settled(subscriber.name, event.position)
                if time.monotonic() > hold:
                    break
        return bool(taken)

    def _due(self, subscribers: dict[str, Subscriber], taken: set[str]) -> Iterator[Delivery]:
        """What is due, in order; of an event that is no longer kept nothing is left to tell."""
        rows = retry.due(taken, BATCH)
        events = {event.position: event for event in log.read({place for _s, place, _t in rows})}
        for name, position, tries in rows:
            if position in events:
                yield Delivery(subscribers[name], retry.as_told(name, events[position]), tries)
            else:
                retry.settled(name, position)

    def _tell(
        self, audience: Audience, delivery: Delivery, blocked: set[retry.Lane], *, careful: bool
    ) -> bool:
        """Run a handler, or let its event queue behind an earlier one; says whether it succeeded.

        A careful try has a savepoint of its own: what failed is rolled back and noted, and the
        batch goes on. Otherwise the first failure ends the batch.
        """
        subscriber, event = delivery.subscriber, delivery.event
        if delivery.lane in blocked:
            retry.queue(subscriber.name, event)
            return False
        started = time.perf_counter()
        try:
            with self._database.transaction() if careful else nullcontext():
                subscriber.handler.react(event, audience.caller_of(subscriber.plugin, event))
        except Overtaken:
            raise  # nobody's fault: all of it is done again
        except (Exception, SystemExit) as error:
            if not careful:
                raise _Failed from error
            tries = delivery.tries + 1
            told = "%s failed on event %d (%s), try %d: %s"
            logger.warning(told, subscriber.name, event.position, event.type, tries, error)
            if retry.failed(subscriber.name, event, tries, error):
                blocked.add(delivery.lane)
            return False
        if (took := time.perf_counter() - started) > SLOW:
            logger.warning("%s took %.2f s for %s", subscriber.name, took, event.type)
        return True


def _deadline() -> float:
    return time.monotonic() + HOLD
