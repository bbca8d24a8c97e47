"""Delivering: every subscriber is told every event that concerns it, with one effect each.

A handler writes in the transaction that moves its cursor, so its effect and the cursor are kept
together or not at all; there is no moment between them at which a crash could lose or double one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from lifang.events import log, retry, subscriptions
from lifang.events.audience import Audience
from lifang.events.batch import EVERYTHING, Batch, Delivery
from lifang.events.catchup import Range
from lifang.events.event import Parked, wanted
from lifang.events.log import Place
from lifang.events.subscriptions import Subscriber
from lifang.kit.errors import Busy
from lifang.kit.words import _
from lifang.store.database import Database, Overtaken
from lifang.store.whole import whole

BATCH = 200
LEAST = 20  # events that a batch is planned for, however few could be told lately
AHEAD = 5  # times as many events as are planned for are looked through, for who wants them
HOLD = 0.02  # seconds of held write lock after which a batch ends: web writers go first
SLOW = 0.05
REST = 1.0  # seconds without anything to tell after which leases are given back
CRASHES = 2  # processes that a noted delivery may end before it is parked: with the first, three
SUSPECTS = 2 * BATCH  # an event counts twice, or once where a part of the past is told beside it
NO_SAVEPOINT = nullcontext()

logger = logging.getLogger("lifang.events")


class _Failed(Exception):
    """A handler failed in a batch that ran without savepoints: it is rolled back and redone."""


class Dispatcher:
    """Moves every subscription along the log, batch by batch, in the thread that calls it.

    Several may run, in as many processes: whoever holds a subscription's lease moves it, the
    others stand by. `gather` is asked before each batch who listens now.
    """

    def __init__(self, database: Database, gather: Callable[[], Audience]) -> None:
        """Work on a database for whoever `gather` finds listening."""
        self.database = database
        self._gather = gather
        self._entered: set[str] = set()
        self._wary: dict[str, int] = {}
        self._most = BATCH
        self._doomed: tuple[str, int] | None = None
        self._telling: set[str] = set()
        self._lost = Counter[tuple[str, int]]()
        self._told_at: float | None = None
        self._known: tuple[str, ...] = ()
        self.owner = subscriptions.this_process()

    def step(self) -> bool:
        """Tell what is due once around; says whether there may be more to tell at once.

        Who has had nothing to tell for a while holds no lease: so one that ran out was left by
        somebody who ended, or was stopped, amid something.
        """
        if self._around():
            self._told_at = time.monotonic()
            return True
        self._rest()
        return False

    def _rest(self) -> None:
        """Give back the leases of whom nothing was told for a while."""
        if self._told_at is not None and time.monotonic() - self._told_at > REST:
            with self.database.transaction():
                subscriptions.release(self.owner, self._known)
            self._told_at = None
            self._entered.clear()

    def _around(self) -> bool:
        audience = self._gather()
        everyone = {one.name: one for one in audience.subscribers}
        self._known = tuple(everyone)
        if not everyone:
            return False
        standing = self._standing(everyone)
        held = retry.held(standing)
        told = False
        for name in self._wary.keys() & standing.keys():
            place = None if name in held else standing[name]
            told = self._warily(audience, everyone[name], place) or told
            del standing[name]
        told = self._again(audience, [everyone[name] for name in standing]) or told
        for name in held:
            standing.pop(name, None)
        told = self._catch_up(audience, [everyone[name] for name in standing], standing) or told
        cohorts: dict[Place, list[Subscriber]] = {}
        for name, place in standing.items():
            cohorts.setdefault(place, []).append(everyone[name])
        for place in sorted(cohorts):
            told = self._onward(audience, cohorts[place], place) or told
        return told

    def release(self) -> None:
        """Give up all leases, so that another dispatcher can go on at once."""
        with self.database.transaction():
            subscriptions.release(self.owner)
        self._entered.clear()

    @whole
    def _enter(self, names: Set[str]) -> None:
        """Take leases before the first telling, so that who ends amid it is known by them."""
        if fresh := names - self._entered:
            with self.database.transaction():
                subscriptions.claim(fresh, self.owner)
            self._entered |= fresh

    def _standing(self, everyone: dict[str, Subscriber]) -> dict[str, Place]:
        """Where those stand that this dispatcher may move; newcomers are let in first."""
        places = subscriptions.places(everyone, self.owner)
        if len(places) < len(everyone):
            with self.database.transaction():
                subscriptions.subscribe(one for name, one in everyone.items() if name not in places)
            places = subscriptions.places(everyone, self.owner)
        mine = {name: place for name, place in places.items() if place is not None}
        for name in subscriptions.left(mine, self.owner):
            if self._wary.setdefault(name, SUSPECTS) == SUSPECTS:
                logger.warning("who told %s ended amid it: each event is noted first now", name)
        return mine

    def _warily(self, audience: Audience, one: Subscriber, place: Place | None) -> bool:
        """Tell one event after noting which, so that the next process knows what ended this one."""
        again, batch, part = retry.due([one.name], 1), None, audience.behind(one)
        if place is not None and not again:
            parts = (part, None) if self._wary[one.name] % 2 else (None, part)
            some = (self._next(audience, [one], place, part=part, most=1) for part in parts)
            batch = next(filter(None, some), None)
            self._wary[one.name] -= 1 if part else 2
        more = bool(again) or batch is not None
        if not more or self._wary[one.name] <= 0:
            del self._wary[one.name]  # past all that may have been in the other's hands
        position = again[0][1] if again else 0
        for _place, event, _told in batch.plan if batch else ():
            position = event.position
        crashes = self._mark(one.name, position)
        if not more or crashes is None:
            return False
        noted = (one.name, position)
        self._doomed = noted if crashes + self._lost[noted] >= CRASHES else None
        try:
            with self._watched(noted):
                if batch is not None:
                    return self._move(audience, batch, careful=True)
                return self._once_more(audience, {one.name: one}, 1)
        finally:
            self._doomed = None

    @whole
    def _mark(self, name: str, position: int) -> int | None:
        """Note what is told next, and say how many processes it has ended; None: not ours."""
        with self.database.transaction():
            return subscriptions.mark(name, self.owner, position)

    @contextmanager
    def _watched(self, noted: tuple[str, int] | None = None) -> Iterator[None]:
        """Be wary of what was being told when the database hung up: it may have been silent too
        long for a transaction (see `Served`), and would be each time. What was `noted` is as if it
        had ended the process.
        """
        self._telling = set()
        try:
            yield
        except Overtaken:
            raise
        except Busy:
            self._wary.update(dict.fromkeys(self._telling, SUSPECTS))
            if noted and self._telling:
                self._lost[noted] += 1
            raise
        if noted:
            self._lost.pop(noted, None)

    def _catch_up(
        self, audience: Audience, subscribers: list[Subscriber], standing: dict[str, Place]
    ) -> bool:
        """Tell a part of the past where it was told least: one batch, so that nobody waits long."""
        parts = [(part, one) for one in subscribers if (part := audience.behind(one))]
        if not parts:
            return False
        part, one = min(parts, key=lambda pair: pair[0].place)
        return self._onward(audience, [one], standing[one.name], part)

    def _onward(
        self,
        audience: Audience,
        cohort: list[Subscriber],
        place: Place,
        part: Range | None = None,
    ) -> bool:
        """Tell the next events to all who stand at one place, and move them on together.

        With a `part`, it is what lies before that place that is told on.
        """
        batch = self._next(audience, cohort, place, part=part)
        if batch is None:
            return False
        self._enter(batch.subscribers.keys())
        with self._watched():
            try:
                return self._move(audience, batch, careful=False)
            except _Failed:
                return self._move(audience, batch, careful=True)

    def _next(
        self,
        audience: Audience,
        cohort: list[Subscriber],
        place: Place,
        *,
        part: Range | None,
        most: int = BATCH,
    ) -> Batch | None:
        """What is to be told next to all who stand at one place; None while there is nothing.

        It is no more than what could be told lately before a batch had to end.
        """
        most = min(most, self._most)
        look = AHEAD * max(most, LEAST)
        ahead = log.after(part.place if part else place, look)
        if part is not None:
            ahead = [one for one in ahead if one[0] <= place]
        hear = {
            type: [one for one in cohort if wanted(one.handler.types, type)]
            for type in {type for _there, type in ahead}
        }
        due = [there for there, type in ahead if hear[type]][:most]
        if part is not None and len(due) < most and len(ahead) < look:
            end = place
        elif not due and len(ahead) < look:
            return None  # nothing for anyone here: not worth a write until there is much of it
        else:
            end = due[-1] if len(due) == most else ahead[-1][0]
        at = {there.position: there for there in due}
        plan = [
            (there, event,
             [Delivery(one, told) for one in hear[event.type]
              if (told := audience.told(one, event, there, part))])
            for event in audience.reader.read(at) if (there := at[event.position])
        ]  # fmt: skip
        return Batch({one.name: one for one in cohort}, place, end, plan, part)

    @whole
    def _move(self, audience: Audience, batch: Batch, *, careful: bool) -> bool:
        """Run a batch's handlers and move the cursors, in one transaction."""
        with self.database.transaction():
            if not audience.current():
                return True  # something was switched meanwhile: who is to be told is asked again
            taken = subscriptions.claim(batch.subscribers, self.owner, place=batch.place)
            if not taken or not batch.stands():
                return False
            self._telling = set(taken)
            lined = [name for name in taken if batch.order_of(name) == "aggregate"]
            blocked = retry.blocked(lined, [event for _at, event, _told in batch.plan])
            blocked |= batch.anew()
            end, hold, self._most = batch.end, _deadline(), min(BATCH, 2 * self._most)
            for number, (place, _event, told) in enumerate(batch.plan, start=1):
                for delivery in told:
                    if (name := delivery.subscriber.name) in taken:
                        self._tell(audience, delivery, blocked, careful=careful)
                        if blocked and (name, EVERYTHING) in blocked:  # the log itself is its queue
                            batch.move([name], place)
                            taken.remove(name)
                if time.monotonic() > hold:
                    end, self._most = place, max(number, LEAST)
                    break
            batch.move(taken, end)
        return True

    def _again(self, audience: Audience, subscribers: list[Subscriber]) -> bool:
        """Try once more what has failed before and is due."""
        names = {one.name: one for one in subscribers}
        if not retry.due(names, 1):
            return False
        self._enter(names.keys())
        with self._watched():
            return self._once_more(audience, names, BATCH)

    @whole
    def _once_more(self, audience: Audience, names: dict[str, Subscriber], most: int) -> bool:
        with self.database.transaction():
            taken = self._telling = subscriptions.claim(names, self.owner)
            hold = _deadline()
            blocked: set[retry.Lane] = set()
            for delivery in self._due(audience, names, taken, most):
                if delivery.lane in blocked:
                    continue
                told = self._still(audience, delivery)
                if told is not None and self._tell(audience, told, blocked, careful=True):
                    retry.settled(told.subscriber.name, told.event.position)
                if time.monotonic() > hold:
                    break
        return bool(taken)

    def _still(self, audience: Audience, delivery: Delivery) -> Delivery | None:
        """What failed before, to be told now; None where that has been left to something else."""
        one, event = delivery.subscriber, delivery.event
        late = one.name in audience.ranges
        if late and audience.left(one, event, log.place_of(event.position)):
            retry.settled(one.name, event.position)  # it is told anew, from a restart on
            return None
        if (told := audience.told(one, event)) is None:
            retry.rest(one.name, event.position)
            return None
        return replace(delivery, event=told)

    def _due(
        self, audience: Audience, subscribers: dict[str, Subscriber], taken: set[str], most: int
    ) -> Iterator[Delivery]:
        """What is due, in order; of an event that is no longer kept nothing is left to tell."""
        rows = retry.due(taken, most)
        reader = audience.reader
        events = {one.position: one for one in reader.read({place for _s, place, _t in rows})}
        for name, position, tries in rows:
            if position in events:
                yield Delivery(
                    subscribers[name], retry.as_told(name, events[position], reader), tries
                )
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
        if blocked and delivery.lane in blocked:
            retry.queue(subscriber.name, event)
            return False
        started = time.perf_counter()
        try:
            with self.database.transaction() if careful else NO_SAVEPOINT:
                self._react(audience, delivery)
        except Overtaken:
            raise  # nobody's fault: all of it is done again
        except (Exception, SystemExit) as error:
            if not careful:
                raise _Failed from error
            if failed(delivery, error):
                blocked.add(delivery.lane)
            return False
        if (took := time.perf_counter() - started) > SLOW:
            logger.warning("%s took %.2f s for %s", subscriber.name, took, event.type)
        return True

    def _react(self, audience: Audience, delivery: Delivery) -> None:
        subscriber, event = delivery.subscriber, delivery.event
        if self._doomed and (subscriber.name, event.position) == self._doomed:
            raise Parked(_("处理它的进程已意外退出 {n} 次", n=CRASHES + 1))
        if event.unreadable:
            raise Parked(event.unreadable)
        subscriber.handler.react(event, audience.caller_of(subscriber.plugin, event))


def failed(delivery: Delivery, error: BaseException) -> bool:
    """Keep that a delivery failed once more; says whether it is tried again."""
    name, event, tries = delivery.subscriber.name, delivery.event, delivery.tries + 1
    told = "%s failed on event %d (%s), try %d: %s"
    logger.warning(told, name, event.position, event.type, tries, error)
    return retry.failed(name, event, tries, error)


def _deadline() -> float:
    return time.monotonic() + HOLD
