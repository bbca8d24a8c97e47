"""What is told of reviews, feedback and reminders."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf
from lifang_dual_reporting.schemas.words import KEEP, id_


class Reviewed(ma.Schema):
    """A year of somebody, or of a unit where there is no `person`; what is not told is missing."""

    person = ma.fields.Integer(strict=True)
    organization = id_(perhaps=True)
    year = ma.fields.Integer(strict=True, required=True)
    grade = ma.fields.String()
    text = ma.fields.String()
    paper = ma.fields.String()
    points = ma.fields.Integer(strict=True)
    minutes = ma.fields.Integer(strict=True)
    reached = ma.fields.Boolean(allow_none=True)
    number = ma.fields.String()
    receipt_due = ma.fields.Date(allow_none=True)


class Sent(ma.Schema):
    """A sheet to an employer; `period` is a quarter, or `last-7` for a report that has ended."""

    organization = id_()
    community = id_()
    period = ma.fields.String(required=True)
    people = ma.fields.Integer(strict=True, required=True)
    minutes = ma.fields.Integer(strict=True, required=True)
    number = ma.fields.String()
    receipt_due = ma.fields.Date()


class Reminded(ma.Schema):
    """Who is reminded: of a `report` its person, else an `organization`, for so many `people`.

    `period` is the last day, the half-year (`2026-H1`) or the quarter; of visits, `people` says how
    often the unit came.
    """

    report = id_(perhaps=True)
    person = id_(perhaps=True)
    organization = id_(perhaps=True)
    period = ma.fields.String(required=True)
    people = ma.fields.Integer(strict=True, required=True)
    days_left = ma.fields.Integer(strict=True)


_PARTS = ("own_given", "leader_given", "masses_given", "community_given", "organization_given")
_SAID = {"text": "person", "paper": "person"}
_YEARLY = (*_PARTS, "opened", "reviewed", "fed_back", "overdue", "receipted")

reviewing = [
    *(
        lf.payload(
            f"dual_reporting.{noun}.{what}",
            Reviewed,
            erasable=_SAID if noun == "annual_review" and what in _PARTS else {},
            keep=KEEP,
        )
        for noun in ("annual_review", "unit_review")
        for what in _YEARLY
    ),
    lf.payload("dual_reporting.annual_review.closed", Reviewed, keep=KEEP),
    lf.payload("dual_reporting.unit_review.recounted", Reviewed, keep=KEEP),
    *(
        lf.payload(f"dual_reporting.feedback.{what}", Sent, keep=KEEP)
        for what in ("sent", "overdue", "receipted")
    ),
    *(
        lf.payload(f"dual_reporting.reminder.{what}", Reminded, keep=KEEP)
        for what in ("deadline_near", "half_year_missed", "visits_missed")
    ),
]
