"""The nouns of dual reporting, in the order in which pages show them."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting.resources.reporting import reports, suspensions, unit_reports
from lifang_dual_reporting.resources.serving import service_entries

resources: list[lf.Resource[Any]] = [reports, suspensions, unit_reports, service_entries]

__all__ = ["reports", "resources", "service_entries", "suspensions", "unit_reports"]
