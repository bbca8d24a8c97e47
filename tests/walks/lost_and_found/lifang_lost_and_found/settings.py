"""What districts set for themselves, from a day on."""

from __future__ import annotations

from typing import Any

import lifang as lf

due_after = lf.Setting(
    "due_after",
    int,
    "期限",
    default=180,
    unit="天",
    minimum=1,
    help="登记后多少天到期",
)

settings: list[lf.Setting[Any]] = [due_after]
