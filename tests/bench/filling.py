"""A district with a year of dual reporting, put in by raw inserts: filling is not what is measured.

The tree, the test world's own community, its unit and that unit's people are the same however many
there are around them. People are generated, each time the same.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any

from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.entities.person import Affiliation, Membership, Person
from lifang.kit import clock
from lifang.sample.people import sample_organizations, sample_people
from lifang.services.instance import Instance
from lifang.store.record import Record
from lifang.testing import world
from lifang_dual_reporting import models as kept

SUBDISTRICTS, COMMUNITIES = 24, 4
OWN = 60
"""People of the community and of the unit that pages are asked for, in both."""
ENTRIES = 3
"""Service entries of each in the year."""

Row = dict[str, Any]


class Fill:
    """Puts rows into the plugin's tables as the database keeps them."""

    def __init__(self, instance: Instance) -> None:
        """Fill an instance, as of now."""
        self.database, self.now = instance.database, clock.now()

    def put(self, model: type[Record], rows: Iterable[Row]) -> list[int]:
        """Insert rows of a table; what is not said is as the model has it. Gives their ids."""
        told = list(rows)
        names = ["id", "version", "created_at", "updated_at", *told[0]]
        common = {"version": 1, "created_at": self.now, "updated_at": self.now}
        columns = [model._meta.fields[name] for name in names]
        defaults = [
            one for name, one in model._meta.fields.items()
            if name not in names and one.default is not None
        ]  # fmt: skip
        ids = list(self.database.allocate(model, len(told)))
        self.database.insert(
            model._meta.table_name,
            [one.column_name for one in (*columns, *defaults)],
            (
                [
                    *(one.db_value({**common, **row, "id": id}[one.name]) for one in columns),
                    *(one.db_value(one.default() if callable(one.default) else one.default)
                      for one in defaults),
                ]
                for id, row in zip(ids, told, strict=True)
            ),
        )  # fmt: skip
        return ids


def build(instance: Instance, count: int, units: int) -> dict[str, Any]:
    """A district of `count` reports and so many units, and a year's service; gives whom to ask."""
    world.plant(instance)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    with instance.database.transaction():
        fill, places = Fill(instance), _places(instance)
        homes = [places[0] if n < OWN else _seat(places, n + 1) for n in range(count)]
        whose = [0 if n < OWN else 1 + n % (units - 1) for n in range(count)]
        offices = _units(fill, places, units)
        people, reports = _people(fill, homes, [offices[n] for n in whose])
        year = list(zip(people, reports, homes, [offices[n] for n in whose], strict=True))
        told = _year(fill, year) | _of_units(fill, offices, places)
    instance.database.engine.execute_sql("ANALYZE")
    return {**told, "reports": reports[0], "people": people[0], "unit": offices[0]}


def _places(instance: Instance) -> list[int]:
    """The test world's community first, and 96 more in 24 subdistricts of the district."""
    home = int(Community.get(Community.code == world.HOME).id)
    found = [home]
    for n in range(SUBDISTRICTS):
        street = world.community(
            instance, f"示例街道{n}", under=world.CHENGGUAN, kind="subdistrict",
            code=f"620102{n + 500:03}000",
        )  # fmt: skip
        for m in range(COMMUNITIES):
            code = f"{street.code[:9]}{m + 1:03}"
            found.append(int(world.community(instance, f"示例社区{n}-{m}", under=street.code,
                                             code=code).id))  # fmt: skip
    return found


def _seat(places: list[int], n: int) -> int:
    """Where the unit of a number is: the first at home, the others all around."""
    return places[0] if n == 0 else places[1 + n % (len(places) - 1)]


def _units(fill: Fill, places: list[int], units: int) -> list[int]:
    """Organizations of a district, each located in one of its communities."""
    told = sample_organizations(random.Random(1), units, ["620102"])
    found = fill.put(Organization, (
        {"name": one["name"], "kind": "party", "no_uscc_reason": "示例"} for one in told
    ))  # fmt: skip
    fill.put(Affiliation, (
        {"organization": unit, "community": _seat(places, n), "kind": "located", "primary": True}
        for n, unit in enumerate(found)
    ))  # fmt: skip
    return found


def _people(fill: Fill, homes: list[int], offices: list[int]) -> tuple[list[int], list[int]]:
    """Everybody with a home, an employer and a report, nine in ten of them accepted."""
    told = sample_people(random.Random(2), len(homes), ["620102"])
    people = fill.put(Person, ({"name": one["name"], "sex": one["sex"]} for one in told))
    both = list(enumerate(zip(people, homes, offices, strict=True)))
    fill.put(Affiliation, (
        {"person": who, "community": home, "kind": "resides", "primary": True}
        for _n, (who, home, _office) in both
    ))  # fmt: skip
    fill.put(
        Membership, ({"person": who, "organization": office} for _n, (who, _h, office) in both)
    )
    states = ("active", "active", "accepted", "submitted", "active")
    reports = fill.put(kept.Report, (
        {
            "person": who, "organization": office, "community": home, "public_servant": True,
            "skills": "书法", "channel": "paper", "reported_on": dt.date(2026, 1, 10),
            "accepted_on": None if n % 5 == 3 else dt.date(2026, 1, 12),
            "receipt_no": None if n % 5 == 3 else f"SBD-{home}-2026-{n:05}", "state": states[n % 5],
        }
        for n, (who, home, office) in both
    ))  # fmt: skip
    return people, reports


def _year(fill: Fill, year: list[tuple[int, int, int, int]]) -> dict[str, Any]:
    """What everybody did in the year, and what was said of it."""
    begins = dt.datetime(2026, 1, 15, 1, tzinfo=dt.UTC)
    entries = fill.put(kept.ServiceEntry, (
        {
            "person": who, "organization": office, "community": home, "content": "示例服务",
            "start": (start := begins + dt.timedelta(days=n % 300, hours=100 * m)),
            "end": start + dt.timedelta(hours=2), "minutes": 120, "code": f"{n:06}{m}",
            "nature": "duty" if n % 7 == 0 else "voluntary",
            "state": "submitted" if n % 9 == 8 else "confirmed",
        }
        for n, (who, _report, home, office) in enumerate(year) for m in range(ENTRIES)
    ))  # fmt: skip
    posts = fill.put(kept.Post, (
        {"name": f"示例岗位{n}", "community": home, "category": "governance", "slots": 20}
        for n, home in enumerate(one[2] for one in year[::4])
    ))  # fmt: skip
    claims = fill.put(kept.PostClaim, (
        {"post": posts[n // 4], "person": who, "report": report, "organization": office,
         "claimed_on": dt.date(2026, 2, 1)}
        for n, (who, report, _home, office) in enumerate(year) if n % 2
    ))  # fmt: skip
    reviews = fill.put(kept.AnnualReview, (
        {"person": who, "report": report, "organization": office, "community": home, "year": 2026,
         "since": dt.date(2026, 1, 12), "until": dt.date(2026, 12, 31), "minutes": 360,
         "voluntary_minutes": 360, "reached": True, "reached_on": dt.date(2026, 6, 1)}
        for who, report, home, office in year
    ))  # fmt: skip
    ratings = fill.put(kept.ServiceRating, (
        {"entry": entry, "community": year[n * 5 // ENTRIES][2], "person": year[n % len(year)][0],
         "code": str(n), "stars": 4}
        for n, entry in enumerate(entries[::5])
    ))  # fmt: skip
    suspended = fill.put(kept.Suspension, (
        {"report": report, "person": who, "reason": "illness", "since": dt.date(2026, 3, 1),
         "until": dt.date(2026, 3, 20)}
        for who, report, _home, _office in year[::4]
    ))  # fmt: skip
    cards = fill.put(kept.ServiceCard, (
        {"report": report, "person": who, "year": 2026, "number": f"KP-{report}",
         "issued_on": dt.date(2026, 9, 30)}
        for who, report, _home, _office in year[::4]
    ))  # fmt: skip
    reminders = fill.put(kept.Reminder, (
        {"key": f"deadline/{report}", "kind": "deadline", "community": home, "report": report,
         "person": who, "organization": office, "period": "2026-06-30", "days_before": 7,
         "days_left": 7, "told_on": dt.date(2026, 6, 23)}
        for who, report, home, office in year[::3]
    ))  # fmt: skip
    return {
        "service-entries": entries[0], "posts": posts[0], "post-claims": claims[0],
        "annual-reviews": reviews[0], "service-ratings": ratings[0], "suspensions": suspended[0],
        "service-cards": cards[0], "reminders": reminders[0],
    }  # fmt: skip


def _of_units(fill: Fill, offices: list[int], places: list[int]) -> dict[str, Any]:
    """What units reported, did, were asked and told."""
    where = [(unit, _seat(places, n)) for n, unit in enumerate(offices)]
    whom = [{"organization": unit, "community": place} for unit, place in where]
    made = fill.put(kept.UnitReport, (
        {**one, "secretary": "示例书记", "liaison": "示例联络员", "members_total": 70,
         "accepted_on": dt.date(2026, 1, 10), "receipt_no": f"DBD-{n}", "state": "accepted"}
        for n, one in enumerate(whom)
    ))  # fmt: skip
    done = fill.put(kept.UnitActivity, (
        {**one, "day": dt.date(2026, month, 5), "kind": "visit", "content": "示例走访", "people": 3,
         "state": "confirmed"}
        for one in whom for month in range(1, 13)
    ))  # fmt: skip
    tasks = fill.put(kept.UnitTask, (
        {**one, "month": f"2026-{month:02}", "content": "示例任务", "state": "done"}
        for one in whom for month in range(1, 13)
    ))  # fmt: skip
    reviews = fill.put(kept.UnitReview, ({**one, "year": 2026} for one in whom))
    sheets = fill.put(kept.Feedback, (
        {**one, "period": f"2026-Q{n}", "people": 20, "sent_on": dt.date(2026, n * 3, 28)}
        for one in whom for n in range(1, 5)
    ))  # fmt: skip
    return {
        "unit-reports": made[0], "unit-activities": done[0], "unit-tasks": tasks[0],
        "unit-reviews": reviews[0], "feedbacks": sheets[0],
    }  # fmt: skip
