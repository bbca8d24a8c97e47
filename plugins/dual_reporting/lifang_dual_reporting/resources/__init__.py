"""The nouns of dual reporting, in the order in which pages show them."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting.resources.reporting import reports, suspensions, unit_reports
from lifang_dual_reporting.resources.reviewing import (
    annual_reviews,
    feedbacks,
    reminders,
    unit_reviews,
)
from lifang_dual_reporting.resources.serving import (
    post_claims,
    posts,
    service_cards,
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
    service_cards,
    unit_activities,
    unit_tasks,
    annual_reviews,
    unit_reviews,
    feedbacks,
    reminders,
]

__all__ = [
    "annual_reviews",
    "feedbacks",
    "post_claims",
    "posts",
    "reminders",
    "reports",
    "resources",
    "service_cards",
    "service_entries",
    "service_ratings",
    "suspensions",
    "unit_activities",
    "unit_reports",
    "unit_reviews",
    "unit_tasks",
]
