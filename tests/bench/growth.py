"""Goal E9: telling, delivering and replaying when the log has grown long."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from lifang.events.tables import Subscription
from tests.bench.listening import Bus, bus
from tests.bench.rounds import Result, interleaved

SUBSCRIBERS, EVENTS = 5, 200
STEPS = 10
"""How many batches of the past are replayed in a turn."""


def growth(folder: Path, *, sizes: Sequence[int]) -> list[Result]:
    """E9: each of the longer logs against the shortest."""
    dice = random.Random(1)
    with ExitStack() as stack:
        variants = {}
        for size in sizes:
            home = folder / f"e9-{size}"
            ours = stack.enter_context(bus(home, SUBSCRIBERS, stored=size))
            variants[f"{size}"] = partial(ours.both, EVENTS)
            variants[f"replay {size}"] = partial(_replay, ours, size, dice)
        told = interleaved(variants)
    results = []
    for size in sizes[1:]:
        names = f"{sizes[0]:,} stored events ÷ {size:,}"
        what = f"telling and delivering to {SUBSCRIBERS}, {names}"
        results += [
            told.faster("E9", what, base=f"{sizes[0]}", ours=f"{size}", floor=0.65, target=0.8),
            told.faster("E9", f"replaying to {SUBSCRIBERS}, {names}", base=f"replay {sizes[0]}",
                        ours=f"replay {size}", floor=0.8, target=0.9),
        ]  # fmt: skip
    return results


def _replay(ours: Bus, size: int, dice: random.Random) -> float:
    """Seconds per event that is told once more to all, from anywhere in the past."""
    ours.database.bind()
    end = Subscription.select(Subscription.pos).limit(1).scalar()
    start = dice.randrange(size - size // 4)
    with ours.database.transaction():
        Subscription.update(pos=start).execute()
    before, started = ours.told, time.perf_counter()
    for _n in range(STEPS):
        assert ours.dispatcher.step()
    took = time.perf_counter() - started
    with ours.database.transaction():
        Subscription.update(pos=end).execute()
    return took / ((ours.told - before) / SUBSCRIBERS)
