"""The REST API: importing a module of views adds its rules to the one blueprint."""

from __future__ import annotations

from lifang.api import (
    bulk,
    confidential,
    deeds,
    description,
    desks,
    events,
    files,
    indicators,
    me,
    papers,
    plugins,
    records,
    settings,
    sheets,
)
from lifang.api.rules import blueprint

VIEWS = (
    records,
    deeds,
    confidential,
    bulk,
    files,
    papers,
    events,
    indicators,
    plugins,
    settings,
    sheets,
    me,
    desks,
    description,
)

__all__ = ["VIEWS", "blueprint"]
