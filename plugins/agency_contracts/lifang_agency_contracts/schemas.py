"""What the events carry that others listen to."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf
from lifang_agency_contracts.models.contract import GRADES

Whole = ma.fields.Integer


class Signed(ma.Schema):
    """A contract was signed: with whom, for how much (fen), for how long, and what is due when."""

    provider = Whole(strict=True, required=True)
    number = ma.fields.String(required=True)
    amount = Whole(strict=True, required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    signed_on = ma.fields.Date(required=True)
    late_reason = ma.fields.String()
    publish_due = ma.fields.Date(required=True)
    file_due = ma.fields.Date(required=True)


class Behind(ma.Schema):
    """An indicator is far behind at the end of a month; shares are hundredths of a percent."""

    indicator = Whole(strict=True, required=True)
    label = ma.fields.String(required=True)
    month = ma.fields.String(required=True)
    completion = Whole(strict=True, required=True)
    behind = Whole(strict=True, required=True)


class Evaluated(ma.Schema):
    """An evaluation took effect; `score` is in tenths of a point, `event` what led to it."""

    event = Whole(strict=True, required=True)
    stage = ma.fields.String(required=True, validate=ma.validate.OneOf(["mid", "final"]))
    score = Whole(strict=True, required=True)
    grade = ma.fields.String(required=True, validate=ma.validate.OneOf(list(GRADES)))
    appeal_until = ma.fields.Date(required=True)
    barred_year = Whole(strict=True, required=True, allow_none=True)
    preferred_year = Whole(strict=True, required=True, allow_none=True)


class Blocked(ma.Schema):
    """A part of the price, in fen, is paid no further."""

    payment = Whole(strict=True, required=True)
    number = Whole(strict=True, required=True)
    amount = Whole(strict=True, required=True)
    reason = ma.fields.String(required=True)


payloads = [
    lf.payload("agency_contracts.contract.signed", Signed),
    lf.payload("agency_contracts.contract.indicator_behind", Behind),
    lf.payload("agency_contracts.contract.evaluated", Evaluated),
    lf.payload("agency_contracts.contract.payment_blocked", Blocked),
]
