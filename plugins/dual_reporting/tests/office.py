"""An office where people and units report, each step through the gateway by whoever may take it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang.lifecycle.dated import Decree, configure
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import accept, activate

ZONE = dt.timezone(dt.timedelta(hours=8))


def at(day: str, hour: float = 9) -> dt.datetime:
    """A moment of a day, `2026-05-15`, as people in Lanzhou read it."""
    return dt.datetime.fromisoformat(day).replace(tzinfo=ZONE) + dt.timedelta(hours=hour)


class Office:
    """The community 畅家巷, its neighbours, and the units whose people report."""

    def __init__(self, instance: Any, events: Events, clock: Clock | None = None) -> None:
        self.instance, self.events, self.clock = instance, events, clock
        self.look()

    def look(self) -> None:
        """Let everybody see which plugins are on."""
        make, self.boss = world.caller, world.boss(self.instance)
        self.worker = make(self.instance, "community_worker", at=world.HOME)
        self.secretary = make(self.instance, "community_secretary", at=world.HOME)
        self.neighbour = make(self.instance, "community_worker", at=world.NEIGHBOUR)
        self.foreign = make(self.instance, "community_worker", at=world.QILIHE)

    def set(self, preset: str | None = None, **values: Any) -> None:
        """Let the district set something, from a day long past on."""
        by = Decree("试点方案", at=world.CHENGGUAN, since=dt.date(2020, 1, 1), preset=preset)
        configure(self.boss, "dual_reporting", {k: str(v) for k, v in values.items()}, by)

    def person(self, name: str, **told: Any) -> lf.Person:
        return world.person(self.instance, name, **told)

    def unit(self, name: str = "兰州市示例局", **told: Any) -> lf.Organization:
        return world.organization(self.instance, name, **told)

    def seat(self, person: lf.Person, unit: lf.Organization) -> None:
        """Let somebody belong to a unit."""
        memberships = self.instance.registry.of(lf.Membership)
        told = {"person": person.id, "organization": unit.id}
        lf.write(memberships, "create", self.boss, told)

    def me(self, person: Any) -> lf.Caller:
        """Somebody without any role, or the person of a report."""
        one = person.person if isinstance(person, Report) else person
        return world.caller(self.instance, "resident", person=one)

    def liaison(self, unit: lf.Organization) -> lf.Caller:
        return world.caller(self.instance, "unit_liaison", unit=unit)

    def report(self, person: lf.Person, by: lf.Caller | None = None, **told: Any) -> Report:
        """A report to 畅家巷, by its worker unless somebody else makes it."""
        data = {"person": person.id, "community": {"code": world.HOME}, **told}
        return lf.write(reports, "create", by or self.worker, data)

    def accepted(self, name: str = "李强", **told: Any) -> Report:
        return lf.act(accept, self.report(self.person(name), **told), self.worker)

    def active(self, name: str = "李强", **told: Any) -> Report:
        """Somebody who serves: as if they had chosen a post."""
        report = self.accepted(name, **told)
        return lf.act(activate, report, self.worker.served_by("dual_reporting"))

    def now(self, one: Any) -> Any:
        """A record as it is in the database now."""
        return type(one).get_by_id(one.id)

    def told(self, what: str) -> list[dict[str, Any]]:
        """What events of reports told, once everything due was delivered."""
        self.events.deliver()
        found = self.events.published(f"dual_reporting.report.{what}")
        return [dict(event.data) for event in found]
