"""The clock as an event: one tick for every day of the instance's zone, told once and in order."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.events.tables import Timer
from lifang.kit import clock
from lifang.services.instance import Instance
from lifang.services.whole import whole

DAY, AGGREGATE = "core.clock.day", "core.clock/0"


@whole
def tick(instance: Instance) -> bool:
    """Publish the next day that has begun; says whether there was one.

    The timer's row names the day that comes next and moves on in the transaction of the event: two
    workers, a restart or a clock put back tell no day twice, and days on which nothing ran are told
    late, each with its own date. The first call of all only winds the clock.
    """
    row = _row()
    if row is not None and _day(row) > clock.today():
        return False
    with instance.database.transaction():
        row = _row()
        day = None if row is None else _day(row)
        if day is None or day > clock.today():
            if day is None:
                Timer.insert(agg=AGGREGATE, name=DAY, **_after(clock.today())).execute()
            return False
        publish(DAY, AGGREGATE, {"date": str(day)}, caller=machine(instance))
        Timer.update(**_after(day, told=True)).where(Timer.id == row.id).execute()
    return True


def ticked() -> bool:
    """Whether any day was told yet; none is on the day an instance begins to work."""
    row = _row()
    return row is not None and bool(json.loads(row.data)["told"])


def machine(instance: Instance) -> Caller:
    """The instance itself, for what nobody asked it to do."""
    return Caller(
        instance=instance, snapshot=instance.plugins.refresh(), name="core", source="event"
    )


def _row() -> Any:
    return Timer.get_or_none(Timer.agg == AGGREGATE, Timer.name == DAY)


def _day(row: Any) -> dt.date:
    return dt.date.fromisoformat(json.loads(row.data)["date"])


def _after(day: dt.date, *, told: bool = False) -> dict[str, Any]:
    """The timer for the day after one: when it begins, and whether the one before was told."""
    day += dt.timedelta(days=1)
    begins = dt.datetime.combine(day, dt.time(), clock.zone())
    return {"at": begins, "data": json.dumps({"date": str(day), "told": told})}
