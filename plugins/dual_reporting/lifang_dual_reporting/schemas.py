"""What the events of dual reporting carry, for whoever listens and whoever reads them later."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf


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
    reason = ma.fields.String()


payloads = [
    lf.payload(f"dual_reporting.service_entry.{what}", Served, erasable={"content": "person"})
    for what in ("confirmed", "voided")
]
