"""Who reads the log, how far each has come, and who is moving it just now."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee as pw

from lifang.events import log
from lifang.events.event import Handler
from lifang.events.log import Place
from lifang.events.tables import Subscription
from lifang.kit import clock

LEASE = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Subscriber:
    """A handler of a plugin: it reads the log with a cursor of its own."""

    plugin: str
    handler: Handler

    @property
    def name(self) -> str:
        """What the cursor is kept under: `dual_reporting.close_old_reports`."""
        return f"{self.plugin}.{self.handler.name}"


def subscribe(subscribers: Iterable[Subscriber]) -> None:
    """Let newcomers into the log at its present end; who has read before keeps its place.

    Called inside the transaction that switches a plugin on, nothing that happens afterwards is
    missed. Two dispatchers may do it at once: the second finds it done.
    """
    end = log.end()
    for one in subscribers:
        Subscription.insert(
            name=one.name, plugin=one.plugin, pos=end.position, xid=end.xid, **_declared(one)
        ).on_conflict_ignore().execute()
        Subscription.update(_declared(one)).where(Subscription.name == one.name).execute()


def _declared(one: Subscriber) -> dict[str, str]:
    """What a subscription keeps of its handler's declaration."""
    handler = one.handler
    return {"types": json.dumps(handler.types), "order": handler.order, "mode": handler.mode}


def places(everyone: Mapping[str, Subscriber], owner: str) -> dict[str, Place | None]:
    """Where subscriptions stand; None for one in another live dispatcher's hands.

    Newcomers are left out, and so is one whose handler is declared otherwise than it was.
    """
    found: Any = Subscription.select().where(Subscription.name.in_(list(everyone)))
    rows = [row for row in found if _declared(everyone[row.name]).items() <= row.__data__.items()]
    now = clock.now()
    return {
        row.name: Place(row.xid, row.pos)
        if row.lease_owner in (None, owner) or row.lease_until < now or gone(row.lease_owner)
        else None
        for row in rows
    }


def hold(plugin: str) -> dict[str, Place]:
    """Where a plugin's subscriptions stand; nobody moves them until this transaction ends."""
    mine = Subscription.plugin == plugin
    Subscription.update(plugin=plugin).where(mine).execute()
    return {row.name: Place(row.xid, row.pos) for row in Subscription.select().where(mine)}


def left(names: Collection[str], owner: str) -> set[str]:
    """Those of some subscriptions whose last holder ended without giving its lease back.

    What it was telling may have ended it. Of another host nothing is known but that time ran out.
    """
    rows: Any = Subscription.select().where(
        Subscription.name.in_(list(names)), Subscription.lease_owner != owner
    )
    now = clock.now()
    return {
        row.name
        for row in rows
        if gone(row.lease_owner) or (row.lease_until < now and not _here(row.lease_owner))
    }


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
    now, mine = clock.now(), Subscription.name.in_(list(names))
    if place is not None:
        mine &= (Subscription.xid == place.xid) & (Subscription.pos == place.position)
    holders: Any = Subscription.select(Subscription.lease_owner).where(mine).distinct().tuples()
    free = [holder for (holder,) in holders if holder == owner or (holder and gone(holder))]
    takeable = Subscription.lease_owner.is_null() | (Subscription.lease_until < now)
    if free:
        takeable |= Subscription.lease_owner.in_(free)
    Subscription.update(
        lease_owner=owner, lease_until=now + LEASE, inflight_pos=None, inflight_tries=0
    ).where(mine, takeable).execute()
    taken: Any = Subscription.select(Subscription.name).where(
        mine, Subscription.lease_owner == owner
    )
    return {row.name for row in taken}


def move(names: Collection[str], place: Place) -> None:
    """Put the cursors behind the last event that was told, in the same transaction."""
    Subscription.update(xid=place.xid, pos=place.position).where(
        Subscription.name.in_(list(names))
    ).execute()


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


def release(owner: str) -> None:
    """Give the leases back, so that another dispatcher need not wait for them to run out."""
    Subscription.update(lease_owner=None, lease_until=None).where(
        Subscription.lease_owner == owner
    ).execute()


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
