"""Runs variants in turn and compares them round by round, so a noisy machine harms both alike."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True)
class Result:
    """One goal's figures: ours and the base's in `unit`, their ratio, and what is aimed at.

    `better` says whether a higher or a lower ratio is better.
    """

    id: str
    what: str
    ours: float
    base: float
    unit: str
    ratio: float
    floor: float | None
    target: float | None
    better: str

    @property
    def reached(self) -> str:
        """Which of floor and target the ratio reaches."""
        for name, bound in (("target", self.target), ("floor", self.floor)):
            if bound is None:
                continue
            if self.ratio >= bound if self.better == "higher" else self.ratio <= bound:
                return name
        return "–" if self.floor is None else "below"


def cpu_of(work: Callable[[], None], times: int) -> float:
    """CPU seconds of one run of `work` in this process."""
    started = time.process_time()
    for _n in range(times):
        work()
    return (time.process_time() - started) / times


def wall_of(work: Callable[[], None], times: int) -> float:
    """Wall seconds of one run of `work`: for what waits for a disk."""
    started = time.perf_counter()
    for _n in range(times):
        work()
    return (time.perf_counter() - started) / times


def cpu_of_command(command: Sequence[str]) -> float:
    """CPU seconds of a command as a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def compare(
    ours: Callable[[], float], base: Callable[[], float], *, rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Run both in every round; gives the median of each and the median of ours ÷ base."""
    ours(), base()  # the first run fills caches and counts for neither
    pairs = [(ours(), base()) for _n in range(rounds)]
    return (
        statistics.median(one for one, _other in pairs),
        statistics.median(other for _one, other in pairs),
        statistics.median(one / other for one, other in pairs),
    )


def machine() -> str:
    """What the figures were taken on, without naming it."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
