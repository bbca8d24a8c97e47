"""D1: one indicator over many records, to nine districts and twelve months, against its own SQL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lifang as lf
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.mechanisms import figures
from lifang.mechanisms.figures import Scope
from lifang.mechanisms.period import Period
from lifang.services.instance import Instance
from lifang.store.record import moment
from lifang.testing import world
from tests.bench.rounds import Result, cpu_of, interleaved
from tests.bench.subtrees import nodes_of
from tests.bench.world import bare
from tests.core.mechanisms import tally

DISTRICTS = (1, 1, 9, 10, 10)
"""A province with one city of nine districts, 900 communities in all."""

BY_HAND = """
    SELECT substr(place.path, 1, 18), substr(one.day, 1, 7), sum(one.minutes)
    FROM tally_service one JOIN core_community place ON place.id = one.community_id
    WHERE one.removed_at IS NULL AND one.state = 'locked'
      AND one.day >= '2025-01-01' AND one.day < '2026-01-01' AND place.path >= ? AND place.path < ?
    GROUP BY 1, 2
"""

TUNED = BY_HAND.replace("JOIN core_community", "CROSS JOIN core_community")
"""The same by somebody who knows that here SQLite had better read the records as they lie."""


def rolled_up(folder: Path, *, rows: int) -> Iterator[Result]:
    """The table of a year by district and month; the answers of both are the same."""
    indicator = lf.Indicator("tally.minutes", "服务时长", tally.minutes, unit="分钟", digits=0)
    for instance in world.new_instance(folder / "d1"):
        with instance.database.transaction():
            levels = nodes_of(instance, DISTRICTS)
        tally.open_tally(instance, at=f"{levels[0][0][0]:012d}")
        _fill(instance, [number for number, _path in levels[-1]], rows)
        boss, plain, (city, path) = world.boss(instance), bare(instance), levels[1][0]

        def ours(boss: Caller = boss, city: int = city) -> dict[tuple[str, str], float]:
            asked = Scope(f"{city:012d}", Period.read("2025"), ["district", "month"])
            table = figures.table(boss, indicator, asked)
            return {
                (row.code, period.key): cell.value or 0
                for row in table.rows
                for period, cell in zip(table.periods, row.cells, strict=True)
            }

        def base(
            sql: str = BY_HAND, plain: Any = plain, path: str = path
        ) -> dict[tuple[str, str], float]:
            found = plain.execute(sql, (path, f"{path}~")).fetchall()
            return {(f"{int(place[-6:], 36):012d}", month): total for place, month, total in found}

        assert ours() == base()
        variants = {
            "ours": lambda: cpu_of(ours, 1),
            "by hand": lambda: cpu_of(base, 1),
            "tuned": lambda: cpu_of(lambda: base(TUNED), 1),
        }
        took = interleaved(variants, rounds=5)
        bounds: dict[str, Any] = {"ours": "ours", "floor": 0.7, "target": 0.9}
        what = f"{rows:,} records to 9 districts and 12 months, CPU: SQL by hand"
        yield took.faster("D1", f"{what} ÷ ours", base="by hand", **bounds)
        yield took.faster("D1", f"{what}, kept off the index ÷ ours", base="tuned", **bounds)


def _fill(instance: Instance, places: list[int], rows: int) -> None:
    """Services of two years, put in raw: filling is not what is measured."""
    chance, now = random.Random(1), moment(clock.now())
    days = [f"{year}-{month:02}-{day:02}" for year in (2024, 2025)
            for month in range(1, 13) for day in range(1, 29)]  # fmt: skip
    columns = (
        "id",
        "version",
        "created_at",
        "updated_at",
        "community_id",
        "day",
        "minutes",
        "state",
    )
    with instance.database.transaction():
        numbers = instance.database.allocate(tally.Service, rows)
        instance.database.insert(
            "tally_service",
            columns,
            (
                (number, 1, now, now, chance.choice(places), chance.choice(days),
                 chance.randrange(10, 240), chance.choice(("noted", "locked", "locked")))
                for number in numbers
            ),
        )  # fmt: skip
    instance.database.engine.execute_sql("ANALYZE")
