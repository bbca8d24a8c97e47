"""A map without outlines: a tile for each line of a table, and how far it is from what is aimed at.

Nothing is told by colour alone: each tile says in words where it stands, as the legend does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lifang.kit.words import _
from lifang.mechanisms import telling
from lifang.mechanisms.cells import Cell, Row
from lifang.mechanisms.figures import Table

ACROSS, MOST = 3, 90
"""Tiles beside one another, and how many are drawn at most: more are read in the table."""
WIDE, TALL, GAP = 120, 76, 6
"""Of a tile with the gap to the next, in the picture's own units."""
LINE, LONGEST = 24, 8
"""How tall a line of the legend is, and how many letters of a name fit."""


@dataclass(frozen=True)
class Tile:
    """Where a tile stands, what it shows, and where it leads; `look` is met, short or none."""

    x: int
    y: int
    name: str
    full: str
    figure: str
    word: str
    look: str
    link: str | None


@dataclass(frozen=True)
class Map:
    """The tiles with their legend: the look of each kind and what it means."""

    width: int
    height: int
    legend: tuple[tuple[str, str, int], ...]
    tiles: tuple[Tile, ...]


def drawn(table: Table, link: Callable[[Row], str | None]) -> Map | None:
    """A map of the first period of a table; None where there is nothing to hold figures against."""
    rows = [row for row in table.rows if not row.own]
    aim, aimed = _aim(table, rows)
    if aim is None or not rows or len(rows) > MOST:
        return None
    legend = tuple(
        (look, word, LINE * at)
        for at, (look, word) in enumerate(
            (
                ("met", _("✓ 达到{aim}", aim=aimed)),
                ("short", _("△ 未达到{aim}，差多少", aim=aimed)),
                ("none", _("— 没有数值")),
            )
        )
    )
    top = LINE * len(legend) + GAP
    tiles = tuple(
        _tile(table, row, aim, at % ACROSS * WIDE, top + at // ACROSS * TALL, link(row))
        for at, row in enumerate(rows)
    )
    return Map(WIDE * ACROSS, tiles[-1].y + TALL, legend, tiles)


def _aim(table: Table, rows: list[Row]) -> tuple[Fraction | None, str]:
    """What figures are held against, exactly and in words: the goal, the whole, or the mean."""
    asked, whole = table.indicator, table.total.cells[0]
    if isinstance(asked.goal, int | float):
        aim = Fraction(str(asked.goal))
        return aim, _("目标 {value}", value=telling.value(asked, Cell(asked.rounded(aim))))
    if asked.per is not None:
        return whole.exact, _("整体水平 {value}", value=telling.value(asked, whole))
    known = [row.cells[0].exact for row in rows]
    told = [one for one in known if one is not None]
    if not told:
        return None, ""
    mean = sum(told, Fraction(0)) / len(told)
    return mean, _("平均数 {value}", value=telling.value(asked, Cell(asked.rounded(mean))))


def _tile(table: Table, row: Row, aim: Fraction, x: int, y: int, link: str | None) -> Tile:
    asked, cell = table.indicator, row.cells[0]
    gap = None if cell.exact is None else aim - cell.exact
    if gap is not None and asked.better == "lower":
        gap = -gap
    if gap is None:
        look, word = "none", _("— 没有数值")
    elif gap <= 0:
        look, word = "met", _("✓ 达到")
    else:
        least = 10**-asked.digits
        told = f"{asked.rounded(gap):,.{asked.digits}f}" if asked.rounded(gap) else f"<{least:g}"
        look, word = "short", _("△ 差 {gap}", gap=told)
    name = row.name if len(row.name) <= LONGEST else f"{row.name[: LONGEST - 1]}…"
    figure = telling.value(asked, cell)
    return Tile(x, y, name, row.name, figure, word, look, link)
