"""Oneself, for programs."""

from __future__ import annotations

from flask import Response

from lifang.api import answering
from lifang.api.rules import blueprint, refuse_query
from lifang.http.request import current_caller
from lifang.mechanisms.oneself import oneself

ADDRESS = "/v1/me"


@blueprint.get(ADDRESS)
def tell_oneself() -> Response:
    """Who one is, what one agreed to, and one's latest records."""
    caller = current_caller()
    refuse_query()
    return answering.told(oneself(caller).told())
