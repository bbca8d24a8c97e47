"""The rates of units, and what each is divided by: here once, for reviews, sheets and indicators.

A rate is an exact fraction, or None where there is nothing to divide by. It is kept in per
cent with two digits, rounded half up, and shown as `96.67 %` or `—`; what is decided by it is
decided by the fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

DENOMINATORS = {"accepted": "已报到人数", "should_report": "应报到人数"}


@dataclass(frozen=True)
class Figures:
    """What the rates of a unit, or of several together, follow from.

    `members_total` is how many should report, `accepted` how many were accepted and have not left,
    `reached` how many of them have served what was asked of them in the year; None where nothing
    is asked.
    """

    members_total: int
    accepted: int
    reached: int | None

    def reporting(self) -> Fraction | None:
        """报到率: accepted by should-report."""
        return share(self.accepted, self.members_total)

    def completion(self, denominator: str) -> Fraction | None:
        """完成率: at target, by accepted or by should-report, as the place's setting says."""
        if self.reached is None:
            return None
        return share(
            self.reached, self.members_total if denominator == "should_report" else self.accepted
        )

    def eligible(self, denominator: str, least: int) -> bool | None:
        """Whether a unit may be honoured: both rates are at least so many per cent.

        None where nothing is asked; a rate that has nothing to divide by reaches nothing. Where no
        hours are asked of people, there is no completion that could stand in the way.
        """
        if not least:
            return None
        rates = [self.reporting()]
        rates += [] if self.reached is None else [self.completion(denominator)]
        return all(rate is not None and rate >= Fraction(least, 100) for rate in rates)


def share(part: int, whole: int) -> Fraction | None:
    """A part of a whole; None where there is no whole."""
    return Fraction(part, whole) if whole > 0 else None


def kept(rate: Fraction | None) -> float | None:
    """A rate in per cent with two digits, rounded half up: 55/58 → 94.83."""
    return None if rate is None else int((rate * 20_000 + 1) // 2) / 100


def per_head(minutes: int, people: int) -> float | None:
    """Minutes in hours per head to one decimal, rounded half up; None where there is nobody."""
    return (minutes + 3 * people) // (6 * people) / 10 if people > 0 else None


def text(rate: float | None) -> str:
    """A kept rate as people read it: 94.83 → `94.83 %`, nothing → `—`."""
    return "—" if rate is None else f"{rate:.2f} %"
