"""What the events of volunteer points carry, for whoever listens and whoever reads them later."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf


class Hours(ma.Schema):
    """A person's service and how long it counts; `person`, `community`, `organization` are ids.

    `start` and `end` say when, `organization` who recorded it, `title` what it was, and `source` of
    what it was made: `dual_reporting.service_entry/7`. These are missing in what was told before
    they were added.
    """

    person = ma.fields.Integer(strict=True, required=True)
    community = ma.fields.Integer(strict=True, required=True)
    minutes = ma.fields.Integer(strict=True, required=True)
    day = ma.fields.Date(required=True)
    start = ma.fields.AwareDateTime()
    end = ma.fields.AwareDateTime()
    organization = ma.fields.Integer(strict=True, allow_none=True)
    title = ma.fields.String()
    source = ma.fields.String(allow_none=True)
    reason = ma.fields.String()


class Points(ma.Schema):
    """Points that came to a volunteer, were redeemed, or expired."""

    points = ma.fields.Integer(strict=True, required=True)
    source = ma.fields.String()


class Level(ma.Schema):
    """A star level that a volunteer's hours have reached."""

    level = ma.fields.Integer(strict=True, required=True)


class Granted(ma.Schema):
    """Who was given which star; both are whole numbers, `person` an id."""

    person = ma.fields.Integer(strict=True, required=True)
    level = ma.fields.Integer(strict=True, required=True)


class Came(ma.Schema):
    """Who came or left; `at` and `reason` where the organiser entered it."""

    person = ma.fields.Integer(strict=True, required=True)
    at = ma.fields.AwareDateTime()
    reason = ma.fields.String()
    code = ma.fields.String()


HOURS = ("confirmed", "locked", "disputed", "corrected", "voided")
POINTS = ("earned", "redeemed", "expired", "expiring")

payloads = [
    *(
        lf.payload(f"volunteer_points.service_record.{what}", Hours, erasable={"reason": "person"})
        for what in HOURS
    ),
    *(lf.payload(f"volunteer_points.volunteer.points_{what}", Points) for what in POINTS),
    lf.payload("volunteer_points.volunteer.star_reached", Level),
    lf.payload("volunteer_points.star.granted", Granted),
    *(
        lf.payload(f"volunteer_points.sign_up.{what}", Came, erasable={"reason": "person"})
        for what in ("arrived", "served")
    ),
]
