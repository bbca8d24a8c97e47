"""Telling handlers that reach other machines: outside of any transaction, noted afterwards.

Between an effect out there and its note here lies a moment in which a process can end; then the
event is told again, with the key it had. Each such handler has a thread of its own, so that a
receiver that is slow or away holds up nobody else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from lifang.events import inbox, retry, subscriptions
from lifang.events.audience import Audience
from lifang.events.batch import Batch, Delivery
from lifang.events.dispatch import Dispatcher, failed
from lifang.events.event import Away, Rewind
from lifang.events.log import Place
from lifang.events.subscriptions import LEASE, Subscriber
from lifang.kit import masking
from lifang.store.database import Database
from lifang.store.whole import whole

SIDE_BY_SIDE = 8  # aggregates told at once
TURN = 1.0  # seconds after which no further event is begun before what was told is noted
RENEW = LEASE.total_seconds() / 3
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between looks for a receiver that is away
HANGING = 64  # receivers that are left to themselves at once; of more, the others wait for one
HELD = 60.0  # seconds for which a delivery that is left to itself is not begun by anybody else
QUEUED = RuntimeError("waits behind an earlier one")
LEFT = RuntimeError("is being told still")

logger = logging.getLogger("lifang.events")


@dataclass
class _Turn:
    """What is told now: how each delivery went, by position, and whether no more is to begin.

    `patient` says that nobody is left to itself, `calling` is what is being told just now.
    """

    patient: bool = True
    calling: set[int] = field(default_factory=set)
    went: dict[int, BaseException | None] = field(default_factory=dict)
    end: float = field(default_factory=lambda: time.monotonic() + TURN)
    stopped: bool = False

    def over(self) -> bool:
        """Whether to begin nothing more: the time is up, or something is wrong with all of it."""
        return self.stopped or time.monotonic() > self.end

    def of(self, kind: type[BaseException]) -> Any:
        """What some delivery said that concerns all of them."""
        return next((one for one in self.went.values() if isinstance(one, kind)), None)


class Outside(Dispatcher):
    """Moves the subscription of one handler outside transactions, in the thread that calls it."""

    def __init__(
        self, database: Database, gather: Callable[[], Audience], name: str, source: str
    ) -> None:
        """Tell the subscriber of that name; `source` names this log among others, in its keys."""
        super().__init__(database, lambda: _alone(gather(), name))
        self.name, self._source = name, source
        self._pause, self._until = 0.0, 0.0
        self._lock = threading.Lock()
        self._left: dict[int, Delivery] = {}
        self._late: dict[int, BaseException | None] = {}

    def step(self) -> bool:
        """Tell what is due, unless its receiver is away and it is too early to look again."""
        late = self._note_late()
        if time.monotonic() < self._until:
            self._rest()
            return late
        return super().step() or late

    @property
    def hangs(self) -> bool:
        """Whether somebody was left to itself and has not come to an end."""
        return bool(self._left)

    def _move(self, audience: Audience, batch: Batch, *, careful: bool) -> bool:
        """Tell a batch and move the cursor as far as all of it was told, failed or queued."""
        told = [(place, one) for place, _event, several in batch.plan for one in several]
        blocked = self._begin(audience, batch, [one for _place, one in told])
        if blocked is None:
            return True
        apart = batch.subscribers[self.name].handler.apart
        turn = _Turn(patient=careful or not apart)
        self._tell_all(audience, [one for _place, one in told], blocked, turn)
        return self._note(batch, told, turn)

    @whole
    def _begin(
        self, audience: Audience, batch: Batch, told: list[Delivery]
    ) -> set[retry.Lane] | None:
        """Take the lease and note what is told first; None where it is no longer to be told."""
        with self.database.transaction():
            if not audience.current():
                return None
            position = told[0].event.position if told else 0
            mine = subscriptions.mark(self.name, self.owner, position, place=batch.place)
            if mine is None or not batch.stands():
                return None
            anew = batch.anew()
            if batch.order_of(self.name) != "aggregate":
                return anew
            return anew | retry.blocked([self.name], [one.event for one in told])

    def _tell_all(
        self, audience: Audience, told: list[Delivery], blocked: set[retry.Lane], turn: _Turn
    ) -> None:
        """Call the handler for what it was not told yet, each aggregate in its order."""
        lanes = self._lanes(told, blocked, turn)
        if not lanes:
            return
        pool = ThreadPoolExecutor(min(SIDE_BY_SIDE, len(lanes)), "outside")
        running = {pool.submit(self._lane, audience, some, turn): some for some in lanes.values()}
        while running:
            left = turn.end - time.monotonic()
            done, _rest = wait(running, timeout=RENEW if turn.patient or left < 0 else left)
            for lane in done:
                del running[lane]
                lane.result()
            if running and self._leave(running, turn):
                break
            if running and not self._renew():
                turn.stopped = True  # somebody else has it now, and will tell what was not told
        pool.shutdown(wait=False)

    def _lanes(
        self, told: list[Delivery], blocked: set[retry.Lane], turn: _Turn
    ) -> dict[retry.Lane, list[Delivery]]:
        """What is to be told now, by aggregate; the rest was told, is being told, or waits."""
        known = inbox.known(self.name, self._source, [str(one.event.position) for one in told])
        lanes: dict[retry.Lane, list[Delivery]] = {}
        for one in told:
            position = one.event.position
            if position in self._left:
                turn.went[position] = LEFT
                blocked.add(one.lane)
            elif one.lane in blocked:
                turn.went[position] = QUEUED
            elif str(position) in known:
                turn.went[position] = None
            else:
                lanes.setdefault(one.lane, []).append(one)
        return lanes

    def _leave(self, running: dict[Future[None], list[Delivery]], turn: _Turn) -> bool:
        """Leave those to themselves that take longer than a turn; says whether they were."""
        many = len(self._left) + len(running) > HANGING
        if turn.patient or many or not turn.over():
            return False
        with self._lock:
            for lane, some in running.items():
                rest = [one for one in some if one.event.position not in turn.went]
                if not lane.cancel() and rest and rest[0].event.position in turn.calling:
                    turn.went.update((one.event.position, QUEUED) for one in rest)
                    turn.went[rest[0].event.position] = LEFT
                    self._left[rest[0].event.position] = rest[0]
        return True

    def _went(self, turn: _Turn, delivery: Delivery, error: BaseException | None) -> None:
        with self._lock:
            position = delivery.event.position
            turn.calling.discard(position)
            kept = self._late if position in self._left else turn.went
            kept[position] = error

    @whole
    def _note_late(self) -> bool:
        """Keep how it went with those that were left to themselves."""
        with self._lock:
            late = [(self._left[position], error) for position, error in self._late.items()]
        if not late:
            return False
        with self.database.transaction():
            done = [one.event.position for one, error in late if error is None]
            inbox.take_in(self.name, self._source, [str(position) for position in done])
            for delivery, error in late:
                if error is None:
                    retry.settled(self.name, delivery.event.position)
                else:
                    failed(delivery, error)
        with self._lock:
            for delivery, _error in late:
                del self._left[delivery.event.position], self._late[delivery.event.position]
        return True

    def _lane(self, audience: Audience, told: list[Delivery], turn: _Turn) -> None:
        """Tell one aggregate's events in order, as long as none of them has to be told again."""
        for index, delivery in enumerate(told):
            with self._lock:
                if turn.over():
                    return
                turn.calling.add(delivery.event.position)
            event = delivery.event
            event = replace(event, key=f"{self._source}/{event.position}/{self.name}")
            try:
                with self.database.connection():
                    self._react(audience, replace(delivery, event=event))
                self._went(turn, delivery, None)
            except (Exception, SystemExit) as error:
                self._went(turn, delivery, error)
                turn.stopped = turn.stopped or isinstance(error, (Away, Rewind))
                if not retry.over(error, delivery.tries + 1):
                    if delivery.subscriber.handler.order == "aggregate":
                        turn.went.update((one.event.position, QUEUED) for one in told[index + 1 :])
                    return

    @whole
    def _renew(self) -> bool:
        with self.database.transaction():
            return subscriptions.renew(self.name, self.owner)

    @whole
    def _note(self, batch: Batch, told: list[tuple[Place, Delivery]], turn: _Turn) -> bool:
        """Keep how it went: what was told is told, whoever else has it in hand now."""
        with self.database.transaction():
            self._take_in(turn)
            taken = subscriptions.claim([self.name], self.owner, place=batch.place)
            if not taken or not batch.stands() or not self._goes_on(turn):
                return False
            end = batch.part.place if batch.part else batch.place
            for place, delivery in told:
                if not self._kept(delivery, turn):
                    break
                end = place
                error = turn.went[delivery.event.position]
                if error is QUEUED:
                    retry.queue(self.name, delivery.event)
                elif error is LEFT:
                    retry.hold(self.name, delivery.event, HELD)
                elif error and failed(delivery, error) and batch.order_of(self.name) == "all":
                    break
            else:
                end = batch.end
            batch.move([self.name], end)
        return True

    @staticmethod
    def _kept(delivery: Delivery, turn: _Turn) -> bool:
        """Whether something came of a delivery; if not, the cursor stays before it."""
        went = turn.went.get(delivery.event.position, turn)
        return went is not turn and not isinstance(went, (Away, Rewind))

    def _take_in(self, turn: _Turn) -> None:
        done = [str(position) for position, error in turn.went.items() if error is None]
        inbox.take_in(self.name, self._source, done)

    def _goes_on(self, turn: _Turn) -> bool:
        """Whether the cursor goes on from here: its receiver may be away, or want it to go back."""
        away: Away | None = turn.of(Away)
        subscriptions.trouble(self.name, masking.numbers(str(away)) if away else None)
        if away:
            self._pause = min(max(FIRST_PAUSE, self._pause * 2), LONGEST_PAUSE)
            self._until = time.monotonic() + self._pause
            logger.warning("%s waits %.0f s: %s", self.name, self._pause, away)
        else:
            self._pause = 0.0
        rewind: Rewind | None = turn.of(Rewind)
        if rewind:
            if first := inbox.forget(self.name, self._source, rewind.since):
                logger.warning("%s is %s", self.name, rewind)
                subscriptions.move_back(self.name, first)
            rewind.noted()
        return rewind is None

    def _once_more(self, audience: Audience, names: dict[str, Subscriber], most: int) -> bool:
        """Try once more what has failed before and is due."""
        due = self._begin_again(audience, names, most)
        if not due:
            return False
        turn = _Turn(patient=most == 1 or not names[self.name].handler.apart)
        self._tell_all(audience, due, set(), turn)
        return self._note_again(due, turn)

    @whole
    def _begin_again(
        self, audience: Audience, names: dict[str, Subscriber], most: int
    ) -> list[Delivery]:
        with self.database.transaction():
            first = retry.due([self.name], 1)
            if not first or subscriptions.mark(self.name, self.owner, first[0][1]) is None:
                return []
            due = []
            for delivery in self._due(audience, names, {self.name}, most):
                if (told := self._still(audience, delivery)) is not None:
                    due.append(told)
            return due

    @whole
    def _note_again(self, due: Iterable[Delivery], turn: _Turn) -> bool:
        with self.database.transaction():
            self._take_in(turn)
            if not subscriptions.claim([self.name], self.owner) or not self._goes_on(turn):
                return False
            for delivery in due:
                if self._kept(delivery, turn):
                    error = turn.went[delivery.event.position]
                    if error is None:
                        retry.settled(self.name, delivery.event.position)
                    elif error is LEFT:
                        retry.hold(self.name, delivery.event, HELD)
                    elif error is not QUEUED:
                        failed(delivery, error)
        return True


def _alone(audience: Audience, name: str) -> Audience:
    one = tuple(one for one in audience.subscribers if one.name == name)
    return replace(audience, subscribers=one)
