"""What was not told where a plugin was off or is new, and how far it has been told since.

A node's range is a second cursor on the log, for what the node's switch decides. It begins where
the plugin went off, or at the log's start. While it is open, events there are left to it; once it
has come as far as the subscription, it is gone. A range with an end was passed over for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifang.events.log import Place
from lifang.events.tables import Catchup
from lifang.store.database import ask

START = Place(0, 0)
RESUME, SKIP = "resume", "skip"


@dataclass(frozen=True)
class Range:
    """What lies behind a place of the log, up to the end if there is one, for one node."""

    id: int
    name: str
    community: int
    place: Place
    end: Place | None

    def covers(self, place: Place) -> bool:
        """Whether what stands at a place was not told."""
        return self.place < place and (self.end is None or place <= self.end)


def ranges(names: Collection[str]) -> list[Range]:
    """The ranges of those of some subscriptions that have an open one."""
    behind = Catchup.select(Catchup.sub).where(Catchup.to_pos.is_null())
    rows: Any = Catchup.select().where(Catchup.sub.in_(list(names)), Catchup.sub.in_(behind))
    return [_range(row) for row in rows.order_by(Catchup.id)]


def unfinished() -> set[int]:
    """Which ranges are open, as of now."""
    return {number for (number,) in ask("unfinished", (), _unfinished)}


def _unfinished(_values: Sequence[Any]) -> Any:
    return Catchup.select(Catchup.id).where(Catchup.to_pos.is_null())


def _range(row: Any) -> Range:
    end = None if row.to_pos is None else Place(row.to_xid, row.to_pos)
    return Range(row.id, row.sub, row.community, Place(row.xid, row.pos), end)


def inherit(names: Collection[str], node: int, former: int | None) -> None:
    """Let a node that gets its first own switch keep what was not told there.

    That is what was not told where its switch was before, or everything if there was none.
    """
    if former is None:
        _keep(node, [(name, START, None) for name in names])
    else:
        rows: Any = Catchup.select().where(_of(names, former))
        _keep(node, [(told.name, told.place, told.end) for told in map(_range, rows)])


def turned_off(cursors: Mapping[str, Place], node: int) -> None:
    """Keep that a node is told nothing from here on, unless it lags behind anyway."""
    lagging = {told.name for told in _open(cursors, node)}
    _keep(node, [(name, cursors[name], None) for name in cursors if name not in lagging])


def turned_on(cursors: Mapping[str, Place], node: int, since: Place | str) -> None:
    """Say what a node is told of the past: what it missed, nothing, or all since a place."""
    if isinstance(since, Place):
        Catchup.delete().where(_of(cursors, node)).execute()
        if since > START:
            _keep(node, [(name, START, min(since, cursors[name])) for name in cursors])
        _keep(node, [(name, since, None) for name in cursors if since < cursors[name]])
        return
    for told in _open(cursors, node):
        cursor = cursors[told.name]
        if told.place >= cursor:
            finish(told)
        elif since == SKIP:
            Catchup.update(to_xid=cursor.xid, to_pos=cursor.position).where(
                Catchup.id == told.id
            ).execute()


def advance(told: Range, place: Place) -> bool:
    """Move an open range on; says whether it stood where it was thought to stand."""
    stands = (Catchup.xid == told.place.xid) & (Catchup.pos == told.place.position)
    moved = Catchup.update(xid=place.xid, pos=place.position).where(
        Catchup.id == told.id, stands, Catchup.to_pos.is_null()
    )
    return bool(moved.execute())


def finish(told: Range) -> None:
    """Forget a range: its node is told like the others."""
    Catchup.delete().where(Catchup.id == told.id).execute()


def _of(names: Collection[str], node: int) -> Any:
    return Catchup.sub.in_(list(names)) & (Catchup.community == node)


def _open(names: Collection[str], node: int) -> list[Range]:
    rows: Any = Catchup.select().where(_of(names, node), Catchup.to_pos.is_null())
    return [_range(row) for row in rows]


def _keep(node: int, ranges: Iterable[tuple[str, Place, Place | None]]) -> None:
    rows = [
        (name, node, place.xid, place.position, *((end.xid, end.position) if end else (None, None)))
        for name, place, end in ranges
    ]
    if rows:
        told = (Catchup.sub, Catchup.community, Catchup.xid, Catchup.pos)
        Catchup.insert_many(rows, [*told, Catchup.to_xid, Catchup.to_pos]).execute()
