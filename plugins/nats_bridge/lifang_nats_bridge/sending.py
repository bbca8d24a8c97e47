"""What happened here, told to others: an event is a message, and told once the broker stored it."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial

import peewee as pw

import lifang as lf
from lifang_nats_bridge.line import ROOT, Line, line_of

OWN = "nats_bridge."
NOWHERE = "-"
"""Stands in a subject for the community of an event that has none: days, hours, accounts."""

REMEMBERED = 10_000


class Stream(lf.Record):
    """The stream that was met last: another one of its name has lost what that one was told."""

    name = pw.CharField(max_length=60, unique=True)
    made = pw.CharField(max_length=80)

    class Meta:
        """Kept by the bridge for itself."""

        table_name = "nats_bridge_stream"


@lf.on(lf.ANY, mode="ext")
def publish(event: lf.Event, caller: lf.Caller) -> None:
    """Tell an event to the broker, unless it came in over the bridge itself: no message circles."""
    if event.type.startswith(OWN):
        return
    line = line_of(caller)
    _demand_met(line, caller)
    codes = _codes(event, caller)
    told = lf.CloudEvent.of(
        event,
        caller.instance.id,
        data=lf.masked(event, caller),
        **({"communities": " ".join(codes)} if codes else {}),
    )
    binary = caller.instance.settings.broker_form == "binary"
    headers, body = told.binary() if binary else told.structured()
    headers["Nats-Msg-Id"] = f"{told.source}/{told.id}"
    line.publish(f"{ROOT}.{_part(codes)}.{event.type}", body, headers)


def _part(codes: list[str]) -> str:
    return re.sub("[^0-9A-Za-z_-]", "_", codes[0]) if codes else NOWHERE


_known: dict[tuple[int, str, tuple[int, ...]], list[str]] = {}


def _codes(event: lf.Event, caller: lf.Caller) -> list[str]:
    """The codes of an event's communities, the deepest first, of those where the bridge is on."""
    key = (caller.snapshot.epoch, caller.instance.id, event.communities)
    if key not in _known:
        if len(_known) >= REMEMBERED:
            _known.clear()
        found = _communities(event, caller)
        _known[key] = [one.code for one in sorted(found, key=lambda one: -len(one.path))]
    return _known[key]


def _communities(event: lf.Event, caller: lf.Caller) -> list[lf.Community]:
    if not event.communities:
        return []
    communities = caller.instance.registry.of(lf.Community)
    return list(lf.each(communities, caller, id=list(event.communities)))


def _demand_met(line: Line, caller: lf.Caller) -> None:
    """Ask to be told again what a stream that was met before does not hold any more."""
    made = line.made()
    if made == line.met:
        return
    met = Stream.get_or_none(Stream.name == line.stream)
    if met is not None and made in (met.made, met.made.partition("/")[0]):
        line.met = made
        return
    hours = caller.instance.settings.broker_again_hours if met is not None else 0
    since = lf.now() - dt.timedelta(hours=hours)
    raise lf.Rewind(since, partial(_remember, line.stream, made))


def _remember(name: str, made: str) -> None:
    if not Stream.update(made=made).where(Stream.name == name).execute():
        Stream.create(name=name, made=made)
