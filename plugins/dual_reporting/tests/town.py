"""A unit of sixty people of whom fifty-eight report and fifty-five have served fifty hours.

Reports and entries stand in the tables as acceptance and confirmation leave them; what follows from
them, reviews with all their figures, is made by the plugin.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang.testing import world
from lifang_dual_reporting.models import Report, ServiceEntry, UnitReport
from lifang_dual_reporting.resources import annual_reviews
from plugins.dual_reporting.tests.office import Office, at

MEMBERS, REPORTED, SERVED = 60, 58, 55


def place(code: str) -> lf.Community:
    found: lf.Community = lf.Community.get(lf.Community.code == code)
    return found


def unit_report(unit: lf.Organization, code: str, members: int = MEMBERS) -> UnitReport:
    """A unit that a community accepted at the beginning of March."""
    made: UnitReport = UnitReport.create(
        organization=unit, community=place(code), secretary="王书记", liaison="张联络",
        members_total=members, reported_on=dt.date(2026, 3, 1), accepted_on=dt.date(2026, 3, 2),
        state="accepted",
    )  # fmt: skip
    return made


def report(office: Office, unit: lf.Organization | None, code: str, name: str, **told: Any) -> Any:
    """Somebody whom a community accepted in April."""
    said = {"reported_on": dt.date(2026, 4, 1), "accepted_on": dt.date(2026, 4, 2)}
    said |= {"state": "active", "organization": unit, **told}
    return Report.create(person=office.person(name, at=code), community=place(code), **said)


def serve(report: Report, hours: float, day: str = "2026-05-10", **told: Any) -> None:
    """Confirmed service of somebody, in as many entries as it takes."""
    for number in range(int(hours // 24) + bool(hours % 24)):
        length = min(24, hours - number * 24)
        start = at(day, 0) + dt.timedelta(days=number)
        told = {"nature": "voluntary", "content": "修水管", "state": "confirmed", **told}
        ServiceEntry.create(
            person=report.person_id, organization=report.organization_id, start=start,
            community=report.community_id, minutes=length * 60,
            end=start + dt.timedelta(hours=length), **told,
        )  # fmt: skip


def begin(office: Office, report: Report, year: int = 2026) -> Any:
    """The year of somebody as the plugin counts it."""
    by = office.boss.served_by("dual_reporting")
    return lf.write(annual_reviews, "create", by, {"report": int(report.id), "year": year})


def waterworks(office: Office) -> lf.Organization:
    """示例供水公司 reports to 畅家巷; half of its people report next door, where they live."""
    unit = office.unit("示例供水公司")
    unit_report(unit, world.HOME)
    for number in range(REPORTED):
        home = world.HOME if number % 2 else world.NEIGHBOUR
        one = report(office, unit, home, f"职工{number}")
        serve(one, 50 if number < SERVED else 49)
        begin(office, one)
    return unit
