"""Everything that dual reporting keeps and measures, to be held against another year's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import lifang as lf
from lifang.mechanisms import figures
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.testing import world
from lifang_dual_reporting import models

TABLES = [getattr(models, name) for name in models.__all__]
WRITTEN = {"version", "created_at", "created_by", "updated_at"}
SECRET = {"code", "phone", "phone_index", "political_status", "household_address"}
"""What is drawn by lot or sealed, and so another in every instance."""
PERIODS = ("2026", "2026-08", "2026-Q3")

Rows = list[dict[str, Any]]


def rows(*, but: Mapping[str, set[str]] = MappingProxyType({})) -> dict[str, Rows]:
    """Every row of the plugin's tables, without versions and times of writing.

    `but` names, by table, days that say when something was told.
    """
    found = {}
    for model in TABLES:
        passing = WRITTEN | SECRET | but.get(model.__name__, set())
        told = [one.__data__ for one in model.select().order_by(model.id)]
        found[model.__name__] = [{k: v for k, v in one.items() if k not in passing} for one in told]
    return found


def measured(caller: lf.Caller) -> dict[str, Any]:
    """Every indicator of the plugin, by community, by unit and by month, over several periods."""
    found = {}
    for one in figures.indicators(caller):
        for period in PERIODS if one.name.startswith("dual_reporting.") else ():
            for by in (["community"], ["unit"], ["month"]):
                scope = Scope(world.CHENGGUAN, Period.read(period), by)
                try:
                    table = figures.table(caller, one, scope)
                except lf.Invalid:  # not every figure lies at units or runs by month
                    continue
                cells = [(row.name, [c.value for c in row.cells]) for row in table.rows]
                found[f"{one.name} {period} {by[0]}"] = cells
    return found
