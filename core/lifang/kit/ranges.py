"""Sets of half-open text intervals: which parts of the community tree something holds for.

A subtree is the interval from its path to the end of it; BETWEEN would let the border node through.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

Range = tuple[str, str]
Ranges = tuple[Range, ...]

NOWHERE: Ranges = ()
EVERYWHERE: Ranges = (("", "~"),)
"""Every path: paths are made of digits and small letters, which all sort before `~`."""


def union(ranges: Iterable[Range]) -> Ranges:
    """Join intervals that touch or overlap, in order."""
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


@lru_cache(4_096)  # a page asks it of every noun, and few parts of the tree are ever asked about
def intersect(one: Ranges, other: Ranges) -> Ranges:
    """What lies in both."""
    both = (
        (max(a_low, b_low), min(a_high, b_high)) for a_low, a_high in one for b_low, b_high in other
    )
    return union(pair for pair in both if pair[0] < pair[1])


def subtract(one: Ranges, hole: Range) -> Ranges:
    """What lies in the first and not in the hole."""
    low, high = hole
    left = ((a, min(b, low)) for a, b in one)
    right = ((max(a, high), b) for a, b in one)
    return union(pair for pair in (*left, *right) if pair[0] < pair[1])


def holds(ranges: Ranges, path: str) -> bool:
    """Whether a path lies within."""
    return any(low <= path < high for low, high in ranges)
