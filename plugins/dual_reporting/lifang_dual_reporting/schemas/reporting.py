"""What is told of reports."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf
from lifang_dual_reporting.schemas.words import KEEP, id_


class Whose(ma.Schema):
    """Whose report it is, and of which employer, if of one."""

    person = id_()
    organization = id_(perhaps=True)


class Submitted(Whose):
    """Somebody on the list has reported; `slip_no` where it was on paper."""

    slip_no = ma.fields.String()
    agreed = ma.fields.Boolean()


class Accepted(Whose):
    """A community has accepted somebody and given a receipt."""

    receipt_no = ma.fields.String(required=True)
    grid = ma.fields.Integer(strict=True)


class Grid(Whose):
    """Somebody was put into a grid."""

    grid = ma.fields.Integer(strict=True)


class Rejected(Whose):
    """A community has sent a report back; `suggested` is where it belongs, if that is known."""

    reason = ma.fields.String(required=True)
    suggested = id_(perhaps=True)


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

    community = id_()


class Moving(Whose):
    """From which community to which a report moves; `community` is what was asked for."""

    old = id_()
    new = id_()
    community = ma.fields.Integer(strict=True)


class Transferred(Moving):
    """From which day on somebody reports there no more."""

    date = ma.fields.Date()


_OF_REPORTS: tuple[tuple[str, type[ma.Schema], tuple[str, ...]], ...] = (
    ("submitted", Submitted, ("slip_no",)),
    ("accepted", Accepted, ()),
    ("rejected", Rejected, ("reason",)),
    ("assigned", Grid, ()),
    ("activated", Whose, ()),
    ("ended", Ended, ("reason",)),
    ("suspended", Suspended, ("cause", "note")),
    ("resumed", Resumed, ()),
    ("transfer_proposed", Proposed, ()),
    ("transfer_asked", Moving, ()),
    ("transferred", Transferred, ()),
)

reporting = [
    lf.payload(
        f"dual_reporting.report.{what}", schema, erasable=dict.fromkeys(texts, "person"), keep=KEEP
    )
    for what, schema, texts in _OF_REPORTS
]
