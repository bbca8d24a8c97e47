"""The district of P1: the test world's community first, and 96 more around it.

What is in it is the demo's: `lifang demo --reports` makes the same. The community, its unit and
that unit's people are the same however many there are around them.
"""

from __future__ import annotations

from typing import Any

from lifang.app.filling import fill
from lifang.entities.community import Community
from lifang.services.instance import Instance
from lifang.testing import world

SUBDISTRICTS, COMMUNITIES = 24, 4


def build(instance: Instance, reports: int) -> dict[str, Any]:
    """A district of so many reports, and a year's service; gives whom to ask."""
    world.plant(instance)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    return fill(world.boss(instance), _places(instance), reports, lambda *_step: None)


def _places(instance: Instance) -> list[Community]:
    found = [Community.get(Community.code == world.HOME)]
    for n in range(SUBDISTRICTS):
        street = world.community(
            instance, f"示例街道{n}", under=world.CHENGGUAN, kind="subdistrict",
            code=f"620102{n + 500:03}000",
        )  # fmt: skip
        found += [
            world.community(instance, f"示例社区{n}-{m}", under=street.code,
                            code=f"{street.code[:9]}{m + 1:03}")
            for m in range(COMMUNITIES)
        ]  # fmt: skip
    return found
