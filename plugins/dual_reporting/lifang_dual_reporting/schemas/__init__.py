"""What the events of dual reporting carry, for whoever listens and whoever reads them later."""

from __future__ import annotations

from lifang_dual_reporting.schemas.reporting import reporting
from lifang_dual_reporting.schemas.reviewing import reviewing
from lifang_dual_reporting.schemas.serving import serving

payloads = [*reporting, *serving, *reviewing]
