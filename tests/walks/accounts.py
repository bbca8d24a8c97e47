"""What a handler is told in the end, by a plain account: which place has heard which event.

It knows nothing of cursors within a batch, ranges, retry rows or leases. It is told how far a
handler had come at the moment of a switch, and what was switched; from the rest it follows how
often each event is told. What was told to one place of an event is told to all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, NEIGHBOUR, QILIHE

ABOVE = {
    CITY: (CITY,),
    CHENGGUAN: (CHENGGUAN, CITY),
    HOME: (HOME, CHENGGUAN, CITY),
    NEIGHBOUR: (NEIGHBOUR, CHENGGUAN, CITY),
    FOREIGN: (FOREIGN, QILIHE, CITY),
}
"""The nodes whose switches may decide for a node, the nearest first."""

PLACES = (HOME, NEIGHBOUR, FOREIGN)
NOWHERE = ""
"""Where an event without a community is told, as long as the plugin is on anywhere."""


@dataclass(frozen=True)
class Said:
    """An event of the log, as whoever published it knows it."""

    position: int
    type: str
    subject: int
    sequence: int
    places: tuple[str, ...]
    old: str | None


@dataclass
class Switches:
    """Where the plugin is switched on or off."""

    own: dict[str, bool] = field(default_factory=dict)

    def decider(self, place: str) -> str | None:
        return next((node for node in ABOVE.get(place, ()) if node in self.own), None)

    def on(self, place: str) -> bool:
        if place == NOWHERE:
            return any(self.own.values())
        decider = self.decider(place)
        return decider is not None and self.own[decider]


@dataclass
class Account:
    """What one handler's places have heard, what was laid aside there, and what is due in all."""

    types: tuple[str, ...]
    at: bool
    standing: Callable[[int], int]
    """How often an event has had its effect or stands as a letter just now."""

    effects: Callable[[int], int]
    due: Counter[int] = field(default_factory=Counter)
    heard: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    aside: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    retold: dict[int, int] = field(default_factory=dict)
    """Events that were told and are to be told anew, with the effects they had by then."""

    def places(self, said: Said) -> tuple[str, ...]:
        if said.type not in self.types:
            return ()
        if self.at:
            return (said.old,) if said.old else ()
        return said.places or (NOWHERE,)

    def goes_on(
        self, log: Sequence[Said], switches: Switches, cursor: int, behind: Mapping[str, int]
    ) -> None:
        """Settle what was told up to a cursor, but for nodes that have only come so far."""
        for said in log:
            told = [
                place
                for place in self.places(said)
                if switches.on(place)
                and not self._settled(place, said)
                and said.position <= behind.get(switches.decider(place) or NOWHERE, cursor)
            ]
            if told and not any(said.position in self.heard[one] for one in self.places(said)):
                before = self.retold.pop(said.position, self.due[said.position])
                self.due[said.position] = before + 1
            for place in told:
                self.heard[place].add(said.position)

    def skips(self, place: str, log: Sequence[Said], cursor: int) -> None:
        """Lay aside what a place has not heard up to a cursor."""
        for said in log:
            if said.position <= cursor and place in self.places(said):
                if not self._settled(place, said):
                    self.aside[place].add(said.position)
                over = all(self._settled(one, said) for one in self.places(said))
                if over and self.retold.pop(said.position, None) is not None:
                    self.due[said.position] = self.standing(said.position)

    def restarts(self, place: str, log: Sequence[Said]) -> None:
        """Let a place hear everything once more; what another place has heard counts there too."""
        self.aside[place].clear()
        for said in log:
            if said.position in self.heard[place]:
                self.heard[place].remove(said.position)
                if not any(said.position in self.heard[one] for one in self.places(said)):
                    self.retold[said.position] = self.effects(said.position)

    def _settled(self, place: str, said: Said) -> bool:
        return said.position in self.heard[place] or said.position in self.aside[place]
