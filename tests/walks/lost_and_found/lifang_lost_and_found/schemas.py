"""What its events carry, for whoever listens and whoever reads them later."""

from __future__ import annotations

import marshmallow as ma

import lifang as lf

YEARS_KEPT = 3


class Claimed(ma.Schema):
    """Somebody claimed it, and this is how they proved that it is theirs."""

    proof = ma.fields.String(required=True)


payloads = [
    lf.payload(
        "lost_and_found.item.claimed",
        Claimed,
        keep=YEARS_KEPT * 365,
    )
]
