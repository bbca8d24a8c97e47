"""What an instance tells of itself in figures, for a monitor: nobody is named in them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import peewee as pw

from lifang.entities.audit import AuditEntry
from lifang.entities.job import Job
from lifang.kit import clock
from lifang.services.delivery import Lag, lag
from lifang.services.event_log import last_position
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.upkeep.backup import outcomes
from lifang.upkeep.stalls import patience

Rows = Sequence[tuple[dict[str, str], float]]
"""Values, each with its labels."""
Figure = tuple[str, str, str, Rows]
"""Its name, whether it is a gauge or a counter, what it means, and its values."""

FREE_SHARE = 0.05
"""With less of the disk free than this, the instance does not call itself ready."""

LAGS: tuple[tuple[str, str, Callable[[Lag, float], float]], ...] = (
    ("behind", "Events a subscriber has still to be told.", lambda one, _most: one.behind),
    ("lag_seconds", "Age of the oldest event it has still to be told.", lambda one, _: _age(one)),
    ("late", "Whether that is more than lag_minutes.", lambda one, most: int(_age(one) > most)),
    ("retrying", "Deliveries that wait for another try.", lambda one, _most: one.retrying),
    ("dead", "Deliveries that are tried no more.", lambda one, _most: one.dead),
)
"""What is told of every subscriber, with the seconds that an event may wait."""


def figures(instance: Instance) -> Iterator[Figure]:
    """Everything that the database, the folder and the disk tell."""
    gauge = "gauge"
    last, told, most = last_position(), lag(instance), patience(instance).total_seconds()
    meaning = "Events that were told, by the highest position."
    yield "events_total", "counter", meaning, [({}, last)]
    for name, meaning, figure in LAGS:
        rows = [({"subscriber": one.name}, figure(one, most)) for one in told]
        yield f"events_{name}", gauge, meaning, rows
    number = pw.fn.COUNT(Job.id)
    jobs: Any = Job.select(Job.state, number).group_by(Job.state).order_by(Job.state)
    yield "jobs", gauge, "Jobs by state.", [({"state": state}, n) for state, n in jobs.tuples()]
    loose = AuditEntry.select().where(AuditEntry.seq.is_null()).count()
    sealed = AuditEntry.select(pw.fn.MAX(AuditEntry.seq)).scalar() or 0
    yield "audit_sealed", gauge, "The last sealed entry of the audit trail.", [({}, sealed)]
    yield "audit_unsealed", gauge, "Entries that are not sealed yet.", [({}, loose)]
    good = outcomes(instance.settings).get("good")
    made = [clock.now() - dt.datetime.fromisoformat(good["at"])] if good else []
    rows = [({}, age.total_seconds()) for age in made]
    yield "backup_age_seconds", gauge, "Age of the last good backup.", rows
    engine: Any = instance.database.engine
    rows = [({"state": "used"}, len(engine._in_use)), ({"state": "idle"}, len(engine._connections))]
    yield "database_connections", gauge, "Connections of this process.", rows
    disk = shutil.disk_usage(instance.settings.home)
    rows = [({}, disk.free / disk.total)]
    yield "disk_free_ratio", gauge, "The part of the disk that is free.", rows


def outstanding(instance: Instance) -> list[str]:
    """The migrations that are due, each after whose it is; raises NotReady for a newer database."""
    return [
        f"{plugin.id} {name}"
        for plugin in list(instance.plugins.loaded.values())
        for name in migrations.pending(instance.database, plugin.id, plugin.migrations)
    ]


def _age(one: Lag) -> float:
    waits = clock.now() - one.oldest if one.oldest is not None else None
    return round(max(waits.total_seconds(), 0.0), 3) if waits else 0
