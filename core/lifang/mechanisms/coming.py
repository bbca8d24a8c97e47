"""What has to be done by a day: the open deadlines of records, as far as a caller sees those."""

from __future__ import annotations

import datetime as dt
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.events.tables import Timer
from lifang.resources.resource import Resource
from lifang.services.query import Query, conditions


def hurried(until: dt.datetime) -> set[str]:
    """The plugins any of whose records has a deadline before a moment."""
    told: Any = Timer.select(Timer.plugin).where(Timer.at < until, ~Timer.rule.is_null()).distinct()
    return {row[0] for row in told.tuples()}


def coming(
    caller: Caller, resource: Resource[Any], query: Query, *, until: dt.datetime, limit: int
) -> list[tuple[dt.datetime, int]]:
    """The deadlines before a moment, the nearest first: when each ends, and its record's id."""
    model: Any = resource.model
    head = f"{resource.aggregate}/"
    mine = Timer.agg.startswith(head)
    number = pw.fn.SUBSTR(Timer.agg, len(head) + 1).cast("bigint")
    # what lies behind the slash is a number only of those: elsewhere a cast may fail
    record = pw.Case(None, [(mine, number)])
    rows = model.select(Timer.at, model.id).join(Timer, on=(record == model.id))
    told = [mine, Timer.at < until, ~Timer.rule.is_null()]
    told += conditions(caller, resource, query, apart=False, gathering=False)
    return list(rows.where(*told).order_by(Timer.at, model.id).limit(limit).tuples())
