"""From where a caller looks: what two callers must share to see the same rows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.resources.resource import Resource


def standpoint(caller: Caller, resource: Resource[Any]) -> Hashable:
    """Everything that a permission condition on a resource is made of."""
    stands = (caller.standings, caller.person, caller.plugin, caller.scope)
    whose = caller.account if policy.of_an_account(resource) else None
    return (*stands, whose, caller.snapshot.epoch, clock.today())
