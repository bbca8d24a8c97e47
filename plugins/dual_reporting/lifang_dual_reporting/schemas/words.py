"""What the payloads of all nouns have in common."""

from __future__ import annotations

import marshmallow as ma

KEEP = 3 * 365
"""Days: as long as records of handing on are kept (网络数据安全管理条例 第十二条)."""


def id_(*, perhaps: bool = False) -> ma.fields.Integer:
    """The number of a record, perhaps of none."""
    return ma.fields.Integer(strict=True, required=True, allow_none=perhaps)
