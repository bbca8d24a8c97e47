"""A log with old events in it, and what is left of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import (
    EventArchive,
    EventRow,
)
from lifang.services.instance import Instance
from lifang.upkeep import event_files, sweeping
from tests.core.events.listeners import HEARD, note

LONG_AGO = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
TODAY = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
BESIDE = "core.thing.seen"

Publish = Callable[..., list[int]]


@on(HEARD)
def steady(event: Event, caller: Caller) -> None:
    note("steady", event)


def keep(instance: Instance, *told: tuple[str, int | str]) -> None:
    """What lifang.toml says."""
    instance.settings = replace(instance.settings, retention=told)


def positions(type: str | None = None) -> list[int]:
    rows = EventRow.select(EventRow.pos).order_by(EventRow.pos)
    return [row.pos for row in (rows.where(EventRow.type == type) if type else rows)]


def archived(boss: Caller) -> list[int]:
    """The positions that archives answer for."""
    files = [one for one in sweeping.archives(boss) if one.state == "done"]
    return sorted(
        event.position
        for one in files
        for event in sweeping.shown(boss, event_files.Path(one.name))
    )


def nothing_lost(boss: Caller, before: list[int]) -> None:
    """Each event is in the log or in the archives, once."""
    assert sorted([*positions(), *archived(boss)]) == before
    assert EventArchive.select().where(EventArchive.turn == 1).count() == 0
