"""Events in another database: positions stay, transaction numbers mean nothing there."""

from __future__ import annotations

import json
from typing import Any

from lifang.events.log import Place
from lifang.kit import clock
from lifang.store.database import Database
from lifang.store.record import moment

AT_REST = {("event", "xid"): 0}
"""What no other database can know: what was told there lies behind everybody who tells here."""


def settle(source: Database, target: Database) -> None:
    """Put every subscription of a copy where it stood, in the copy's transaction.

    Where writers work side by side, events are told in the order of their transactions; the copy
    knows that of positions alone. So who has been told a later position and not yet an earlier one
    stands behind the later one, and the earlier ones wait for it one by one.
    """
    slot = source.engine.param
    asked = "SELECT name, types, xid, pos FROM subscription ORDER BY name"
    for name, types, *place in source.engine.execute_sql(asked).fetchall():
        last, missed = place[1], []
        if place[0]:
            passed = f"SELECT max(pos) FROM event WHERE (xid, pos) <= ({slot}, {slot})"  # noqa: S608 – no value is in it
            last = max(last, source.engine.execute_sql(passed, place).fetchone()[0] or 0)
            missed = _missed(source, Place(*place), last, json.loads(types))
        put = target.engine.param
        moved = f"UPDATE subscription SET xid = 0, pos = {put} WHERE name = {put}"  # noqa: S608 – no value is in it
        target.engine.execute_sql(moved, (last, name))
        columns, now = ("sub", "pos", "agg", "tries", "next_at", "state"), moment(clock.now())
        waiting = [(name, pos, agg, 0, now, "waiting") for pos, agg in missed]
        if waiting:
            target.insert("retry", columns, waiting)
    _settle_ranges(source, target)


def _settle_ranges(source: Database, target: Database) -> None:
    """Let what was not told at a node begin before everything that lies behind its place.

    Of an event told there already it may be told once more, where a later position was told before
    an earlier one; nothing is lost.
    """
    put, slot = target.engine.param, source.engine.param
    for number, *place in source.engine.execute_sql(
        "SELECT id, xid, pos FROM catchup WHERE xid > 0"
    ).fetchall():
        behind = f"SELECT min(pos) FROM event WHERE (xid, pos) > ({slot}, {slot})"  # noqa: S608 – no value is in it
        first = source.engine.execute_sql(behind, place).fetchone()[0]
        begins = place[1] if first is None else min(place[1], first - 1)
        put_back = f"UPDATE catchup SET pos = {put} WHERE id = {put}"  # noqa: S608 – no value is in it
        target.engine.execute_sql(put_back, (begins, number))
    target.engine.execute_sql("UPDATE catchup SET xid = 0")
    target.engine.execute_sql("UPDATE catchup SET to_xid = 0 WHERE to_xid > 0")


def _missed(source: Database, place: Place, last: int, types: list[str]) -> list[tuple[int, str]]:
    """What lies behind a place and not behind a position."""
    slot = source.engine.param
    asked = f"SELECT pos, agg, type FROM event WHERE (xid, pos) > ({slot}, {slot}) AND pos < {slot}"  # noqa: S608 – no value is in it
    found: Any = source.engine.execute_sql(f"{asked} ORDER BY pos", (*place, last)).fetchall()
    return [(pos, agg) for pos, agg, type in found if type in types]
