"""What counts of the time that was really given."""

from __future__ import annotations


def counted(real: int, rounding: str, most_hours: int = 0) -> int:
    """Minutes that count of real ones by a place's rule; `most_hours` of 0 is no limit.

    The unit is the hour of time really given, travel excluded
    (志愿服务记录与证明出具办法（试行）第七条).
    """
    minutes = real
    if rounding == "half_hour":
        minutes = real // 30 * 30
    elif rounding == "one_hour" and real > 0:
        minutes = max(real, 60)
    return min(minutes, most_hours * 60) if most_hours else minutes


def worth(minutes: int, per_hour: int, cap_hours: int = 0, used: int = 0) -> int:
    """Points for minutes; with a cap, what other records of the activity used is left out."""
    good = max(0, min(minutes, cap_hours * 60 - used)) if cap_hours else minutes
    return good * per_hour // 60
