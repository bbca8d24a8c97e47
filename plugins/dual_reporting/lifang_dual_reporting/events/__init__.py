"""What dual reporting hears."""

from __future__ import annotations

from lifang_dual_reporting.events import clockwork, counting, serving, telling
from lifang_dual_reporting.events.moving import end_for_who_left, suggest_transfer
from lifang_dual_reporting.events.reporting import (
    begin_in_time,
    begin_with_first_post,
    end_suspension,
    follow_the_calendar,
    forget_what_was_sensitive,
    keep_suspension,
    release_in_time,
    report_there,
    resume_in_time,
)

handlers = [
    suggest_transfer, end_for_who_left, begin_with_first_post, begin_in_time, keep_suspension,
    end_suspension, resume_in_time, release_in_time, report_there, follow_the_calendar,
    forget_what_was_sensitive, *serving.handlers, *counting.handlers, *clockwork.handlers,
    *telling.handlers,
]  # fmt: skip
