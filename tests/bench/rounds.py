"""Runs variants in turn and compares them round by round, so a noisy machine harms both alike."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ROUNDS = 7


@dataclass(frozen=True)
class Result:
    """One goal's figures: ours and the base's in `unit`, their ratio, and what is aimed at.

    `better` says whether a higher or a lower ratio is better, `spread` the least and the greatest
    ratio of the rounds.
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
    spread: tuple[float, float] | None = None
    absent: str | None = None

    @property
    def reached(self) -> str:
        """Which of floor and target the ratio reaches, or why there is none."""
        if self.absent is not None:
            return self.absent
        for name, bound in (("target", self.target), ("floor", self.floor)):
            if bound is None:
                continue
            if self.ratio >= bound if self.better == "higher" else self.ratio <= bound:
                return name
        return "–" if self.floor is None else "below"


@dataclass(frozen=True)
class Rounds:
    """What every variant took in every round, in seconds; and why some are not there."""

    took: Mapping[str, Sequence[float]]
    absent: Mapping[str, str] = field(default_factory=dict)

    def faster(self, id: str, what: str, *, base: str, ours: str,
               floor: float | None, target: float | None) -> Result:  # fmt: skip
        """How many times as quick ours is as the base, and what each deed took."""
        return self._told(id, what, ours, base, (floor, target, "higher"))

    def shorter(self, id: str, what: str, *, base: str, ours: str,
                floor: float | None, target: float | None) -> Result:  # fmt: skip
        """Which part of the base's time ours takes."""
        return self._told(id, what, ours, base, (floor, target, "lower"))

    def _told(
        self, id: str, what: str, ours: str, base: str,
        bounds: tuple[float | None, float | None, str],
    ) -> Result:  # fmt: skip
        if (why := self.absent.get(base.partition(" ")[0])) is not None:
            return Result(id, what, 0, 0, "", 0, *bounds, absent=why)
        pairs = zip(self.took[ours], self.took[base], strict=True)
        ratios = [b / a if bounds[2] == "higher" else a / b for a, b in pairs]
        mine, theirs = (statistics.median(self.took[name]) * 1e6 for name in (ours, base))
        spread, ratio = (min(ratios), max(ratios)), statistics.median(ratios)
        return Result(id, what, mine, theirs, "µs", ratio, *bounds, spread)


def interleaved(
    variants: Mapping[str, Callable[[], float]], *, rounds: int = ROUNDS, before: int = 1
) -> Rounds:
    """Run every variant in every round; each gives the seconds that one of its deeds took.

    Some runs `before` count for nobody: they fill caches, and logs to the size they keep.
    """
    for work in [*variants.values()] * before:
        work()
    took: dict[str, list[float]] = {name: [] for name in variants}
    for _n in range(rounds):
        for name, work in variants.items():
            took[name].append(work())
    return Rounds(took)


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


def cpu_of_command(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> float:
    """CPU seconds of a command as a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=env)
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
