"""Who listens during one batch, where each is switched on, and what each is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from lifang.entities.caller import Caller
from lifang.events.catchup import Range
from lifang.events.event import Event, wanted
from lifang.events.log import Place
from lifang.events.payloads import Reader
from lifang.events.subscriptions import Subscriber


class Here(NamedTuple):
    """The switch that has a plugin on at a community: at which node it is, and since when on."""

    node: int
    since: dt.datetime


@dataclass(frozen=True)
class Audience:
    """Who listens: the handlers of every plugin that is on somewhere.

    `on_at(plugin, community)` finds the switch that has a plugin on there, None where it is off.
    `reader` tells events as of today. `ranges` are what was not told, by subscription. `current`
    says, within the transaction that tells, whether all this still holds.
    """

    subscribers: tuple[Subscriber, ...]
    on_at: Callable[[str, int], Here | None]
    caller_of: Callable[[str, Event], Caller]
    reader: Reader
    ranges: Mapping[str, list[Range]]
    current: Callable[[], bool]

    def behind(self, subscriber: Subscriber) -> Range | None:
        """The range of a subscriber that is to be told next: the one furthest behind."""
        due = [one for one in self.ranges.get(subscriber.name, ()) if self._moves(subscriber, one)]
        return min(due, key=lambda one: one.place, default=None)

    def _moves(self, subscriber: Subscriber, told: Range) -> bool:
        here = self.on_at(subscriber.plugin, told.community)
        return told.end is None and here is not None and here.node == told.community

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
        else for the one that catches up with a `part`, if no other has been told. It is replayed
        where its plugin was switched on only after it happened.
        """
        if not wanted(subscriber.handler.types, event.type):
            return None
        communities = event.communities
        if (at := subscriber.handler.at) is not None and not event.unreadable:
            there = event.data.get(at)
            communities = (there,) if isinstance(there, int) else ()
        elif not communities:
            return event if part is None else None
        on = [here for one in communities if (here := self.on_at(subscriber.plugin, one))]
        arrears = self.ranges.get(subscriber.name, ()) if place is not None else ()
        late = {one.community for one in arrears if place is not None and one.covers(place)}
        served = any(here.node not in late for here in on)
        if part is None and not served:
            return None
        if part is not None and (served or all(here.node != part.community for here in on)):
            return None
        if all(here.since > event.at for here in on):
            return replace(event, replaying=True)
        return event
