"""From an event to the endpoints that want it, and from there out, each endpoint by itself.

What an endpoint is to be told becomes an event of that endpoint, in the transaction that reads the
original: its own aggregate, so it has an order, retries and dead letters of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import lifang as lf
from lifang import _
from lifang_webhooks import signing
from lifang_webhooks.models import Attempt, Endpoint
from lifang_webhooks.resources import endpoints, pause
from lifang_webhooks.sending import Answer, post

DUE, PING = "webhooks.endpoint.due", "webhooks.endpoint.tested"
KEPT = 50
"""Attempts of each endpoint that can be looked at."""

FEW = 3
"""Tries of what the receiver refuses: asking eight times would not change its mind."""

LONGEST_WAIT = 3_600.0
"""Seconds that a receiver may ask us to wait."""

GIVEN_UP = dt.timedelta(days=3)
"""How long nothing may have got through before an endpoint is paused."""

GONE, BUSY = 410, (429, 503)


class NotTaken(Exception):
    """The receiver did not take an event; it is told again later."""


@lf.on(lf.ANY)
def spread(event: lf.Event, caller: lf.Caller) -> None:
    """Let every endpoint that wants an event be told it; nobody is told of what is to be told."""
    if event.type == DUE:
        return
    messages: dict[tuple[int, ...], dict[str, Any]] = {}
    for endpoint, seen in _wanting(event, caller):
        known = tuple(sorted(seen))
        if known not in messages:
            data = lf.masked(event, caller, set(event.communities) - seen.keys())
            more = {"communities": " ".join(seen[one] for one in known)}
            told = lf.CloudEvent.of(event, caller.instance.id, data=data, **more)
            messages[known] = asdict(told)
        lf.tell(endpoint, caller, "due", event=messages[known])


def _wanting(event: lf.Event, caller: lf.Caller) -> Iterator[tuple[Endpoint, dict[int, str]]]:
    """The endpoints that are told an event, with the codes of its communities they may know of.

    A test goes to the endpoint that asked for it. Nobody is told what happened before it was made.
    """
    standing = Endpoint.removed_at.is_null() & (Endpoint.state == "active")
    rows: Any = Endpoint.select(Endpoint.id, Endpoint.types, lf.Community.path)
    rows = rows.join(lf.Community).where(standing).order_by(Endpoint.id).tuples()
    wanting = [(number, path) for number, types, path in rows if _wants(number, types, event)]
    if not wanting or not event.communities:
        return
    told: Any = lf.Community.select(lf.Community.id, lf.Community.code, lf.Community.path)
    places = list(told.where(lf.Community.id.in_(event.communities)).tuples())
    near = {
        number: seen
        for number, above in wanting
        if (seen := {place: code for place, code, path in places if path.startswith(above)})
    }
    for endpoint in lf.each(endpoints, caller, id=list(near)) if near else ():
        if endpoint.created_at <= event.at:
            yield endpoint, near[int(endpoint.id)]


def _wants(number: int, types: str, event: lf.Event) -> bool:
    if event.type == PING:
        return number == event.subject
    return not {event.type, lf.ANY}.isdisjoint(types.split())


@lf.on(DUE, mode="ext", apart=True)
def send(event: lf.Event, caller: lf.Caller) -> None:
    """Send one event to one endpoint, and keep how it went."""
    endpoint = lf.find(endpoints, caller, id=event.subject)
    if endpoint is None:
        return  # removed since: nobody is left to be told
    if endpoint.state != "active":
        raise lf.Dead(_("接收地址已暂停：{reason}", reason=endpoint.reason or ""))
    message = lf.CloudEvent(**event.data["event"])
    told, body = message.binary() if endpoint.form == "binary" else message.structured()
    told |= signing.headers(endpoint, caller, event.key, body)
    answer = post(endpoint.address, told, body, caller.instance.settings.outbound_allow)
    tries = _note(endpoint, event, message, answer, caller)
    if answer.error is not None:
        _failed(endpoint, answer, tries, caller)


def _failed(endpoint: Endpoint, answer: Answer, tries: int, caller: lf.Caller) -> None:
    """Say what becomes of an event that was not taken; the endpoint may be paused by it."""
    error = answer.error or ""
    if answer.status == GONE:
        lf.act(pause, endpoint, caller, reason=_("对方回答 410：不再接收"))
        raise lf.Dead(error)
    since = endpoint.failing_since
    if since is not None and lf.now() - since >= GIVEN_UP:
        why = _("连续 {n} 天没有发成：{error}", n=GIVEN_UP.days, error=error)
        lf.act(pause, endpoint, caller, reason=why)
        raise lf.Dead(error)
    if answer.wait is not None and answer.status in BUSY:
        raise lf.RetryAfter(min(answer.wait, LONGEST_WAIT), error)
    final = answer.refused or (300 <= (answer.status or 0) < 500 and answer.status not in BUSY)
    if final and tries >= FEW:
        raise lf.Dead(error)
    raise NotTaken(error)


def _note(
    endpoint: Endpoint,
    event: lf.Event,
    message: lf.CloudEvent,
    answer: Answer,
    caller: lf.Caller,
) -> int:
    """Keep how a try went, the latest ones of each endpoint; says the how many-th of this event.

    Nobody did this, so it is neither audited nor told: it is what the machine knows of its own.
    """
    database, now = caller.instance.database, lf.now()
    error = answer.error[:200] if answer.error else None
    if error is None:
        stamps: dict[str, Any] = {"last_success": now, "failing_since": None, "problem": None}
    else:
        since = endpoint.failing_since or now
        stamps = {"last_failure": now, "failing_since": since, "problem": error}

    def note() -> int:
        with database.transaction():
            Attempt.insert(
                endpoint=endpoint, at=now, type=message.type, event=int(message.id),
                delivery=event.position, status=answer.status, ms=answer.ms, error=error,
            ).execute()  # fmt: skip
            mine: Any = Attempt.select(Attempt.id).where(Attempt.endpoint == endpoint)
            newest = mine.order_by(Attempt.id.desc()).limit(KEPT)
            Attempt.delete().where(
                Attempt.endpoint == endpoint, Attempt.id.not_in(newest)
            ).execute()
            Endpoint.update(stamps).where(Endpoint.id == endpoint.id).execute()
            return int(mine.where(Attempt.delivery == event.position).count())

    return database.whole(note)
