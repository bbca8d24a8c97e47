"""Time as events: every day and hour of the instance's zone, and timers, told once and in order."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import Timer
from lifang.kit import clock
from lifang.kit.errors import Busy
from lifang.resources.registry import CORE
from lifang.services import timers
from lifang.services.instance import Instance
from lifang.store.whole import whole

CLOCK = DAYS, HOURS = "core.clock/0", "core.clock/1"
DAY, HOUR = "core.clock.day", "core.clock.hour"
BATCH = 100

AN_HOUR = dt.timedelta(hours=1)
KEPT = dt.timedelta(hours=48)
"""How far back hours are told one by one after a long stop; days are told however many they are."""

LEAP = dt.timedelta(hours=48)
"""More than this since the last hour was told, and the clock may be wrong (`trust.md` R49)."""

PROOF = 600.0
"""Seconds for which a clock that has leapt must go on steadily before anything is done by it."""

log = logging.getLogger("lifang.clock")


class Clockwork:
    """A worker's share of time; after a leap of the clock it waits until that has proved right.

    A machine that was off for a week and one whose clock was set wrongly look alike at first. What
    is told too early cannot be taken back, what is told ten minutes late can be borne: in that time
    a time server or a person puts a wrong clock right, and `doctor` says what is being waited for.
    """

    def __init__(self, instance: Instance, *, proof: float = PROOF) -> None:
        """Keep time for an instance; `proof` in seconds."""
        self._instance, self._proof = instance, proof
        self._noticed: tuple[float, dt.datetime] | None = None

    def step(self) -> bool:
        """Tell what is due next; says whether there is more."""
        leapt = leap()
        if leapt is None:
            self._noticed = None
        elif not self._proven():
            return False
        return tick(self._instance)

    def _proven(self) -> bool:
        """Whether the clock has gone as steadily as this process for long enough since it leapt."""
        steady, now = clock.monotonic(), clock.now()
        if self._noticed is not None:
            since, then = self._noticed
            if abs((now - then).total_seconds() - (steady - since)) < self._proof / 10:
                return steady - since >= self._proof
        self._noticed = steady, now
        log.warning("the clock says %s: nothing is told before it has proved right", now)
        return False


def leap() -> dt.timedelta | None:
    """How far the clock is ahead of the hour that was to come next, if suspiciously far."""
    row = Timer.get_or_none(Timer.agg == HOURS)
    ahead = None if row is None else clock.now() - row.at
    return ahead if ahead is not None and ahead > LEAP else None


@whole
def tick(instance: Instance) -> bool:
    """Publish what is due next, in order of time; says whether there was anything.

    A timer's row goes, and the clock's moves on, in the transaction of the event: two workers, a
    restart or a clock put back tell nothing twice. What fell due while nothing ran is told late,
    each with its own time. The first call of all only winds the clock.
    """
    snapshot = instance.plugins.refresh()
    on = [CORE, *(name for name in list(instance.plugins.loaded) if snapshot.where(name))]
    if not _unwound() and not _due(on, 1):
        return False
    with instance.database.transaction():
        for values, row in _unwound():
            if row is None:
                Timer.insert(values).execute()
            else:
                Timer.update(at=values["at"]).where(Timer.id == row.id).execute()
        told, caller = False, machine(instance)
        for row in _due(on, BATCH):
            if row.agg in CLOCK:
                _beat(row, caller)
                return True  # its next beat may come before the other rows
            told = _told(row, caller) or told
    return told


def _told(row: Any, caller: Caller) -> bool:
    """Tell a timer, or leave it where it is: a record that cannot be read holds up nothing else."""
    try:
        with caller.instance.database.transaction():
            timers.tell(row, replace(caller, correlation=row.corr))
    except Busy:
        raise  # all of it is done again
    except Exception:
        log.exception("%s of %s is due and cannot be told", row.name, row.agg)
        return False
    return True


def ticked() -> bool:
    """Whether any day was told yet; none is on the day an instance begins to work."""
    row = Timer.get_or_none(Timer.agg == DAYS)
    return row is not None and bool(json.loads(row.data)["told"])


def machine(instance: Instance) -> Caller:
    """The instance itself, for what nobody asked it to do."""
    return Caller(
        instance=instance, snapshot=instance.plugins.refresh(), name="core", source="event"
    )


def _due(on: Collection[str], limit: int) -> list[Any]:
    """What is due now, the earliest first; timers of plugins that are off everywhere wait."""
    due = (Timer.at <= clock.now()) & Timer.plugin.in_(on)
    return list(Timer.select().where(due).order_by(Timer.at, Timer.id).limit(limit))


def _unwound() -> list[tuple[dict[str, Any], Any]]:
    """What the clock's rows should say and do not: at first, and when the zone has changed."""
    rows: dict[str, Any] = {row.agg: row for row in Timer.select().where(Timer.agg << CLOCK)}
    day, hour = rows.get(DAYS), rows.get(HOURS)
    tomorrow = clock.today() + dt.timedelta(days=1)
    wanted = (
        _day(tomorrow if day is None else dt.date.fromisoformat(json.loads(day.data)["date"])),
        _hour(clock.now() if hour is None else hour.at),
    )
    found = [(values, rows.get(values["agg"])) for values in wanted]
    return [(values, row) for values, row in found if row is None or row.at != values["at"]]


def _beat(row: Any, caller: Caller) -> None:
    """Tell a day or an hour and set the clock to the next; hours long past are passed over."""
    told, at = json.loads(row.data), row.at
    if row.agg == DAYS:
        publish(DAY, DAYS, {"date": told["date"]}, caller=caller)
        after = dt.date.fromisoformat(told["date"]) + dt.timedelta(days=1)
        values = _day(after, told=True)
    elif (late := clock.now() - KEPT - at) > dt.timedelta():
        passed_over = -(-late // AN_HOUR)
        values = _hour(at + passed_over * AN_HOUR, passed_over=passed_over)
    else:
        data = {"at": clock.local(at).isoformat(), **told}
        publish(HOUR, HOURS, data, caller=caller)
        values = _hour(at + AN_HOUR)
    Timer.update(values).where(Timer.id == row.id).execute()


def _day(day: dt.date, *, told: bool = False) -> dict[str, Any]:
    """The clock's row for a day: when it begins, and whether the one before was told."""
    begins = dt.datetime.combine(day, dt.time(), clock.zone()).astimezone(dt.UTC)
    data = json.dumps({"date": str(day), "told": told})
    return {"agg": DAYS, "name": "day", "at": begins, "data": data}


def _hour(at: dt.datetime, **told: Any) -> dict[str, Any]:
    """The clock's row for the hour that begins then, or next, on the wall of the instance."""
    wall = clock.local(at)
    begun = dt.timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    begins = at - begun + AN_HOUR if begun else at
    return {"agg": HOURS, "name": "hour", "at": begins, "data": json.dumps(told)}
