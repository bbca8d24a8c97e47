"""Finding what an event is about, as it is now."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_volunteer_points.resources import service_records

OWN = "volunteer_points"


def standing(resource: lf.Resource[Any], caller: lf.Caller, number: int | None) -> Any:
    """A record that is still there and within reach, or None."""
    return lf.find(resource, caller, id=number) if number is not None else None


def known(source: str, caller: lf.Caller) -> Any:
    """The record that was made of something, if there is one."""
    return lf.find(service_records, caller, source=source)
