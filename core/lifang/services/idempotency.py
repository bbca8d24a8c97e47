"""Requests that may arrive twice: the second copy gets the first one's answer and does nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lifang.entities.account import Idempotency
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.auditing import record_denial
from lifang.services.presenting import View, present_one

KEPT_FOR = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Key:
    """What a client calls a request, and what tells the request from any other."""

    name: str
    route: str
    body: bytes

    @property
    def digest(self) -> str:
        """What is kept of the body."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Turn:
    """One arrival of a request: `done` is the record an earlier copy made, else `record` is new."""

    caller: Caller
    resource: Resource[Any]
    done: int | None = None
    record: Any = None

    def view(self) -> View:
        """The record as the caller may see it now, whichever copy of the request wrote it."""
        if self.done is not None:
            return reading.view(self.caller, self.resource, self.done)
        return present_one(self.caller, self.resource, self.record)


def answered(caller: Caller, key: Key) -> int | None:
    """The number an earlier copy of this request was answered with.

    For what may be done twice without harm: a copy that comes meanwhile, or after a crash, goes on.
    """
    with caller.instance.database.transaction():
        return _known(caller, key)


def answer(caller: Caller, key: Key, number: int) -> None:
    """Keep the number a request is answered with for its copies."""
    with caller.instance.database.transaction():
        if _known(caller, key) is None:
            _remember(caller, key, 200, number)


def once(
    caller: Caller,
    resource: Resource[Any],
    verb: str,
    key: Key | None,
    act: Callable[[], Any],
    *,
    id: int | None = None,
) -> Turn:
    """Let a write happen once for every key: `act` writes and gives the record.

    What is kept for a day is the record's id and a digest of the request, in the transaction of the
    write itself, so a crash leaves both or neither. Raises Conflict when the key was used for
    another request.
    """
    if key is None:
        return Turn(caller, resource, record=act())

    def run() -> Turn:
        with caller.instance.database.transaction():
            turn = Turn(caller, resource, _known(caller, key))
            if turn.done is None:
                turn.record = act()
                _remember(caller, key, 201 if id is None else 200, int(turn.record.id))
            return turn

    try:
        return caller.instance.database.whole(run)
    except (Forbidden, NotFound) as denied:
        record_denial(caller, resource, verb, id, denied)
        raise


def _known(caller: Caller, key: Key) -> int | None:
    """The record an earlier copy of this request was about; older keys are forgotten on the way."""
    mine = Idempotency.account == caller.account
    Idempotency.delete().where(mine, Idempotency.at < clock.now() - KEPT_FOR).execute()
    row = Idempotency.get_or_none(mine, Idempotency.key == key.name)
    if row is None:
        return None
    if (row.route, row.body) != (key.route, key.digest):
        sentence = _("这个 Idempotency-Key 已用于另一个请求；请换一个")
        raise Conflict(sentence, reason="idempotency_key")
    return int(row.record or 0)


def _remember(caller: Caller, key: Key, status: int, record: int) -> None:
    Idempotency.create(
        account=caller.account,
        key=key.name,
        route=key.route,
        body=key.digest,
        status=status,
        record=record,
        at=clock.now(),
    )
