"""A community where people report and serve, each step through the gateway by who may take it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.events.publish import publish
from lifang.lifecycle.dated import Decree, configure
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang_dual_reporting.models import PostClaim, Report
from lifang_dual_reporting.resources import (
    post_claims,
    posts,
    reports,
    service_entries,
    service_ratings,
)
from lifang_dual_reporting.services.entry import confirm
from lifang_dual_reporting.services.report import accept

ZONE = dt.timezone(dt.timedelta(hours=8))


def at(hour: float, day: int = 16, month: int = 5, year: int = 2026) -> dt.datetime:
    """A moment of 2026, by default on Saturday the 16th of May."""
    return dt.datetime(year, month, day, tzinfo=ZONE) + dt.timedelta(hours=hour)


class Corner:
    """What happens where people report."""

    at = staticmethod(at)

    def __init__(self, instance: Any, events: Events, clock: Clock | None) -> None:
        self.instance, self.events, self.clock = instance, events, clock
        self.look()

    def look(self) -> None:
        """Let everybody see which plugins are on."""
        self.boss = world.boss(self.instance)
        self.worker = world.caller(self.instance, "community_worker", at=world.HOME)
        self.district = world.caller(self.instance, "community_worker", at=world.CHENGGUAN)

    def set(self, preset: str | None = None, **values: Any) -> None:
        """Let the district set something, from a day long past on."""
        by = Decree("试点方案", at=world.CHENGGUAN, since=dt.date(2020, 1, 1), preset=preset)
        configure(self.boss, "dual_reporting", {k: str(v) for k, v in values.items()}, by)

    def self_of(self, one: Any) -> lf.Caller:
        """A person, or the person of a report, without any role."""
        person = one.person if isinstance(one, Report) else one
        return world.caller(self.instance, "resident", person=person)

    def reports(self, name: str, *, at: str = world.HOME, **told: Any) -> Report:
        """Somebody who lives at a place reports there, and is accepted."""
        who = world.person(self.instance, name, at=at)
        data = {"person": who.id, "community": {"code": at}, **told}
        return lf.act(accept, lf.write(reports, "create", self.district, data), self.district)

    def post(self, name: str = "楼道清洁员", slots: int = 1, **told: Any) -> Any:
        data = {"name": name, "community": {"code": world.HOME}, "category": "governance"}
        return lf.write(posts, "create", self.worker, {**data, "slots": slots, **told})

    def claim(self, post: Any, report: Report, by: lf.Caller | None = None) -> PostClaim:
        told = {"post": post.id, "person": report.person_id}
        return lf.write(post_claims, "create", by or self.self_of(report), told)

    def entry(self, report: Report, hour: float = 9, hours: float = 2, **told: Any) -> Any:
        """Somebody served yesterday; the community enters it."""
        start = told.pop("start", at(hour, day=14))
        data = {
            "person": report.person_id,
            "community": report.community_id,
            "start": start.isoformat(),
            "end": (start + dt.timedelta(hours=hours)).isoformat(),
            "content": "修水管",
            "nature": "voluntary",
        }
        return lf.write(service_entries, "create", self.worker, data | told)

    def served(self, report: Report, hour: float = 9, **told: Any) -> Any:
        """The same, confirmed."""
        return lf.act(confirm, self.entry(report, hour, **told), self.worker)

    def rate(self, entry: Any, person: Any, stars: int = 5, **told: Any) -> Any:
        data = {"person": person.id, "code": entry.code, "stars": stars}
        return lf.write(service_ratings, "create", self.self_of(person), data | told)

    def told_elsewhere(self, type: str, subject: int, **data: Any) -> lf.Event:
        """Another plugin, which is not installed here, tells of something in the community."""
        home = lf.Community.get(lf.Community.code == world.HOME)
        with self.instance.database.transaction():
            aggregate = f"{type.rpartition('.')[0]}/{subject}"
            publish(type, aggregate, data, caller=self.boss, communities=[home.id])
        self.events.deliver()
        return self.events.published(type)[-1]

    def now(self, one: Any) -> Any:
        """A record as it is in the database now."""
        return type(one).get_by_id(one.id)


@pytest.fixture
def busy(instance: Any, enable: Callable[..., None], boss: lf.Caller) -> Corner:
    """A corner whose time goes on by itself."""
    enable("dual_reporting", at=world.CHENGGUAN)
    return Corner(instance, Events(boss), None)


@pytest.fixture
def corner(instance: Any, enable: Callable[..., None], clock: Clock, boss: lf.Caller) -> Corner:
    """A corner on Friday the 15th of May 2026, nine o'clock."""
    clock.move_to(at(9, day=15))
    enable("dual_reporting", at=world.CHENGGUAN)
    return Corner(instance, Events(boss), clock)
