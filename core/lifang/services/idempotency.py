"""Requests that may arrive twice: the second copy gets the first one's answer and does nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
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
from lifang.services.gateway import write
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


@dataclass(frozen=True)
class Wish:
    """A write as a client asked for it: the arguments of the gateway, and the status it earns."""

    verb: str
    data: Mapping[str, Any]
    id: int | None = None
    version: int | None = None
    occurred_at: dt.datetime | None = None
    status: int = 200


def write_once(caller: Caller, resource: Resource[Any], wish: Wish, key: Key | None) -> View:
    """Do a write, or find that it was done; gives the record as the caller may see it now.

    What is kept for a day is the record's id and a digest of the request, in the transaction of the
    write itself, so a crash leaves both or neither. Raises Conflict when the key was used for
    another request.
    """
    if key is None:
        return present_one(caller, resource, _write(caller, resource, wish))
    try:
        with caller.instance.database.transaction():
            done = _known(caller, key)
            if done is None:
                record = _write(caller, resource, wish)
                _remember(caller, key, wish.status, int(record.id))
    except (Forbidden, NotFound) as denied:
        record_denial(caller, resource, wish.verb, wish.id, denied)
        raise
    if done is not None:
        return reading.view(caller, resource, done)
    return present_one(caller, resource, record)


def _write(caller: Caller, resource: Resource[Any], wish: Wish) -> Any:
    return write(
        resource,
        wish.verb,
        caller,
        wish.data,
        wish.id,
        version=wish.version,
        occurred_at=wish.occurred_at,
    )


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
