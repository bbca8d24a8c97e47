"""What is told of posts, service, and what units do."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf
from lifang_dual_reporting.schemas.words import KEEP


class Served(ma.Schema):
    """Somebody served where they report: who, for whom, when, how long, and of what nature.

    `person`, `community` and `organization` are ids, `start` and `end` instants with a zone,
    `nature` is "voluntary" or "duty". Other plugins may count it; they know it by the entry's id.
    """

    person = ma.fields.Integer(strict=True, required=True)
    community = ma.fields.Integer(strict=True, required=True)
    organization = ma.fields.Integer(strict=True, required=True, allow_none=True)
    nature = ma.fields.String(required=True, validate=ma.validate.OneOf(("voluntary", "duty")))
    start = ma.fields.AwareDateTime(required=True)
    end = ma.fields.AwareDateTime(required=True)
    minutes = ma.fields.Integer(strict=True, required=True)
    content = ma.fields.String(required=True)
    source = ma.fields.String()
    reason = ma.fields.String()


class Claimed(ma.Schema):
    """Who has a post now, or gave it up; all are ids. `report` is how they serve there."""

    post = ma.fields.Integer(strict=True, required=True)
    person = ma.fields.Integer(strict=True, required=True)
    report = ma.fields.Integer(strict=True, required=True, allow_none=True)
    reason = ma.fields.String()


class Visited(ma.Schema):
    """A unit did something at its community on a day; `kind` is visit, activity or project."""

    organization = ma.fields.Integer(strict=True, required=True)
    community = ma.fields.Integer(strict=True, required=True)
    day = ma.fields.Date(required=True)
    kind = ma.fields.String(required=True)
    source = ma.fields.String()
    reason = ma.fields.String()


class Asked(ma.Schema):
    """What became of a task on a unit's list of a month (`2026-05`)."""

    organization = ma.fields.Integer(strict=True, required=True)
    community = ma.fields.Integer(strict=True, required=True)
    month = ma.fields.String(required=True)
    result = ma.fields.String()
    date = ma.fields.Date()
    remark = ma.fields.String()


class Due(ma.Schema):
    """Something is to be counted anew since `at`."""

    at = ma.fields.AwareDateTime(required=True)


serving = [
    *(
        lf.payload(
            f"dual_reporting.service_entry.{what}",
            Served,
            erasable={"content": "person", "reason": "person"},
            keep=KEEP,
        )
        for what in ("confirmed", "voided")
    ),
    *(
        lf.payload(
            f"dual_reporting.post_claim.{what}", Claimed, erasable={"reason": "person"}, keep=KEEP
        )
        for what in ("promoted", "given_up")
    ),
    *(
        lf.payload(f"dual_reporting.unit_activity.{what}", Visited, keep=KEEP)
        for what in ("confirmed", "voided")
    ),
    *(
        lf.payload(f"dual_reporting.unit_task.{what}", Asked, keep=KEEP)
        for what in ("issued", "done", "missed", "reviewed")
    ),
    lf.payload("dual_reporting.post.claims_changed", Due, keep="latest"),
    lf.payload("dual_reporting.service_entry.rated", Due, keep="latest"),
]
