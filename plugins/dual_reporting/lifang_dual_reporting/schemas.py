"""What the events of dual reporting carry, for whoever listens and whoever reads them later."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf

KEEP = 3 * 365
"""Days: as long as records of handing on are kept (网络数据安全管理条例 第十二条)."""


def _id(*, perhaps: bool = False) -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, required=True, allow_none=perhaps)


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


class Whose(ma.Schema):
    """Whose report it is, and of which employer, if of one."""

    person = _id()
    organization = _id(perhaps=True)


class Submitted(Whose):
    """Somebody on the list has reported; `slip_no` where it was on paper."""

    slip_no = ma.fields.String()
    agreed = ma.fields.Boolean()


class Accepted(Whose):
    """A community has accepted somebody and given a receipt."""

    receipt_no = ma.fields.String(required=True)
    grid = ma.fields.Integer(strict=True)


class Rejected(Whose):
    """A community has sent a report back; `suggested` is where it belongs, if that is known."""

    reason = ma.fields.String(required=True)
    suggested = _id(perhaps=True)


class Ended(Whose):
    """Somebody reports no more."""

    reason = ma.fields.String(required=True)


class Suspended(Whose):
    """From when to when nothing is asked; why is nobody's business but the community's."""

    cause = ma.fields.String(required=True)
    since = ma.fields.Date(required=True)
    until = ma.fields.Date()
    note = ma.fields.String()


class Resumed(Whose):
    """From which day on somebody is asked again."""

    date = ma.fields.Date(required=True)


class Proposed(Whose):
    """Somebody has moved house, to this community."""

    community = _id()


class Moving(Whose):
    """From which community to which a report moves; `community` is what was asked for."""

    old = _id()
    new = _id()
    community = ma.fields.Integer(strict=True)


_OF_REPORTS: tuple[tuple[str, type[ma.Schema], tuple[str, ...]], ...] = (
    ("submitted", Submitted, ("slip_no",)),
    ("accepted", Accepted, ()),
    ("rejected", Rejected, ("reason",)),
    ("activated", Whose, ()),
    ("ended", Ended, ("reason",)),
    ("suspended", Suspended, ("cause", "note")),
    ("resumed", Resumed, ()),
    ("transfer_proposed", Proposed, ()),
    ("transfer_asked", Moving, ()),
    ("transferred", Moving, ()),
)

reporting = [
    lf.payload(
        f"dual_reporting.report.{what}", schema, erasable=dict.fromkeys(texts, "person"), keep=KEEP
    )
    for what, schema, texts in _OF_REPORTS
]


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


class Reviewed(ma.Schema):
    """A year of somebody, or of a unit where there is no `person`; what is not told is missing."""

    person = ma.fields.Integer(strict=True)
    organization = _id(perhaps=True)
    year = ma.fields.Integer(strict=True, required=True)
    grade = ma.fields.String()
    text = ma.fields.String()
    points = ma.fields.Integer(strict=True)
    minutes = ma.fields.Integer(strict=True)
    reached = ma.fields.Boolean()
    number = ma.fields.String()
    receipt_due = ma.fields.Date(allow_none=True)


class Sent(ma.Schema):
    """A sheet to an employer; `period` is a quarter, or `last-7` for a report that has ended."""

    organization = _id()
    community = _id()
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

    report = _id(perhaps=True)
    person = _id(perhaps=True)
    organization = _id(perhaps=True)
    period = ma.fields.String(required=True)
    people = ma.fields.Integer(strict=True, required=True)
    days_left = ma.fields.Integer(strict=True)


_PARTS = ("own_given", "leader_given", "masses_given", "community_given", "organization_given")
_YEARLY = (*_PARTS, "opened", "reviewed", "fed_back", "overdue", "receipted")

reviewing = [
    *(
        lf.payload(
            f"dual_reporting.{noun}.{what}",
            Reviewed,
            erasable={"text": "person"} if noun == "annual_review" and what in _PARTS else {},
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

payloads = [
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
    *reporting,
    *reviewing,
]
