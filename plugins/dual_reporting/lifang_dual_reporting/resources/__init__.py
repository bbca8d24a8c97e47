"""The nouns of dual reporting, in the order in which pages show them."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting.resources.reporting import reports, suspensions, unit_reports
from lifang_dual_reporting.resources.serving import (
    post_claims,
    posts,
    service_entries,
    service_ratings,
)
from lifang_dual_reporting.resources.units import unit_activities, unit_tasks

resources: list[lf.Resource[Any]] = [
    reports,
    suspensions,
    unit_reports,
    posts,
    post_claims,
    service_entries,
    service_ratings,
    unit_activities,
    unit_tasks,
]

__all__ = [
    "post_claims",
    "posts",
    "reports",
    "resources",
    "service_entries",
    "service_ratings",
    "suspensions",
    "unit_activities",
    "unit_reports",
    "unit_tasks",
]
