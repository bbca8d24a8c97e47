"""Goals E1 to E5, E7 and E11: what it costs to tell an event to everybody, whatever happens.

Every line compares within one class of durability: NORMAL outlives the process, FULL the power.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.brokers import Nats, Streams, Subjects, valkey
from tests.bench.listening import TOLD, Bare, Bus, RowEach, bus
from tests.bench.peers import Recorders, Tasks
from tests.bench.rounds import Result, Rounds, interleaved

EVENTS = {"normal": 200, "full": 60}
"""How many are told and delivered in a turn."""


def outliving_the_process(folder: Path) -> list[Result]:
    """E1, E2, E3, E4 and E7 at SQLite's NORMAL, and brokers that may write a second later."""
    told = _against_others(folder, "normal", (1, 5, 50))
    change, to = "UPDATE + COMMIT ÷ telling and delivering to", "÷ ours, NORMAL"
    streams = "Valkey's streams one by one (everysec)"
    return [
        told.faster("E1", f"{change} 5, NORMAL", base="bare", ours="5", floor=0.22, target=0.35),
        *_peers(told, "NORMAL"),
        told.faster("E4", f"{streams} {to}, 1", base="streams 1", ours="1", floor=1, target=1.5),
        told.faster("E4", f"{streams} {to}, 5", base="streams 5", ours="5", floor=1, target=1.5),
        told.faster("E4", f"JetStream, each acknowledged, {to}, 1",
                    base="subjects 1", ours="1", floor=3, target=5),
        told.faster("E4", f"JetStream, each acknowledged, {to}, 5",
                    base="subjects 5", ours="5", floor=3, target=5),
        told.faster("E7", f"{change} 50, NORMAL", base="bare", ours="50", floor=0.08, target=0.15),
        told.faster("E7", "a row per delivery, hand-written, ÷ ours, 50",
                    base="rows 50", ours="50", floor=4, target=6),
    ]  # fmt: skip


def outliving_the_power(folder: Path) -> list[Result]:
    """E1b, E2, E3 and E5 at SQLite's FULL, and brokers that write each message through."""
    told = _against_others(folder, "full", (1, 5))
    change = "UPDATE + COMMIT ÷ telling and delivering to 5, FULL"
    return [
        told.faster("E1b", change, base="bare", ours="5", floor=0.7, target=0.9),
        *_peers(told, "FULL"),
        told.faster("E5", "JetStream (sync_interval: always) ÷ ours, FULL, 5",
                    base="subjects 5", ours="5", floor=2, target=3),
        told.faster("E5", "Valkey's streams (appendfsync always) ÷ ours, FULL, 5",
                    base="streams 5", ours="5", floor=1.2, target=2),
    ]  # fmt: skip


def _peers(told: Rounds, level: str) -> list[Result]:
    return [
        told.faster(id, f"{what} ÷ ours, {level}, {many}", base=f"{name} {many}", ours=str(many),
                    floor=floor, target=target)
        for id, what, name, bounds in (
            ("E2", "Huey", "tasks", ((1, 2, 3), (5, 6, 12))),
            ("E3", "eventsourcing's recorders", "recorders", ((1, 5, 8), (5, 10, 20))),
        )
        for many, floor, target in bounds
    ]  # fmt: skip


def _against_others(folder: Path, level: str, sizes: tuple[int, ...]) -> Rounds:
    """Ours with so many subscribers and all the others that are installed, in turns."""
    count, absent = EVENTS[level], {}
    with ExitStack() as stack:
        variants = {"bare": partial(Bare(folder / "bare.db", durability=level).change, count)}
        for many in sizes:
            ours = stack.enter_context(bus(folder / f"ours-{many}", many, durability=level))
            variants[f"{many}"] = partial(ours.both, count)
        if 50 in sizes:
            rows = RowEach(folder / "rows.db", 50, durability=level)
            variants["rows 50"] = partial(rows.both, count)
        for name, begin in _others(folder, level, stack).items():
            try:
                make = begin()
                variants |= {f"{name} {many}": partial(make(many).both, count) for many in (1, 5)}
            except ImportError as error:
                absent[name] = f"not measured: {error.name} is not installed"
        return replace(interleaved(variants, before=4), absent=absent)


def _others(folder: Path, level: str, stack: ExitStack) -> dict[str, Callable[[], Any]]:
    """What gives a maker of each, for so many subscribers, when its server has been started."""
    always = level == "full"

    def streams() -> Any:
        fsync = "always" if always else "everysec"
        return partial(Streams, stack.enter_context(valkey(folder / "valkey", fsync)))

    def subjects() -> Any:
        server = Nats(folder / "nats", always=always)
        stack.callback(server.stop)
        return partial(Subjects, server)

    return {
        "tasks": lambda: lambda many: Tasks(folder / f"huey-{many}.db", many, durability=level),
        "recorders": lambda: (
            lambda many: Recorders(folder / f"recorded-{many}.db", many, durability=level)
        ),
        "streams": streams,
        "subjects": subjects,
    }


def bytes_kept(folder: Path, *, events: int = 10_000, subscribers: int = 50) -> list[Result]:
    """E11: how much the file grows with each event, and with each of its subscribers."""
    with bus(folder / "e11", subscribers) as ours:
        ours.both(500)
        before = _size(ours)
        ours.tell(events)
        told = _size(ours)
        ours.deliver()
        delivered = _size(ours)
    data = len(TOLD.encode())
    each = (told - before) / events
    per = (delivered - told) / events / subscribers
    beyond, what = each - data, f"bytes per event beyond its {data} of data"
    sub = f"bytes per subscriber and event, {subscribers} subscribers"
    return [
        Result("E11", what, each, data, "B", beyond, 160, 120, "lower"),
        Result("E11", sub, per, 0, "B", per, 0, 0, "lower"),
    ]


def _size(ours: Bus) -> int:
    engine = ours.database.engine
    engine.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    (pages,) = engine.execute_sql("PRAGMA page_count").fetchone()
    (free,) = engine.execute_sql("PRAGMA freelist_count").fetchone()
    (size,) = engine.execute_sql("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
