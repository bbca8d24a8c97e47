"""A station: the plugin switched on in a district, people who serve, and a day in May."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.lifecycle.dated import Decree, configure
from lifang.mechanisms.consents import Consent
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_volunteer_points.models import Activity, ServiceRecord, Shift, SignUp, Volunteer
from lifang_volunteer_points.purposes import registration
from lifang_volunteer_points.resources import (
    activities,
    service_records,
    shifts,
    sign_ups,
    volunteers,
)
from lifang_volunteer_points.services import activity, attendance, record

ZONE = dt.timezone(dt.timedelta(hours=8))
SUBDISTRICT = "620102001000"


def at(hour: float, day: int = 16, month: int = 5, year: int = 2026) -> dt.datetime:
    """A moment of 2026, by default on Saturday the 16th of May."""
    return dt.datetime(year, month, day, tzinfo=ZONE) + dt.timedelta(hours=hour)


class Station:
    """What happens at a community, each step through the gateway by whoever may take it."""

    at = staticmethod(at)
    activities = activities
    confirm = staticmethod(record.confirm)

    def __init__(self, instance: Any, clock: Any, events: Events) -> None:
        self.instance, self.clock, self.events = instance, clock, events
        self.look()

    def look(self) -> None:
        """Let everybody see which plugins are on."""
        instance = self.instance
        self.boss = world.boss(instance)
        self.worker = world.caller(instance, "community_worker", at=world.HOME)
        self.secretary = world.caller(instance, "community_secretary", at=world.HOME)
        self.auditor = world.caller(instance, "subdistrict_admin", at=SUBDISTRICT)
        self.second = world.caller(instance, "district_admin", at=world.CHENGGUAN)

    def set(self, preset: str | None = None, **values: Any) -> None:
        """Let the district set something, from a day long past on."""
        by = Decree("试点方案", at=world.CHENGGUAN, since=dt.date(2020, 1, 1), preset=preset)
        configure(self.boss, "volunteer_points", {k: str(v) for k, v in values.items()}, by)

    def person(self, name: str, **told: Any) -> Any:
        return world.person(self.instance, name, **told)

    def resident(self, person: Any) -> lf.Caller:
        return world.caller(self.instance, "resident", at=world.HOME, person=person)

    def volunteer(self, name: str, **told: Any) -> Volunteer:
        person = told.pop("person", None) or self.person(name)
        if not registration.given(person, self.boss):
            self.consent(person)
        data = {"person": person.id, "community": {"code": world.HOME}, "category": "environment"}
        return lf.write(volunteers, "create", self.resident(person), data | told)

    def consent(self, person: Any, purpose: Any = registration, **told: Any) -> Any:
        data = {"person": person.id, "purpose_name": purpose.name, "how": "paper", "basis": "001"}
        consents = self.instance.registry.of(Consent)
        return lf.write(consents, "create", self.worker, data | told)

    def self_of(self, volunteer: Volunteer) -> lf.Caller:
        return self.resident(volunteer.person)

    def draft(self, start: dt.datetime | None = None, hours: float = 3.5, **told: Any) -> Activity:
        start = start or at(9)
        data = {
            "title": "楼道清洁",
            "category": "environment",
            "community": {"code": world.HOME},
            "venue": "畅家巷 1 号楼",
            "content": "清理楼道杂物",
            "start": start.isoformat(),
            "end": (start + dt.timedelta(hours=hours)).isoformat(),
            "people": 10,
        }
        return lf.write(activities, "create", self.worker, data | told)

    def publish(self, draft: Activity) -> Activity:
        return lf.act(activity.publish, lf.act(activity.submit, draft, self.worker), self.secretary)

    def shift(self, slots: int = 10, **told: Any) -> Shift:
        """A published activity with one shift that lasts as long."""
        whole = self.publish(self.draft(**told))
        data = {"activity": whole.id, "slots": slots}
        data |= {"start": whole.start.isoformat(), "end": whole.end.isoformat()}
        return lf.write(shifts, "create", self.worker, data)

    def sign_up(self, shift: Shift, who: Volunteer) -> SignUp:
        told = {"shift": shift.id, "volunteer": who.id}
        return lf.write(sign_ups, "create", self.self_of(who), told)

    def now(self, number: Any) -> Any:
        """A record as it is in the database now."""
        return type(number).get_by_id(number.id)

    def serve(
        self, who: Volunteer, hours: float = 3.5, start: dt.datetime | None = None, **told: Any
    ) -> ServiceRecord:
        """Let somebody sign up, come, stay and leave; gives the record that waits."""
        start = start or at(9)
        self.clock.move_to(start - dt.timedelta(days=1))
        shift = self.shift(start=start, hours=hours, **told)
        one = self.sign_up(shift, who)
        self.clock.move_to(start)
        lf.act(attendance.enter_arrival, one, self.worker, at=start, reason="没有手机")
        end = start + dt.timedelta(hours=hours)
        self.clock.move_to(end)
        lf.act(attendance.enter_leaving, one, self.worker, at=end, reason="没有手机")
        self.events.deliver()
        return ServiceRecord.get(ServiceRecord.source == f"sign_up/{one.id}")

    def entered(
        self, who: Volunteer, hours: float = 3.5, start: dt.datetime | None = None, **told: Any
    ) -> ServiceRecord:
        """A record that the organiser enters without an activity."""
        start = start or at(9)
        data = {
            "volunteer": who.id,
            "community": {"code": world.HOME},
            "title": "楼道清洁",
            "content": "清理楼道杂物",
            "venue": "畅家巷",
            "start": start.isoformat(),
            "end": (start + dt.timedelta(hours=hours)).isoformat(),
        }
        return lf.write(service_records, "create", self.worker, data | told)

    def lock(self, one: ServiceRecord) -> ServiceRecord:
        """Confirm a record and let the time for objections go by."""
        lf.act(record.confirm, one, self.worker)
        self.clock.later(days=16)
        self.events.deliver()
        return self.now(one)


@pytest.fixture
def busy(instance: Any, enable: Callable[..., None], boss: lf.Caller) -> Station:
    """A station whose time goes on by itself: whoever waits for a lock waits by the clock."""
    enable("volunteer_points", at=world.CHENGGUAN)
    return Station(instance, None, Events(boss))


@pytest.fixture
def station(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Station:
    clock.move_to(at(9, day=15))
    enable("volunteer_points", at=world.CHENGGUAN)
    return Station(instance, clock, Events(boss))
