"""The interface `points.ledger` 1.0: other plugins thank volunteers too.

Nothing is deducted here and nothing paid out: what points are for stays with this plugin.
"""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points.models import Volunteer
from lifang_volunteer_points.resources import volunteers
from lifang_volunteer_points.services.points import give, points

OWN = "volunteer_points"


class Thanks:
    """What `lf.need("points.ledger", "1.0")` gives; called in a transaction, as ledgers are."""

    def grant(
        self, person: int, community: int, caller: lf.Caller, amount: int, *, key: str, memo: str
    ) -> int:
        """Thank a person registered as a volunteer at a community with points; gives the entry.

        A `key`, which begins with the name of the plugin that thanks, counts once. Raises Invalid
        for less than one point, Conflict where the person is no volunteer there or this plugin off.
        """
        if amount < 1:
            raise lf.Invalid(lf._("积分只用来感谢，至少 1 分，不能扣减"))
        own = caller.served_by(OWN)
        return give(_volunteer(person, community, own), own, amount, f"other/{key}", memo)

    def balance(self, person: int, community: int, caller: lf.Caller) -> int:
        """The points a volunteer can spend today; Conflict as with `grant`."""
        own = caller.served_by(OWN)
        return points.balance(_volunteer(person, community, own), own).available


def _volunteer(person: int, community: int, own: lf.Caller) -> Volunteer:
    there = {"person": person, "community": community, "state": "registered"}
    found = lf.find(volunteers, own, **there)
    if found is None:
        raise lf.Conflict(lf._("这个人在那里不是注册志愿者，或者那里没有启用志愿服务与积分"))
    return found


provides = [
    lf.provide("points.ledger", "1.0", Thanks(), doc="为志愿者记积分、查可用积分；只感谢，不扣减")
]
