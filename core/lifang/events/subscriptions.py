"""Who reads the log, how far each has come, and who is moving it just now."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import peewee as pw

from lifang.events import log
from lifang.events.event import Handler
from lifang.events.log import Place
from lifang.events.tables import Subscription
from lifang.kit import clock
from lifang.store.database import ask, order
from lifang.store.statements import padded

LEASE = dt.timedelta(seconds=5)
LIVE, PAUSED = "live", "paused"


@dataclass(frozen=True)
class Subscriber:
    """A handler of a plugin: it reads the log with a cursor of its own."""

    plugin: str
    handler: Handler

    @cached_property
    def name(self) -> str:
        """What the cursor is kept under: `dual_reporting.suggest_transfer`."""
        return f"{self.plugin}.{self.handler.name}"

    @cached_property
    def declared(self) -> dict[str, str]:
        """What a subscription keeps of its handler's declaration."""
        one = self.handler
        return {"types": json.dumps(one.types), "order": one.order, "mode": one.mode}


def subscribe(subscribers: Iterable[Subscriber]) -> None:
    """Let newcomers into the log at its present end; who has read before keeps its place.

    Called inside the transaction that switches a plugin on, nothing that happens afterwards is
    missed. Two dispatchers may do it at once: the second finds it done.
    """
    end, known = log.end(), {one.name: one for one in _all()}
    subscribers = list(subscribers)
    news = [one for one in subscribers if one.name not in known]
    rows: Any = [
        {"name": one.name, "plugin": one.plugin, "pos": end.position, "xid": end.xid} | one.declared
        for one in news
    ]
    if rows:
        Subscription.insert_many(rows).on_conflict_ignore().execute()
    for one in subscribers:
        if one.name in known and tuple(one.declared.values()) != known[one.name][:3]:
            Subscription.update(one.declared).where(Subscription.name == one.name).execute()


def places(everyone: Mapping[str, Subscriber], owner: str) -> dict[str, Place | None]:
    """Where subscriptions stand; None for one in another live dispatcher's hands.

    Newcomers are left out, and so is one whose handler is declared otherwise than it was.
    """
    now = clock.fixed(clock.now())
    return {
        one.name: Place(one.xid, one.pos) if one.is_free(owner, now) else None
        for one in _all()
        if one.name in everyone and tuple(everyone[one.name].declared.values()) == one[:3]
    }


class _Standing(NamedTuple):
    """A subscription as it is stored."""

    types: str
    order: str
    mode: str
    name: str
    xid: int
    pos: int
    lease_owner: str | None
    lease_until: str
    state: str

    def is_free(self, owner: str, now: str) -> bool:
        """Whether an owner may take it: it is its own, nobody's, or of somebody who has ended.

        What somebody has paused is free for nobody.
        """
        holder = self.lease_owner
        return self.state == LIVE and (
            holder is None or holder == owner or self.lease_until < now or gone(holder)
        )


def _all() -> list[_Standing]:
    columns = [getattr(Subscription, name) for name in _Standing._fields]
    return [_Standing(*row) for row in ask("all", (), lambda _: Subscription.select(*columns))]


def hold(plugin: str) -> dict[str, Place]:
    """Where a plugin's subscriptions stand; nobody moves them until this transaction ends."""
    mine = Subscription.plugin == plugin
    Subscription.update(plugin=plugin).where(mine).execute()
    return {row.name: Place(row.xid, row.pos) for row in Subscription.select().where(mine)}


def left(names: Collection[str], owner: str) -> set[str]:
    """Those of some subscriptions whose last holder ended without giving its lease back.

    What it was telling may have ended it. Of another host nothing is known but that time ran out.
    """
    now = clock.fixed(clock.now())
    return {
        name
        for *_declared, name, _xid, _pos, holder, until, _state in _all()
        if name in names and holder not in (None, owner)
        and (gone(str(holder)) or (until < now and not _here(str(holder))))
    }  # fmt: skip


def mark(name: str, owner: str, position: int, *, place: Place | None = None) -> int | None:
    """Note what is about to be told, to be committed before; None when it is in other hands.

    Says how many processes have ended while they told just this; `claim` takes the note away in the
    transaction that tells it, or that keeps how it went. With `place`, only where it stands there.
    """
    row: Any = Subscription.get_by_id(name)
    times = row.inflight_tries if row.inflight_pos == position else 0
    if times and row.lease_owner == owner:
        times -= 1  # this process noted it and goes on
    if not claim([name], owner, place=place):
        return None
    Subscription.update(inflight_pos=position, inflight_tries=times + 1).where(
        Subscription.name == name
    ).execute()
    return int(times)


def switch(name: str, state: str) -> bool:
    """Pause a subscription or let it go on; says whether it was otherwise before.

    Whoever tells it just then finishes, or, outside transactions, keeps what was told and no more.
    """
    mine = (Subscription.name == name) & (Subscription.state != state)
    return bool(Subscription.update(state=state).where(mine).execute())


def renew(name: str, owner: str) -> bool:
    """Keep a lease while something takes long; says whether it was still held."""
    mine = (Subscription.name == name) & (Subscription.lease_owner == owner)
    until = clock.now() + LEASE
    return bool(Subscription.update(lease_until=until).where(mine).execute())


def claim(names: Collection[str], owner: str, *, place: Place | None = None) -> set[str]:
    """Take the lease of some subscriptions inside the delivering transaction; gives those taken.

    Whoever holds the rows' lock now is the only one to move them, so two dispatchers never run a
    handler for the same event: with `place`, only those that still stand there are taken.
    """
    now, until = clock.fixed(clock.now()), clock.fixed(clock.now() + LEASE)
    taken = {
        one.name
        for one in _all()
        if one.name in names and place in (None, (one.xid, one.pos)) and one.is_free(owner, now)
    }

    def build(told: Sequence[Any]) -> Any:
        lease = {"lease_owner": told[0], "lease_until": told[1]}
        return Subscription.update(**lease, inflight_pos=None, inflight_tries=0).where(
            Subscription.name.in_(told[2:])
        )

    if taken:
        order("claim", [owner, until, *padded(sorted(taken))], build)
    return taken


def move(names: Collection[str], place: Place) -> None:
    """Put the cursors behind the last event that was told, in the same transaction."""

    def build(told: Sequence[Any]) -> Any:
        moved = Subscription.update(xid=told[0], pos=told[1])
        return moved.where(Subscription.name.in_(told[2:]))

    if names:
        order("move", [*place, *padded(sorted(names))], build)


def move_back(name: str, place: Place) -> None:
    """Put a cursor back to a place it has passed."""
    stands = pw.Tuple(Subscription.xid, Subscription.pos) > pw.Tuple(*place)
    Subscription.update(xid=place.xid, pos=place.position).where(
        Subscription.name == name, stands
    ).execute()


def trouble(name: str, sentence: str | None) -> None:
    """Keep what has a whole subscription stand still, for those who look after it, or forget it."""
    troubled = Subscription.trouble.is_null() if sentence else ~Subscription.trouble.is_null()
    changed = (Subscription.trouble != sentence) | troubled if sentence else troubled
    Subscription.update(trouble=sentence).where(Subscription.name == name, changed).execute()


def troubled(names: Collection[str]) -> set[str]:
    """Those of some subscriptions that wait as a whole."""
    mine = Subscription.name.in_(list(names)) & ~Subscription.trouble.is_null()
    return {row.name for row in Subscription.select(Subscription.name).where(mine)}


def release(owner: str, names: Collection[str] | None = None) -> None:
    """Give leases back, of some or of all, so that nobody need wait for them to run out."""
    mine = Subscription.lease_owner == owner
    if names is not None:
        mine &= Subscription.name.in_(list(names))
    given = {"lease_owner": None, "lease_until": None, "inflight_pos": None, "inflight_tries": 0}
    Subscription.update(given).where(mine).execute()


def this_process() -> str:
    """Name this process so that another on the same host can tell whether it still runs."""
    pid = os.getpid()
    return f"{socket.gethostname()[:40]}/{pid}/{_started(pid)}"


def gone(owner: str) -> bool:
    """Whether a holder was a process of this host that has ended; another may have its number."""
    host, pid, started = owner.rsplit("/", 2)
    return _here(owner) and pid.isdigit() and _started(int(pid)) != started


def _here(owner: str) -> bool:
    """Whether a holder was a process of this host, so that one can know what became of it."""
    return owner.startswith(f"{socket.gethostname()[:40]}/")


def _started(pid: int) -> str | None:
    """When a process started, as the kernel counts; None when it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = told.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] == "Z" else fields[19]
