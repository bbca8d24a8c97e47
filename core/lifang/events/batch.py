"""What is told at once: some events, each for some subscribers, and where that brings them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lifang.events import catchup, retry, subscriptions
from lifang.events.catchup import Range
from lifang.events.event import Event
from lifang.events.log import Place
from lifang.events.subscriptions import Subscriber

EVERYTHING = "*"  # the lane of who keeps the order of all: no aggregate is called so


@dataclass(frozen=True)
class Delivery:
    """One event for one subscriber; `tries` counts how often it has failed before."""

    subscriber: Subscriber
    event: Event
    tries: int = 0

    @property
    def lane(self) -> retry.Lane:
        """Within what its order is kept."""
        order, event = self.subscriber.handler.order, self.event
        own = {"all": EVERYTHING, "none": str(event.position)}
        return self.subscriber.name, own.get(order) or retry.aggregate(event)


@dataclass(frozen=True)
class Batch:
    """What to tell those who stand at one position, and where that brings them."""

    subscribers: dict[str, Subscriber]
    place: Place
    end: Place
    plan: list[tuple[Place, Event, list[Delivery]]]
    part: Range | None = None

    def stands(self) -> bool:
        """Whether nobody else has told this part of the past meanwhile."""
        return self.part is None or catchup.advance(self.part, self.part.place)

    def move(self, names: Collection[str], end: Place) -> None:
        """Note how far some have been told; a part is over where the subscription stands."""
        if self.part is None:
            subscriptions.move(names, end)
        elif names and end >= self.place:
            catchup.finish(self.part)
        elif names:
            catchup.advance(self.part, end)

    def anew(self) -> set[retry.Lane]:
        """Forget how that failed which a part tells anew; gives the lanes of what still waits."""
        if self.part is None:
            return set()
        lanes = {(one.subscriber.name, one.event.position): one.lane
                 for _at, _event, told in self.plan for one in told}  # fmt: skip
        states = retry.states(self.subscribers, {position for _name, position in lanes})
        for name, position in (key for key, state in states.items() if state != "waiting"):
            retry.settled(name, position)
        return {lanes[key] for key, state in states.items() if state == "waiting" and key in lanes}

    def order_of(self, name: str) -> str:
        """What one of the subscribers declared that its failures hold back."""
        return self.subscribers[name].handler.order
