"""Who listens during one batch, where each is switched on, and what each is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lifang.entities.caller import Caller
from lifang.events.catchup import Range
from lifang.events.event import Event, wanted
from lifang.events.log import Place
from lifang.events.payloads import Reader
from lifang.events.subscriptions import Subscriber


class Here(NamedTuple):
    """The switch that decides about a plugin at a community: at which node it is, since when."""

    node: int
    since: dt.datetime
    on: bool


@dataclass(frozen=True)
class Audience:
    """Who listens: the handlers of every plugin that is on somewhere.

    `decides(plugin, community)` finds the switch that decides there, None where there is none.
    `reader` tells events as of today. `ranges` are what was not told, by subscription. `current`
    says, within the transaction that tells, whether all this still holds. What happens to the
    nouns in `confidential` is told to handlers of their own plugin only.
    """

    subscribers: tuple[Subscriber, ...]
    decides: Callable[[str, int], Here | None]
    caller_of: Callable[[str, Event], Caller]
    reader: Reader
    ranges: Mapping[str, list[Range]]
    current: Callable[[], bool]
    confidential: frozenset[str] = frozenset()

    def behind(self, subscriber: Subscriber) -> Range | None:
        """The range of a subscriber that is to be told next: the one furthest behind."""
        due = [one for one in self.ranges.get(subscriber.name, ()) if self._moves(subscriber, one)]
        return min(due, key=lambda one: one.place, default=None)

    def _moves(self, subscriber: Subscriber, told: Range) -> bool:
        here = self.decides(subscriber.plugin, told.community)
        return told.end is None and here is not None and here.on and here.node == told.community

    def left(self, subscriber: Subscriber, event: Event, place: Place) -> bool:
        """Whether an event at a place of the log is left to a range that is still to be told."""
        late = self._late(subscriber, place)
        heres = self._heres(subscriber, event)
        started = any(one.end is None for one in late.values())
        return started and bool(heres) and all(here.node in late for here in heres)

    def told(
        self,
        subscriber: Subscriber,
        event: Event,
        place: Place | None = None,
        part: Range | None = None,
    ) -> Event | None:
        """The event as a subscriber is told it; None for one that is passed over.

        A handler declared with `at` looks only at the community under that key of the data. At a
        `place` of the log, the event is for those communities of which no range is in arrears; or
        else for the one that catches up with a `part`, if none was told before. It is replayed
        where its plugin was switched on only after it happened.
        """
        if not wanted(subscriber.handler.types, event.type):
            return None
        plugin = event.noun.partition(".")[0]
        if event.noun in self.confidential and subscriber.plugin != plugin:
            return None
        if not event.communities and not _by_key(subscriber, event):
            return event if part is None else None
        if len(event.communities) > 1 or self.ranges or part or subscriber.handler.at:
            return self._weighed(subscriber, event, place, part)
        here = self.decides(subscriber.plugin, event.communities[0])
        if here is None or not here.on:
            return None
        return event if here.since <= event.at else event.replayed

    def _weighed(
        self, subscriber: Subscriber, event: Event, place: Place | None, part: Range | None
    ) -> Event | None:
        """The same where there are several places, or some of the past is not told yet."""
        heres, late = self._heres(subscriber, event), self._late(subscriber, place)
        reached = [here for here in heres if here.node not in late]
        on = [here for here in heres if here.on]
        if part is None and not any(here.on for here in reached):
            return None
        if part is not None and (reached or all(here.node != part.community for here in on)):
            return None
        return event.replayed if all(here.since > event.at for here in on) else event

    def _heres(self, subscriber: Subscriber, event: Event) -> list[Here]:
        """The switches that decide at the communities where an event concerns a handler."""
        communities = event.communities
        if _by_key(subscriber, event):
            there = event.data.get(str(subscriber.handler.at))
            communities = (there,) if isinstance(there, int) else ()
        return [here for one in communities if (here := self.decides(subscriber.plugin, one))]

    def _late(self, subscriber: Subscriber, place: Place | None) -> dict[int, Range]:
        """The nodes where a place was not told, each with its range; of several the open one."""
        found: dict[int, Range] = {}
        for one in self.ranges.get(subscriber.name, ()):
            if place and one.covers(place) and (one.end is None or one.community not in found):
                found[one.community] = one
        return found


def _by_key(subscriber: Subscriber, event: Event) -> bool:
    """Whether a key of the data says where an event concerns a handler, and it can be read."""
    return subscriber.handler.at is not None and not event.unreadable
