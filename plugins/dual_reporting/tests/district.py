"""A district's year, played by its staff: the same people and the same deeds each time it is told.

Everybody on the list reports, serves, is ill, moves house, retires; units come, are given tasks and
are reviewed; other plugins tell of hours and projects. In August nobody does anything in the
plugin, so it may be off then: life goes on around it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import lifang as lf
from lifang.events.publish import publish
from lifang.testing import world
from lifang_dual_reporting.models import AnnualReview, Report, ServiceEntry, UnitReview, UnitTask
from lifang_dual_reporting.resources import (
    annual_reviews,
    feedbacks,
    post_claims,
    posts,
    reports,
    service_cards,
    service_entries,
    service_ratings,
    unit_activities,
    unit_reviews,
    unit_tasks,
)
from lifang_dual_reporting.services.suspension import resume, suspend
from lifang_dual_reporting.services.transfer import ask_transfer
from plugins.dual_reporting.tests.office import at
from plugins.dual_reporting.tests.yearly import Year

HOMES = (world.HOME, world.NEIGHBOUR)
RULES = {
    "annual_hours": 4, "cycle": "half_year", "deadline_month": 6, "deadline_day": 30,
    "task_day": 10, "unit_visits": 1, "unit_pass_rate": 50, "report_to_pass": True,
}  # fmt: skip
RECORD = "volunteer_points.service_record"


class District(Year):
    """Two communities and the year of so many people who report to them."""

    def look(self) -> None:
        """Let those who work for the whole district see which plugins are on."""
        super().look()
        self.worker = world.caller(self.instance, "community_worker", at=world.CHENGGUAN)
        self.secretary = world.caller(self.instance, "community_secretary", at=world.CHENGGUAN)

    def play(
        self,
        count: int,
        months: range,
        *,
        august: Callable[[Callable[[], None]], None] = lambda holiday: holiday(),
    ) -> None:
        """Play the year of `count` people in so many months, with August among them, to its review.

        `august` may do what it likes around what happens then, which it is given to be done once.
        """
        self.begin(count)
        turns = min(6, len(months) - 2)
        for number, month in enumerate(months):
            if month == 8:
                self.go("2026-07-31")
                self.leave()
                august(self.holiday)
                continue
            self.go(f"2026-{month:02}-08")
            self.arrive([n for n in range(count) if n % turns == number])
            self.serve_all(month)
            self.come(month)
            self.around(month)
            self.change(month)
        self.review(dt.date(2026, months[-1], 28) + dt.timedelta(days=7))

    def begin(self, count: int) -> None:
        """At first units report, those who should are listed, and posts are offered."""
        self.set("lanzhou", **RULES)
        places = [lf.Community.get(lf.Community.code == code) for code in HOMES]
        self.homes = [int(one.id) for one in places]
        self.units = [
            self.unit(f"示例单位{n + 1}", at=HOMES[n % 2]) for n in range(2 + count // 20)
        ]
        for n, unit in enumerate(self.units):
            self.unit_reports(unit, count // len(self.units) + 1, at=HOMES[n % 2])
        self.people, self.reports = [], []
        self.witness = self.person("示例居民", at=world.FOREIGN)
        for n in range(count):
            one = self.person(f"示例{n:03}", at=HOMES[n % 2])
            data = {"person": one.id, "organization": self.units[n % len(self.units)].id}
            data |= {"community": self.homes[n % 2], "skills": ("书法", "电工", "")[n % 3]}
            self.people.append(one)
            self.reports.append(
                lf.write(
                    reports, "create", self.boss, data | {"public_servant": True, "listed": True}
                )
            )
        self.offered = [self.offer(n % 2, f"示例岗位{n}", 1 + count // 16) for n in range(4)]

    def offer(self, n: int, name: str, slots: int) -> Any:
        told = {"name": name, "community": self.homes[n], "category": "governance", "slots": slots}
        return lf.write(posts, "create", self.boss, told)

    def some(self, month: int, every: int) -> list[int]:
        """Whose turn it is in a month: each of them comes once in so many months."""
        return [n for n in range(len(self.people)) if n % every == month % every]

    def standing(self, n: int) -> Report | None:
        """The report by which somebody serves now."""
        serving = ("accepted", "active")
        return Report.get_or_none(Report.person == self.people[n], Report.state.in_(serving))

    def leave(self) -> None:
        """Somebody asks to be let go; nobody releases them before that falls due in August."""
        serving = filter(None, map(self.standing, reversed(range(len(self.people)))))
        one = next(one for one in serving if one.transfer_asked_on is None)
        to = self.homes[1 - self.homes.index(one.community_id)]
        lf.act(ask_transfer, one, self.boss, community=lf.Community.get_by_id(to))

    def holiday(self) -> None:
        """August: nobody works in the plugin; people move, and others tell of what was done."""
        self.go("2026-08-31")
        self.around(8)
        for n in self.some(8, 17)[:2]:
            world.move(self.instance, self.people[n], to=HOMES[(n + 1) % 2])
        self.events.deliver()

    def arrive(self, whose: list[int]) -> None:
        """Those on the list report by slip and are accepted, most of them early in the year."""
        for n in whose:
            if n % 13 == 12:
                continue  # never comes
            told = {"slip_no": f"示例报到单 {n}"}
            lf.write(reports, "submit", self.boss, told, self.reports[n].id)
            lf.write(reports, "accept", self.boss, {}, self.reports[n].id)
            if n % 2:
                claim = {"post": self.offered[n % 4].id, "person": self.people[n].id}
                lf.write(post_claims, "create", self.boss, claim)
        self.events.deliver()

    def serve_all(self, month: int) -> None:
        """Every third of those who may serve does; some by order, some in vain, some are rated."""
        for n in self.some(month, 3):
            report = self.standing(n)
            if report is None:
                continue
            start = at(f"2026-{month:02}-03", 8 + n % 8)
            told = {"person": report.person_id, "community": report.community_id}
            told |= {"start": start.isoformat(), "content": "示例服务"}
            told |= {"end": (start + dt.timedelta(minutes=60 + n % 60)).isoformat()}
            told["nature"] = "duty" if n % 7 == 0 else "voluntary"
            made = lf.write(service_entries, "create", self.boss, told)
            if n % 11 == 10:
                continue  # waits for confirmation
            lf.write(service_entries, "confirm", self.boss, {}, made.id)
            if n % 5 == 0:
                rating = {"person": self.witness.id, "stars": 3 + n % 3}
                rating["code"] = ServiceEntry.get_by_id(made.id).code
                lf.write(service_ratings, "create", self.boss, rating)
            if n % 12 == 6:
                lf.write(service_entries, "void", self.boss, {"reason": "示例重复"}, made.id)

    def come(self, month: int) -> None:
        """Units visit, and are given tasks of which they do some."""
        for n, unit in enumerate(self.units):
            where = {"organization": unit.id, "community": self.homes[n % 2]}
            if (month + n) % 4 == 0:
                told = where | {"day": f"2026-{month:02}-05", "kind": "visit", "people": 3}
                made = lf.write(
                    unit_activities, "create", self.boss, told | {"content": "示例走访"}
                )
                lf.write(unit_activities, "confirm", self.boss, {}, made.id)
            told = where | {"month": f"2026-{month:02}", "content": "示例任务"}
            lf.write(unit_tasks, "create", self.boss, told)
        for task in UnitTask.select().where(UnitTask.state == "issued"):
            if task.organization_id % 2:
                lf.write(unit_tasks, "finish", self.boss, {"result": "示例完成"}, task.id)

    def around(self, month: int) -> None:
        """Other plugins tell of hours, of which some are taken back, and of projects."""
        for n in self.some(month, 5):
            start = at(f"2026-{month:02}-06", 8 + n % 8)
            told = {
                "person": self.people[n].id, "community": self.homes[n % 2], "minutes": 90,
                "day": f"2026-{month:02}-06", "start": start.isoformat(), "source": None,
                "end": (start + dt.timedelta(minutes=90)).isoformat(), "title": "示例清扫",
            }  # fmt: skip
            self.elsewhere(f"{RECORD}.confirmed", month * 1000 + n, n % 2, **told)
            if n % 10 == 4:
                self.elsewhere(f"{RECORD}.voided", month * 1000 + n, n % 2, **told)
        unit = self.units[month % len(self.units)]
        done = {"organization": unit.id, "title": "示例路灯", "day": f"2026-{month:02}-06"}
        self.elsewhere("co_building.project.done", month, month % 2, **done, people=4)
        self.events.deliver()

    def elsewhere(self, type: str, subject: int, home: int, **data: Any) -> None:
        with self.instance.database.transaction():
            aggregate = f"{type.rpartition('.')[0]}/{subject}"
            publish(type, aggregate, data, caller=self.boss, communities=[self.homes[home]])

    def change(self, month: int) -> None:
        """Some fall ill and come back, some move house and take their report along, some retire."""
        where = [n for n in self.some(month, 11) if self.standing(n) is not None]
        for n in where[:1]:
            if (one := self.standing(n)) is not None and one.state == "active":
                until = lf.today() + dt.timedelta(days=25)
                lf.act(suspend, one, self.boss, cause="illness", since=lf.today(), until=until)
        for n in where[1:2]:
            one = self.standing(n)
            to = HOMES[self.homes.index(one.community_id) - 1]
            world.move(self.instance, self.people[n], to=to)
            self.events.deliver()
            lf.act(ask_transfer, self.now(one), self.boss)
        for n in where[2:3]:
            lf.write(reports, "end", self.boss, {"reason": "退休"}, self.standing(n).id)
        self.events.deliver()
        for one in Report.select().where(Report.state == "submitted"):
            lf.write(reports, "accept", self.boss, {}, one.id)
        for one in Report.select().where(Report.state == "suspended"):
            if one.id % 2:
                lf.act(resume, one, self.boss)

    def review(self, day: dt.date) -> None:
        """The year is reviewed, signed and fed back; some employers say that it has come."""
        self.go(str(day))
        every = list(
            AnnualReview.select().where(AnnualReview.year == 2026).order_by(AnnualReview.id)
        )
        for one in every:
            if one.state == "serving" and one.id % 3 == 0:
                lf.write(annual_reviews, "open", self.boss, {}, one.id)
                self.judge(one)
                passes = one.report.accepted_on is not None
                grade = "qualified" if passes else "unqualified"
                lf.write(annual_reviews, "sign", self.boss, {"grade": grade}, one.id)
        for n in range(2):
            card = {"report": self.reports[n].id, "person": self.people[n].id, "year": 2026}
            lf.write(service_cards, "create", self.boss, card)
        for one in UnitReview.select().where(UnitReview.year == 2026):
            lf.write(unit_reviews, "open", self.boss, {}, one.id)
        self.events.deliver()
        for noun in (annual_reviews, feedbacks):
            for one in noun.model.select().where(noun.model.state.in_(("fed_back", "sent"))):
                if one.id % 2:
                    lf.write(noun, "receipt", self.liaison(one.organization), {}, one.id)
        self.go(str(day + dt.timedelta(days=16)))
