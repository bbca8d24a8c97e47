"""Coming and leaving, on the spot: by a code that somebody there shows, by position, or by hand.

Everything here is called inside a transaction, that of an action or a handler.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.presence import Presence
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid
from lifang.kit.words import _
from lifang.resources.action import PASSING
from lifang.store.record import Record

QR, GEO, MANUAL = "qr", "geo", "manual"
LETTERS = 8
"""Of 32 letters each: forty bits, good for a minute or two."""

EARTH = 6_371_000
"""Metres from the middle to the ground."""


@dataclass(frozen=True)
class Seen:
    """That somebody was there: when, how (`qr`, `geo`, `manual`), and metres from the place."""

    at: dt.datetime
    method: str
    distance: int | None


class CheckIn:
    """One kind of presence (coming, leaving); `name` is `<plugin>.<kind>`.

    Of an occasion and a person it is entered once: again is refused, with when and how it was.
    A code changes every `seconds` and is good for one such period more, so that who has scanned
    it can finish; a photograph of it sent to a friend is not. A position is looked at and dropped:
    kept is the distance, in steps of ten metres, until `forget`.
    """

    passing = PASSING
    """Marks an action's input that is kept nowhere: `Annotated[str, "位置", "", CheckIn.passing]`;
    neither audit nor event has it."""

    @staticmethod
    def position(written: str) -> tuple[float, float]:
        """Latitude and longitude in degrees; raises Invalid for what is none."""
        return read_position(written)

    def __init__(self, name: str, label: str, *, seconds: int = 60) -> None:
        """Name a kind of presence."""
        self.name, self.label, self.seconds = name, label, seconds

    def code(self, occasion: Record, caller: Caller) -> tuple[str, dt.datetime]:
        """The code to be shown now, and until when it is shown."""
        step = self._step()
        until = dt.datetime.fromtimestamp((step + 1) * self.seconds, dt.UTC)
        return self._made(occasion, caller, step), until

    def scan(
        self, occasion: Record, caller: Caller, who: Record, code: str, *,
        window: tuple[dt.datetime, dt.datetime],
    ) -> Seen:  # fmt: skip
        """Enter somebody who has the code of this moment; `window` says from when to when."""
        said, step = "".join(code.split()).replace("-", "").upper(), self._step()
        if said not in {self._made(occasion, caller, one) for one in (step, step - 1)}:
            raise Invalid.about("code", "expired", _("这个码不对或已经过期；请扫现场正在显示的码"))
        return self._enter(occasion, caller, who, QR, window)

    def locate(  # noqa: PLR0913 – each by name
        self, occasion: Record, caller: Caller, who: Record, position: str, *, place: str,
        within: int, window: tuple[dt.datetime, dt.datetime],
    ) -> Seen:  # fmt: skip
        """Enter somebody who is within so many metres; both are `36.0611,103.8343`."""
        metres = distance(read_position(position), read_position(place))
        if metres > within:
            sentence = _("您离活动地点约 {n} 米，须在 {most} 米以内", n=metres, most=within)
            raise Conflict(sentence, reason="too_far")
        return self._enter(occasion, caller, who, GEO, window, distance=metres)

    def enter(
        self, occasion: Record, caller: Caller, who: Record, *, at: dt.datetime, reason: str,
        window: tuple[dt.datetime, dt.datetime],
    ) -> Seen:  # fmt: skip
        """Enter somebody by hand, at a moment within the window, with the reason."""
        if at > clock.now():
            raise Invalid(_("发生时间不能晚于现在"))
        return self._enter(occasion, caller, who, MANUAL, window, at=at, reason=reason)

    def seen(self, occasion: Record, caller: Caller, who: Record) -> Seen | None:
        """When and how somebody was entered, or None."""
        row = self._found(occasion, caller, who)
        return row and Seen(row.at, row.method, row.distance)

    def forget(self, occasion: Record, caller: Caller) -> int:
        """Drop the distances of an occasion; says how many there were."""
        mine = (
            Presence.kind == self.name,
            Presence.occasion == caller.instance.registry.named(occasion),
        )
        known = Presence.update(distance=None).where(*mine, Presence.distance.is_null(False))  # noqa: FBT003 – peewee
        return int(known.execute())

    def _enter(  # noqa: PLR0913 – what a row says
        self, occasion: Record, caller: Caller, who: Record, method: str,
        window: tuple[dt.datetime, dt.datetime], *, at: dt.datetime | None = None,
        reason: str = "", distance: int | None = None,
    ) -> Seen:  # fmt: skip
        moment = at or clock.now()
        if not window[0] <= moment <= window[1]:
            opens, closes = (f"{clock.local(one):%m-%d %H:%M}" for one in window)
            told = {"label": _(self.label), "opens": opens, "closes": closes}
            raise Conflict(_("「{label}」的时间是 {opens} 到 {closes}", **told), reason="window")
        known = self._found(occasion, caller, who)
        if known is not None:
            when = f"{clock.local(known.at):%m-%d %H:%M}"
            name = getattr(who, "name", who.id)
            told = {"name": name, "when": when, "label": _(self.label)}
            raise Conflict(_("{name} 已于 {when} 「{label}」", **told), reason="again")
        named = caller.instance.registry.named
        Presence.create(
            kind=self.name, occasion=named(occasion), who=named(who), at=moment,
            method=method, actor=caller.name, reason=reason, distance=distance,
        )  # fmt: skip
        return Seen(moment, method, distance)

    def _found(self, occasion: Record, caller: Caller, who: Record) -> Any:
        return Presence.get_or_none(
            Presence.kind == self.name,
            Presence.occasion == caller.instance.registry.named(occasion),
            Presence.who == caller.instance.registry.named(who),
        )

    def _step(self) -> int:
        return int(clock.now().timestamp()) // self.seconds

    def _made(self, occasion: Record, caller: Caller, step: int) -> str:
        text = f"check-in|{self.name}|{caller.instance.registry.named(occasion)}|{step}"
        return base64.b32encode(caller.instance.keys.derived(text)).decode()[:LETTERS]


def read_position(written: str) -> tuple[float, float]:
    """Latitude and longitude in degrees; raises Invalid for what is none."""
    try:
        north, east = (float(part) for part in written.replace("，", ",").split(","))
        if not (abs(north) <= 90 and abs(east) <= 180):
            raise ValueError
    except ValueError:
        sentence = _("位置写作“纬度,经度”，例如 36.0611,103.8343")
        raise Invalid.about("position", "invalid", sentence) from None
    return north, east


def distance(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Metres between two positions over the ground (haversine), in steps of ten."""
    north, east = (math.radians(b - a) for a, b in zip(here, there, strict=True))
    level = math.cos(math.radians(here[0])) * math.cos(math.radians(there[0]))
    chord = math.sin(north / 2) ** 2 + level * math.sin(east / 2) ** 2
    return round(2 * EARTH * math.asin(math.sqrt(chord)) / 10) * 10
