"""How long events stay in the log: what is due, who still needs it, and who holds it back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.events import log
from lifang.events.event import wanted
from lifang.events.log import Place
from lifang.events.payloads import LATEST, Keep
from lifang.events.tables import Catchup, EventArchive, EventRow, Retry, Subscription
from lifang.kit import clock
from lifang.services.delivery import subscribers_of
from lifang.services.instance import Instance

YOUNGEST = dt.timedelta(hours=1)
"""No younger event goes, so that every transaction that numbers behind one has ended."""


@dataclass(frozen=True)
class Rule:
    """How long events of a type stay: a number of days, or the latest of each record."""

    type: str
    keep: int | str

    def old(self, late: dt.timedelta = dt.timedelta()) -> list[Any]:
        """The conditions of what is old enough since `late` ago."""
        days = YOUNGEST if self.keep == LATEST else dt.timedelta(days=int(self.keep))
        return [EventRow.type == self.type, EventRow.at < clock.now() - days - late]

    def due(self, late: dt.timedelta = dt.timedelta()) -> list[Any]:
        """The conditions of what need not stay any longer."""
        told = self.old(late)
        if self.keep == LATEST:
            newer: Any = EventRow.alias()
            same = (newer.agg == EventRow.agg) & (newer.type == EventRow.type)
            later = newer.select(newer.pos).where(same, newer.seq > EventRow.seq)
            told += [pw.fn.EXISTS(later)]
        return told


def rules(instance: Instance) -> list[Rule]:
    """What is declared by the plugins that are loaded, or otherwise by lifang.toml."""
    told: dict[str, Keep] = {one.type: one.keep for one in instance.plugins.payloads.values()}
    told |= dict(instance.settings.retention)
    return [Rule(type, keep) for type, keep in sorted(told.items()) if keep not in (None, "keep")]


def needs(instance: Instance, type: str) -> list[tuple[str, Place]]:
    """Who has still to be told of a type from where on: every cursor and every open range.

    It plays no part whether a subscriber's plugin is on, paused or gone.
    """
    loaded = {
        one.name: one.handler.types
        for plugin in list(instance.plugins.loaded.values())
        for one in subscribers_of(plugin)
    }
    rows: Any = Subscription.select().order_by(Subscription.name)
    hear = {
        row.name: Place(row.xid, row.pos)
        for row in rows
        if wanted({*json.loads(row.types), *loaded.get(row.name, ())}, type)
    }
    ranges: Any = Catchup.select().where(Catchup.sub.in_(list(hear)), Catchup.to_pos.is_null())
    return [*hear.items(), *((one.sub, Place(one.xid, one.pos)) for one in ranges)]


def free(instance: Instance, type: str) -> list[Any]:
    """The conditions of what nobody needs: told to all, waiting for nobody, and not the newest.

    The newest event stays so that the end of the log never goes back.
    """
    waiting = Retry.select(Retry.pos).where(Retry.state != "skipped")
    newest = EventRow.select(pw.fn.MAX(EventRow.pos))
    told = [EventRow.pos.not_in(waiting), EventRow.pos < newest, EventRow.pos != log.end().position]
    places = [place for _name, place in needs(instance, type)]
    return [*told, ~log.ahead_of(min(places))] if places else told


@dataclass(frozen=True)
class Due:
    """What of a type would go: how many events, since when, and what is held back by whom."""

    type: str
    keep: int | str
    events: int
    oldest: dt.datetime | None
    held: int
    by: tuple[str, ...]


def due(instance: Instance) -> list[Due]:
    """What would go now, by type."""
    return [_due(instance, rule) for rule in rules(instance)]


def _due(instance: Instance, rule: Rule) -> Due:
    conditions = rule.due()
    goes: Any = EventRow.select(pw.fn.COUNT(EventRow.pos), pw.fn.MIN(EventRow.at))
    events, oldest = goes.where(*conditions, *free(instance, rule.type)).tuples().first()
    held = EventRow.select().where(*conditions).count() - events
    since = dt.datetime.fromisoformat(oldest) if isinstance(oldest, str) else oldest
    by = tuple(_holders(instance, rule, conditions)) if held else ()
    return Due(rule.type, rule.keep, events, since, held, by)


def held_back(instance: Instance, late: dt.timedelta) -> Iterator[tuple[str, list[str]]]:
    """The types of which something should be gone since `late` ago, and who holds it back."""
    for rule in rules(instance):
        gone = rule.due(late)
        if EventRow.select().where(*gone).exists() and (by := _holders(instance, rule, gone)):
            yield rule.type, by


def _holders(instance: Instance, rule: Rule, conditions: list[Any]) -> list[str]:
    names = [
        name
        for name, place in needs(instance, rule.type)
        if EventRow.select().where(*conditions, log.ahead_of(place)).exists()
    ]
    waits: Any = Retry.select(Retry.sub).join(EventRow, on=(EventRow.pos == Retry.pos))
    rows = waits.where(Retry.state != "skipped", *conditions).distinct().tuples()
    return sorted({*names, *(name for (name,) in rows)})


def begins(plugin: str) -> int | None:
    """From which position on the log holds all that a plugin's handlers hear; None: it always did.

    What was removed before lies in archives, and is told to nobody any more.
    """
    rows: Any = Subscription.select(Subscription.types).where(Subscription.plugin == plugin)
    types = {type for row in rows for type in json.loads(row.types)}
    removed: Any = EventArchive.select(EventArchive.types).where(EventArchive.state != "writing")
    lasts = [
        last
        for row in removed
        for type, (_events, last) in json.loads(row.types).items()
        if wanted(types, type)
    ]
    return max(lasts) + 1 if lasts else None
