"""People who are told something: whoever is asked what they read has an account."""

from __future__ import annotations

from typing import Any

from lifang.entities.account import Account
from lifang.testing import visitors, world
from plugins.dual_reporting.tests.yearly import Year


class Post(Year):
    """A year with readers: whoever is asked what they were told has an account."""

    def account(self, role: str, **where: Any) -> Account:
        return visitors.account(self.instance, role, **where)

    def read(self, one: Any, kind: str | None = None) -> list[str]:
        """What somebody was told, once everything due was delivered."""
        self.events.deliver()
        return world.notices_of(self.instance, one, kind and f"dual_reporting.{kind}")

    def member(self, name: str, unit: Any, how: Any = None, **told: Any) -> Any:
        """Somebody of a unit who serves, or whose report stands where `how` leaves it."""
        one = (how or self.active)(name, organization=unit.id, **told)
        self.seat(one.person, unit)
        return one

    def tell_again(self) -> None:
        """Every event of the plugin once more, and the past as a whole."""
        for event in self.events.published():
            if event.type.startswith("dual_reporting."):
                self.events.again(event)
        self.events.tell_past("dual_reporting", at=world.CHENGGUAN)
        self.events.deliver()
