"""Removing old events from the log: each is archived and the archive read back before it goes.

One file at a time, and a row tells how far it is. Killed while the file is written, the file is
thrown away; killed while its events are removed, the next sweep goes on behind the last one that is
gone. So an event is in the log or in the archive, and what a file holds of the log counts for
nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import secrets
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.events import inbox, log
from lifang.events.publish import last_numbers
from lifang.events.subscriptions import gone, this_process
from lifang.events.tables import (
    EventArchive,
    EventNumber,
    EventRow,
    EventScope,
    Inbox,
    Retry,
    Subscription,
)
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, LifangError, NotReady
from lifang.kit.shapes import shaped
from lifang.kit.words import _
from lifang.plugins.tables import Epoch
from lifang.services import clockwork, event_log, retention
from lifang.services.auditing import Change, record_note
from lifang.services.event_log import SeenEvent
from lifang.services.instance import Instance
from lifang.services.retention import Due
from lifang.upkeep import event_files

PAGE, MOST = 200, 10_000
"""Events looked at in one go, and at most so many in a file."""

AT_ONCE, HOLD = 100, 0.005
"""Events removed by one statement, and seconds of held write lane after which others come first."""

SILENT = dt.timedelta(hours=1)
"""How long after its last sign another host's sweep is taken over."""

Steps = Generator[None, None, None]

logger = logging.getLogger("lifang.retention")


@dataclass(frozen=True)
class Archive:
    """A file of events that were removed: how many of each type, and whether it is in its place."""

    name: str
    at: dt.datetime
    events: int
    first: int
    last: int
    types: dict[str, int]
    state: str
    present: bool


class Sweeper:
    """The worker's share: a sweep every hour, a little at a time."""

    def __init__(self, instance: Instance) -> None:
        """Work for an instance."""
        self._instance, self._stopped = instance, False
        self._work: Steps | None = None

    def step(self) -> bool:
        """Do the next bit; says whether there is more. A clock that leapt is not believed."""
        if self._stopped or clockwork.leap():
            return self._end()
        try:
            self._work = self._work or sweep(clockwork.machine(self._instance))
            next(self._work)
        except (StopIteration, Conflict):  # somebody else sweeps just now
            return self._end()
        except BaseException:
            self._end()
            raise
        return True

    def stop(self) -> None:
        """Leave it where it is: the next start goes on there."""
        self._stopped = True
        self._end()

    def _end(self) -> bool:
        work, self._work = self._work, None
        if work is not None:
            work.close()
        return False


def plan(caller: Caller) -> list[Due]:
    """What a sweep would remove, by type; raises Forbidden for all but platform administrators."""
    _demand(caller)
    return retention.due(caller.instance)


def run(caller: Caller) -> list[Archive]:
    """Sweep now; gives the files that were made or finished.

    Raises Forbidden for all but platform administrators, NotReady while the clock is not believed,
    Conflict while another process sweeps.
    """
    _demand(caller)
    if leapt := clockwork.leap():
        raise NotReady(_("时钟比上次走时快了 {n} 天，不能据此删除事件；先运行 lifang serve 或 "
                         "lifang worker 核对时钟", n=leapt.days))  # fmt: skip
    before = {one.name for one in _files(caller.instance) if one.state == "done"}
    for _step in sweep(caller):
        pass
    return [one for one in _files(caller.instance) if one.name not in before]


def archives(caller: Caller) -> list[Archive]:
    """Every file that holds removed events; Forbidden for who may not see all of them."""
    if not event_log.sees_all(caller):
        raise event_log.unseen()
    return _files(caller.instance)


def shown(caller: Caller, file: Path) -> Iterator[SeenEvent]:
    """The removed events of a file, as pages show events; a bare name lies in the archive folder.

    Raises Forbidden for who may not see all events; NotFound, Invalid or NotReady for a file that
    cannot be used.
    """
    if not event_log.sees_all(caller):
        raise event_log.unseen()
    path = event_files.folder(caller.instance) / file  # one with a place of its own stays there
    row: Any = EventArchive.get_or_none(EventArchive.name == path.name)
    kept = set(json.loads(row.kept)) if row else set()
    removed = (
        event
        for event in event_files.read(path, caller.instance.settings.key_file)
        if not row or (event.position <= row.done and event.position not in kept)
    )
    for some in pw.chunked(removed, PAGE):
        yield from event_log.shown(caller, caller.instance.events.today(list(some)))


def _files(instance: Instance) -> list[Archive]:
    rows: Any = EventArchive.select().where(EventArchive.state != "writing")
    place = event_files.folder(instance)
    found = []
    for row in rows.order_by(EventArchive.at, EventArchive.name):
        types = {type: events for type, (events, _last) in json.loads(row.types).items()}
        found.append(shaped(Archive, row, types=types, present=(place / row.name).exists()))
    return found


def _demand(caller: Caller) -> None:
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以归档事件"))


def sweep(caller: Caller) -> Steps:
    """Archive and remove what is due, a little between one `next` and another."""
    instance = caller.instance
    yield from _resume(caller)
    found: list[int] = []
    for rule in retention.rules(instance):
        after = 0
        while page := _positions(EventRow.type == rule.type, EventRow.pos > after, limit=PAGE):
            if clockwork.leap():
                return
            among, after = EventRow.pos.in_(page), page[-1]
            if not _positions(among, *rule.old(), limit=1):
                break  # times grow with positions: what comes behind these is younger still
            free = retention.free(instance, rule.type)
            found += _positions(among, *rule.due(), *free)
            yield
            if len(found) >= MOST:
                yield from _archive(caller, sorted(found))
                found = []
    if found:
        yield from _archive(caller, sorted(found))
    yield from _forget_messages(instance)
    while instance.notices.sweep(caller, AT_ONCE):
        yield


def _positions(*conditions: Any, limit: int | None = None) -> list[int]:
    rows: Any = EventRow.select(EventRow.pos).where(*conditions).order_by(EventRow.pos)
    return [position for (position,) in rows.limit(limit).tuples()]


def _archive(caller: Caller, positions: list[int]) -> Steps:
    """Write a file, read it back, and only then remove what it holds."""
    instance, key = caller.instance, caller.instance.settings.key_file
    name = f"events-{positions[0]}-{positions[-1]}-{secrets.token_hex(4)}{event_files.SUFFIX}"
    told = {"first": positions[0], "last": positions[-1], "owner": this_process()}
    try:
        with instance.database.transaction():
            EventArchive.create(name=name, state="writing", turn=1, at=clock.now(), **told)
    except Conflict:
        raise _busy() from None
    written: list[int] = []
    with event_files.writing(instance, name) as file:
        for some in pw.chunked(positions, PAGE):
            events = sorted(log.read(some), key=lambda event: event.position)
            file.add(events)
            written += [event.position for event in events]
            yield
        digest = file.finish()
    yield
    path = event_files.folder(instance) / name
    if [event.position for event in event_files.read(path, key)] != written:
        raise event_files.damaged(path)
    yield
    with instance.database.transaction():
        mine = EventArchive.name == name
        EventArchive.update(state="removing", sha256=digest).where(mine).execute()
    yield
    yield from _remove(caller, name, written)


def _remove(caller: Caller, name: str, positions: list[int]) -> Steps:
    """Take the events of a verified file out of the log, in the order of their positions."""
    whole = caller.instance.database.whole
    while positions:
        done = whole(partial(_remove_some, caller.instance, name, positions))
        positions = positions[done:]
        yield
    whole(partial(_finish, caller, name))


def _remove_some(instance: Instance, name: str, positions: list[int]) -> int:
    """Remove the next few in one transaction, and note how far it is; gives how many were treated.

    What somebody has come to need since they were archived stays in the log, and the file's row
    says so.
    """
    done = 0
    with instance.database.transaction():
        # whoever turns a switch now waits, or is seen: a range that it opens is not passed
        instance.database.kept(Epoch.select(Epoch.value))
        end, free = time.monotonic() + HOLD, cache(partial(retention.free, instance))
        row: Any = EventArchive.get_by_id(name)
        types, kept = json.loads(row.types), json.loads(row.kept)
        while done < len(positions) and (not done or time.monotonic() < end):
            some = positions[done : done + AT_ONCE]
            asked: Any = EventRow.select(EventRow.pos, EventRow.type, EventRow.agg, EventRow.seq)
            rows = {one[0]: one for one in asked.where(EventRow.pos.in_(some)).tuples()}
            for kind in {one[1] for one in rows.values()}:
                mine = EventRow.pos.in_(some), EventRow.type == kind
                if going := _positions(*mine, *free(kind)):
                    _take_out(instance, [rows.pop(position) for position in going])
                    types[kind] = [types.get(kind, [0])[0] + len(going), going[-1]]
            kept += sorted(rows)  # still there
            done += len(some)
        told = {"done": positions[done - 1], "at": clock.now(), "types": json.dumps(types)}
        told |= {"kept": json.dumps(kept), "events": sum(one for one, _last in types.values())}
        owned = (EventArchive.name == name) & (EventArchive.owner == this_process())
        if not EventArchive.update(told).where(owned).execute():
            raise _busy()
    return done


def _take_out(instance: Instance, rows: list[tuple[int, str, str, int]]) -> None:
    """Remove some events; where one was the newest of its record, its number is kept."""
    positions = [row[0] for row in rows]
    for column in (EventRow.pos, EventScope.pos, Retry.pos):  # of Retry only what was given up
        column.model.delete().where(column.in_(positions)).execute()
    numbers = dict(sorted((row[2], row[3]) for row in rows))
    left = last_numbers(instance.database, set(numbers))
    lost = [(agg, seq) for agg, seq in numbers.items() if left.get(agg, 0) < seq]
    if lost:
        EventNumber.insert_many(lost, fields=[EventNumber.agg, EventNumber.seq]).on_conflict(
            conflict_target=[EventNumber.agg], preserve=[EventNumber.seq]
        ).execute()


def _finish(caller: Caller, name: str) -> None:
    """Say that a file is done with; one of which nothing has left the log is none."""
    row: Any = EventArchive.get_by_id(name)
    if not row.events:
        _forget(caller.instance, name)
        return
    with caller.instance.database.transaction():
        EventArchive.update(state="done", turn=None).where(EventArchive.name == name).execute()
        changes = [Change("archived:events", None, str(row.events))]
        record_note(caller, "event", "archive", changes=changes, reason=name)


def _forget(instance: Instance, name: str) -> None:
    """Throw a file away of which nothing has left the log, the row last."""
    path = event_files.folder(instance) / name
    for left in (path, path.with_name(f".{name}.part")):
        left.unlink(missing_ok=True)
    with instance.database.transaction():
        EventArchive.delete().where(EventArchive.name == name).execute()


def _resume(caller: Caller) -> Steps:
    """Finish what a sweep left behind that was killed; raises Conflict while one is at work."""
    row: Any = EventArchive.get_or_none(EventArchive.turn == 1)
    if row is None:
        return
    mine, instance = this_process(), caller.instance
    if row.owner != mine and not gone(row.owner) and row.at > clock.now() - SILENT:
        raise _busy()
    with instance.database.transaction():
        same = (EventArchive.name == row.name) & (EventArchive.owner == row.owner)
        if not EventArchive.update(owner=mine, at=clock.now()).where(same).execute():
            raise _busy()
    if row.state == "writing":
        _forget(instance, row.name)
        return
    path = event_files.folder(instance) / row.name
    try:
        there = [one.position for one in event_files.read(path, instance.settings.key_file)]
    except LifangError as error:
        logger.warning("%s: %s; what it has not taken is archived anew", row.name, error)
        there = []
    yield
    yield from _remove(caller, row.name, [pos for pos in there if pos > row.done])


def _busy() -> Conflict:
    return Conflict(_("另一个进程正在归档事件，请稍后再试"))


def _forget_messages(instance: Instance) -> Steps:
    """Forget messages taken in long ago, but for those whose event may be told again."""
    cursors = {row.name: row.pos for row in Subscription.select()}
    waiting = {(row.sub, str(row.pos)) for row in Retry.select(Retry.sub, Retry.pos)}
    old: Any = Inbox.select().where(Inbox.at < clock.now() - inbox.KEPT).limit(MOST).tuples()
    for some in pw.chunked(list(old), AT_ONCE):
        with instance.database.transaction():
            for sub, source, id, _at in some:
                ahead = sub in cursors and id.isdigit() and int(id) > cursors[sub]
                if not ahead and (sub, id) not in waiting:
                    key = (Inbox.sub == sub) & (Inbox.source == source) & (Inbox.id == id)
                    Inbox.delete().where(key).execute()
        yield
