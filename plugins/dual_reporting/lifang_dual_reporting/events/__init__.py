"""What dual reporting hears."""

from __future__ import annotations

from lifang_dual_reporting.events import serving
from lifang_dual_reporting.events.moving import close_old_reports

handlers = [close_old_reports, *serving.handlers]
