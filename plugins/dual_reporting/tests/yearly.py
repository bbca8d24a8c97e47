"""A year where people report: they serve, are reviewed, and their employers are told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang.testing import world
from lifang_dual_reporting.models import AnnualReview, Feedback, Reminder, Report, UnitReport
from lifang_dual_reporting.models.review import PARTS
from lifang_dual_reporting.resources import annual_reviews, service_entries, unit_reports
from lifang_dual_reporting.services import entry, review, unit
from plugins.dual_reporting.tests.office import Office, at

SAID = {"secretary": "张书记", "liaison": "王联络", "phone": "13812345678"}


class Year(Office):
    """An office whose clock the test moves from day to day."""

    def go(self, day: str, hour: float = 9) -> None:
        """Let it be a later day, and everything due until then be told."""
        assert self.clock is not None
        self.clock.move_to(at(day, hour))
        self.events.deliver()

    def serve(self, report: Report, day: str, hours: float = 2, **told: Any) -> Any:
        """Somebody served on a past day, by whom the community where they report confirms it."""
        start = at(day, told.pop("hour", 9))
        data = {
            "person": report.person_id,
            "community": report.community_id,
            "start": start.isoformat(),
            "end": (start + dt.timedelta(hours=hours)).isoformat(),
            "content": "修水管",
            "nature": "voluntary",
        }
        made = lf.write(service_entries, "create", self.boss, data | told)
        made = lf.act(entry.confirm, made, self.boss)
        self.events.deliver()
        return made

    def year(self, report: Report, year: int = 2026) -> AnnualReview:
        """Somebody's year as it is in the database now."""
        return AnnualReview.get(AnnualReview.report == report.id, AnnualReview.year == year)

    def opened(self, report: Report, year: int = 2026) -> AnnualReview:
        """Somebody's year, under review."""
        self.events.deliver()
        return lf.act(review.open, self.year(report, year), self.secretary)

    def judge(self, one: AnnualReview, *parts: str, grade: str = "qualified") -> None:
        """Give parts of a review, by default all five, by whom they belong to."""
        unit = one.organization
        by = {
            "own": self.me(one.person),
            "leader": self.secretary if unit is None else self.liaison(unit),
            "masses": self.worker,
            "community": self.worker,
            "organization": self.secretary,
        }
        for name in parts or PARTS:
            told = {"grade": grade, "text": f"{name} 说"}
            lf.write(annual_reviews, name, by[name], told, one.id)

    def settled(self, report: Report, grade: str = "qualified") -> AnnualReview:
        """A year that was reviewed, signed and fed back."""
        one = self.opened(report)
        self.judge(one)
        lf.act(review.sign, self.now(one), self.secretary, grade=grade)
        self.events.deliver()
        return self.now(one)

    def unit_reports(self, one: lf.Organization, members: int, *, at: str = world.HOME) -> Any:
        """A unit reports to where it is, and is accepted."""
        data = {**SAID, "organization": one.id, "community": {"code": at}}
        made = lf.write(unit_reports, "create", self.boss, {**data, "members_total": members})
        made = lf.act(unit.accept, made, self.boss)
        self.events.deliver()
        return UnitReport.get_by_id(made.id)

    def sheets(self) -> list[tuple[str, str, int, int, str]]:
        """Every sheet: unit, period, people, minutes, state."""
        return [
            (one.organization.name, one.period, one.people, one.minutes, one.state)
            for one in Feedback.select().order_by(Feedback.id)
        ]

    def reminded(self) -> list[tuple[str, str, str | None, int | None]]:
        """Every reminder: kind, period, person or unit, days left."""
        return [
            (
                one.kind,
                one.period,
                one.person.name if one.person_id else one.organization.name,
                one.days_left,
            )
            for one in Reminder.select().order_by(Reminder.id)
        ]
