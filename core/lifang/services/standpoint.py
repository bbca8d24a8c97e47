"""From where a caller looks: what two callers must share to see the same rows."""

from __future__ import annotations

from collections.abc import Hashable

from lifang.entities.caller import Caller
from lifang.kit import clock


def standpoint(caller: Caller) -> Hashable:
    """Everything a permission condition is made of."""
    stands = (caller.standings, caller.person, caller.plugin, caller.scope)
    return (*stands, caller.snapshot.epoch, clock.today())
